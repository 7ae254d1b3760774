// What can go wrong in the emulated world, on demand. Each call is written to the chronicle.
import type { Market } from '../core/model/offering';
import type { Millis } from '../core/model/machine';

/** Offerings that match every given part have none left. `left` of them can still be had first (0 by default). */
export type CapacityTrouble = {
  readonly shape?: string;
  readonly zone?: string;
  readonly market?: Market;
  readonly until?: Millis;
  readonly left?: number;
  /** `InsufficientInstanceCapacity` by default. */
  readonly code?: string;
};
/** The nth machine launched from now on (the next is 1), or every one of which the test says yes. */
export type LaunchChoice =
  | { readonly nth: number }
  | { readonly when: (machine: LaunchedMachine) => boolean };
export type LaunchedMachine = {
  readonly id: string;
  readonly shape: string;
  readonly zone: string;
  readonly market: Market;
  readonly tags: Readonly<Record<string, string>>;
};

export type Troubles = {
  /** Returns the end of it. */
  capacityError(trouble: CapacityTrouble): () => void;
  /** Its agent never starts; the console says so. */
  neverRegister(choice: LaunchChoice): void;
  /** Its agent announces another pool. */
  wrongPool(choice: LaunchChoice, pool: string): void;
  /** EventBridge's two-minute warning; the machine ends after it. */
  spotNotice(instanceId: string): void;
  /** The hypervisor dies: no connection is closed, the cloud says so at once. */
  killMachine(instanceId: string): void;
  /** The agent's process ends: its connection closes; its machine lives on. `returnsAfterMs` brings it back. */
  killAgent(agentId: string, options?: { readonly returnsAfterMs?: number }): void;
  /** The next calls of EC2 get RequestLimitExceeded. */
  throttle(calls: number): void;
  masterFailover(): void;
  /** Nothing gets through to or from the agent until the returned end is called; its tasks run on. */
  partition(agentId: string): () => void;
};
