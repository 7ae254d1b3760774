// A cloud VM, as its cloud describes it.
import type { CloudName, Market } from './offering';

/** Epoch milliseconds. */
export type Millis = number;

export type MachineState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** `pool`, `launch`, `bootstrap` and `mark` come from our tags (DESIGN §8); a machine without our cluster's tag is
 *  never listed by an adapter, so whatever is here is ours. */
export type Machine = {
  readonly id: string;
  readonly cloud: CloudName;
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  readonly shape: string;
  readonly market: Market;
  readonly state: MachineState;
  readonly launchedAt: Millis;
  readonly image?: string;
  readonly privateIp?: string;
  readonly hostname?: string;
  /** `muster:pool`; absent on a machine of our cluster that no pool claims (a control node). */
  readonly pool?: string;
  /** `muster:launch`: the action that bought it. */
  readonly launch?: string;
  /** `muster:bootstrap`: version of the bootstrap it was started with. */
  readonly bootstrap?: string;
  /** `muster:state`: the mark set before a destructive step. */
  readonly mark?: string;
  /** The cloud's own word on why it is ending, when it gives one. */
  readonly stateReason?: string;
};

/** Costs money and may still (or again) carry tasks. */
export const isLive = (machine: Machine): boolean =>
  machine.state === 'pending' || machine.state === 'running';

/** The cloud says it runs nothing any more and never will. */
export const isDead = (machine: Machine): boolean =>
  machine.state === 'terminated' || machine.state === 'shutting-down';
