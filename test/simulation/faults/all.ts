// Every fault that can be injected.
import { cloudFaults } from './cloud';
import { eventFaults } from './events';
import type { Fault } from './fault';
import { outageFaults } from './outages';
import { runtimeFaults } from './runtime';
import { schedulerFaults } from './schedulers';
import { storeFaults } from './stored';

export const FAULTS: readonly Fault[] = [
  ...eventFaults,
  ...runtimeFaults,
  ...storeFaults,
  ...cloudFaults,
  ...schedulerFaults,
  ...outageFaults,
];
