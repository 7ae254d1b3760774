// Why one app waits: what the plan says of it, what would cure that, and what is done about it already.
import { isDemand } from './demand';
import { actionSentence, explain } from './explain';
import type { BlockedCode, DemandLine, Plan } from './model/plan';

export type Why = {
  /** Marathon has instances of it that have nowhere to run. */
  readonly isWaiting: boolean;
  readonly why: readonly string[];
  /** What somebody can do; empty where there is nothing to do but to wait. */
  readonly cure: readonly string[];
  readonly doing: readonly string[];
};

export const whyOf = (plan: Plan, app: string): Why => {
  const demand = plan.demand.filter(({ runSpec }) => runSpec === app);
  const blocked = plan.blocked.filter(({ subject }) => subject === app);
  const own = plan.actions.filter((action) => action.kind === 'app' && action.request.runSpec === app);
  const about: Plan = { ...plan, actions: own, demand, blocked, oddities: [], cost: NO_COST };
  const isWaiting = demand.length > 0;
  const said = isWaiting || blocked.length > 0 || own.length > 0 ? explain(about) : [];
  const codes = new Set<BlockedCode>([...blocked.map(({ code }) => code), ...demand.flatMap(verdictCode)]);
  if (isWaiting && plan.memory.pause !== undefined) codes.add('paused');
  const isOnIt = demand.some((line) => line.onBought > 0);
  const launches = plan.actions.filter(({ kind }) => kind === 'launch');
  return {
    isWaiting,
    why: said.length > 0 ? said : [`${app} does not wait: nothing of it is in Marathon's queue.`],
    cure: [...codes].flatMap((code) => CURES[code] ?? []),
    doing: [
      ...(isOnIt ? launches.map(actionSentence) : []),
      ...(demand.some((line) => line.onComing > 0) ? ['Machines with room for it are on their way.'] : []),
      ...(demand.some((line) => line.onExisting > 0)
        ? ['Agents that are there have room; Marathon places it with its next offers.']
        : []),
    ],
  };
};

const NO_COST = {
  nowUsdPerHour: 0,
  packedUsdPerHour: 0,
  boughtUsdPerHour: 0,
  boundUsdPerHour: 0,
  boundKind: 'none',
} as const;

/** A row that is no demand now says so by its verdict alone. */
const verdictCode = ({ verdict }: DemandLine): readonly BlockedCode[] =>
  isDemand(verdict) || verdict === 'capacity' ? [] : [verdict];

/** What somebody can do about each. What is not here cures itself. */
const CURES: Partial<Record<BlockedCode, string>> = {
  paused: 'Resume Muster: muster resume.',
  'pool-limit': 'Raise size.max of a pool that takes it.',
  'cluster-limit': 'Raise limits.machines.',
  'spend-cap': 'Raise limits.usdPerHour, or free machines elsewhere.',
  'stale-view': 'Make the source readable that the plan could not read: docs/operations/sources-unknown.md.',
  'breaker-open': 'Mend the image or the bootstrap of the pool: docs/operations/breaker-open.md.',
  'offerings-cold':
    'Allow its pool more shapes, zones or markets; otherwise it is tried again when the time is over.',
  excluded: 'Take the exclusion back: muster include.',
  'no-offering': 'Correct the shapes and zones of the pools: nothing in the catalogue fits them.',
  'no-pool-fits': 'Allow a pool larger shapes, or make one instance smaller.',
  backoff: 'Mend the app: its tasks fail, and Marathon waits longer each time. No machine helps.',
  reservation: 'Look at its volumes and reservations: only the agent that holds them can run it.',
  role: 'Change its role or acceptedResourceRoles, or give a pool that role.',
  constraint: 'Change its constraints, or give a pool what they ask for.',
  maintenance: 'End the maintenance of the agents, or wait for it.',
  futile:
    'Change its definition: agents bought for it have room, and it waits still: docs/operations/futile-demand.md.',
  protected: 'Take the protection or the label back.',
  volume: 'Move it by hand: its tasks have volumes on their agents.',
  locked: 'End the deployment that holds it.',
  floor: 'Lower muster/min-healthy, or add instances.',
};
