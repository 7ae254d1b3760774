// A Mesos agent, as the master lists it.
import type { Attributes } from './attributes';
import type { Millis } from './machine';
import type { Resources } from './resources';

/** `active` false with `deactivated` false means disconnected (mesos-observed 13). A `recovered` agent is known from
 *  the registry only: it has not registered since the master's failover and its tasks are unknown. */
export type Agent = {
  readonly id: string;
  readonly hostname: string;
  readonly ip?: string;
  readonly active: boolean;
  readonly deactivated: boolean;
  readonly recovered: boolean;
  readonly draining?: 'DRAINING' | 'DRAINED';
  readonly attributes: Attributes;
  /** What the agent announced, all roles together. */
  readonly total: Resources;
  /** Allocated to tasks and executors of any framework. */
  readonly used: Resources;
  /** Reserved for roles other than `*`: free there is not free for everybody. */
  readonly reserved: Readonly<Record<string, Resources>>;
  readonly region?: string;
  readonly zone?: string;
  /** Its fault domain is in another region than the masters': Marathon offers it only to apps that constrain `@region` or
   *  `@zone` (semantics §2.5). */
  readonly isRemote?: true;
  readonly registeredAt?: Millis;
};
