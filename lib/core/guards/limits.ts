// Never more machines than a pool and the cluster may have, counting what is on its way (S3). The fit knows the limits
// already; this holds if it ever forgets.
import type { Action, Blocked } from '../model/plan';
import { poolSize } from '../view';
import { type Guard, narrowed } from './guard';

export const limits: Guard = {
  name: 'limits',
  narrow: (plan, view) => {
    const pools = [...view.pools.values()];
    // What this plan ends lives until its cloud has ended it: its place is free at a later look.
    const room = new Map(pools.map((pool) => [pool.name, pool.size.max - poolSize(view, pool)]));
    const size = pools.reduce((sum, pool) => sum + poolSize(view, pool), 0);
    let cluster = view.spec.limits.machines - size;
    const blocked: Blocked[] = [];
    const keep = (action: Action): Action | undefined => {
      if (action.kind !== 'launch') return action;
      const inPool = room.get(action.pool) ?? 0;
      const count = Math.max(0, Math.min(action.count, inPool, cluster));
      room.set(action.pool, inPool - count);
      cluster -= count;
      if (count === action.count) return action;
      const code = inPool < action.count ? 'pool-limit' : 'cluster-limit';
      const why =
        code === 'pool-limit' ? 'the pool is at its largest size' : 'the cluster is at its limit of machines';
      blocked.push({ step: action.step, code, subject: action.pool, count: action.count - count, why });
      return count === 0 ? undefined : { ...action, count };
    };
    return narrowed(plan, keep, blocked);
  },
};
