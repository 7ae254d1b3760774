// Everything a turn of one cluster needs from outside, put together by the composition root.
import type { CloudName } from '../core/model/offering';
import type { Plan } from '../core/model/plan';
import type { Pool, Spec } from '../core/model/spec';
import type { Scope } from '../core/model/offering';
import { scopeKey } from '../core/model/offering';
import type { PlanInput } from '../core/view';
import type {
  Calendar,
  Catalogue,
  Clock,
  Cloud,
  LaunchTemplate,
  Log,
  Marathon,
  Mesos,
  Meter,
  Notifier,
  Sender,
  Store,
} from './ports';

export type Engine = {
  readonly spec: Spec;
  readonly store: Store;
  /** Where wakes go. */
  readonly wake: Sender;
  readonly clouds: Partial<Readonly<Record<CloudName, Cloud>>>;
  readonly catalogue: Catalogue;
  readonly mesos: Mesos;
  readonly marathon: Marathon;
  readonly calendar: Calendar;
  readonly notifiers: readonly Notifier[];
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly templates: Readonly<Record<string, LaunchTemplate>>;
  /** How long a turn may hold the lease, in milliseconds: a little more than the function's timeout. */
  readonly leaseMs: number;
  /** Work units for the packing in one round. */
  readonly work: number;
  /** How a round is planned; the core's own plan when absent. A simulation watches it, or leaves a guard out. */
  readonly plan?: (input: PlanInput) => Plan;
};

/** The accounts and regions in which the cluster has pools, each once. */
export const scopesOf = (pools: readonly Pool[]): readonly Scope[] => {
  const scopes = new Map(
    pools.map(({ cloud, account, region }) => {
      const scope = { cloud, account, region };
      return [scopeKey(scope), scope] as const;
    }),
  );
  return [...scopes.values()];
};
