// Every invariant, in the order in which they are asked.
import { agentInvariants } from './agents';
import type { Invariant } from './invariant';
import { machineInvariants } from './machines';
import { storedInvariants } from './stored';

export const INVARIANTS: readonly Invariant[] = [
  ...machineInvariants,
  ...agentInvariants,
  ...storedInvariants,
];
