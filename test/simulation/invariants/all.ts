// Every invariant, in the order in which they are asked.
import { agentInvariants } from './agents';
import { appInvariants } from './apps';
import type { Invariant } from './invariant';
import { livenessInvariants } from './liveness';
import { machineInvariants } from './machines';
import { storedInvariants } from './stored';
import { turnInvariants } from './turns';

export const INVARIANTS: readonly Invariant[] = [
  ...machineInvariants,
  ...agentInvariants,
  ...appInvariants,
  ...storedInvariants,
  ...turnInvariants,
  ...livenessInvariants,
];
