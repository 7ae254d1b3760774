// Which rows of Marathon's launch queue are a wish for machines. The rule is that of semantics §2.4: a back-off is a
// crash loop and not demand; a very young row or one that is being served waits; a lack of resources, or no offers at
// all, is demand; a refusal by constraint or role is demand only where a pool's new agents would pass (the fit finds
// that out); a reservation waits for its own agent and never buys.
import type { DemandLine } from './model/plan';
import type { QueueItem, RejectReason } from './model/app';
import type { Millis } from './model/machine';

/** Milliseconds in which Marathon may still be about to place a new row by itself. */
const YOUNG_MS = 10_000;

/** What the queue says of a row; that machines bought for it do not help is found out later. */
export type Verdict = Exclude<DemandLine['verdict'], 'futile'>;
export type Classified = { readonly item: QueueItem; readonly verdict: Verdict; readonly why: string };

/** Verdicts for which machines may be bought. */
export const isDemand = (verdict: DemandLine['verdict']): boolean =>
  verdict === 'capacity' || verdict === 'constraint' || verdict === 'role';

const INSUFFICIENT: readonly RejectReason[] = [
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
  'InsufficientPorts',
  'DeclinedScarceResources',
];

const declinedBy = (item: QueueItem, reason: RejectReason): number =>
  item.rejects.filter((reject) => reject.reason === reason).reduce((sum, reject) => sum + reject.declined, 0);

/** The reasons that declined anything, sorted: what has to change before futile demand is bought for again. */
export const refusalOf = (item: QueueItem): string =>
  item.rejects
    .filter((reject) => reject.declined > 0)
    .map((reject) => reject.reason)
    .sort()
    .join(',');

/** True when Marathon itself says that agents lack resources: the only demand that is believed while the view of the
 *  agents is incomplete. */
export const lacksResources = (item: QueueItem): boolean =>
  INSUFFICIENT.some((reason) => declinedBy(item, reason) > 0);

export const classify = (item: QueueItem, now: Millis): Classified => {
  const { verdict, why } = judge(item, now);
  return { item, verdict, why };
};

const judge = (item: QueueItem, now: Millis): { verdict: Verdict; why: string } => {
  if (item.backoffMs > 0)
    return {
      verdict: 'backoff',
      why: `waits ${Math.ceil(item.backoffMs / 1000)} s after failures; machines do not cure that`,
    };
  if (now - item.since < YOUNG_MS)
    return { verdict: 'waiting', why: 'is only seconds old; Marathon may place it by itself' };
  if (item.lastUsedOfferAt !== undefined && now - item.lastUsedOfferAt < YOUNG_MS)
    return { verdict: 'waiting', why: 'is being placed just now' };
  const lacking = INSUFFICIENT.filter((reason) => declinedBy(item, reason) > 0);
  const reserved = declinedBy(item, 'NoCorrespondingReservationFound');
  if (reserved > 0 && (item.runSpec.resident || lacking.length === 0))
    return { verdict: 'reservation', why: 'waits for the agent that holds its volume or reservation' };
  if (lacking.length > 0)
    return { verdict: 'capacity', why: `agents lack ${lacking.map(lackName).join(' and ')}` };
  return byRefusal(item);
};

const byRefusal = (item: QueueItem): { verdict: Verdict; why: string } => {
  const rows: readonly [Verdict, number, string][] = [
    ['role', declinedBy(item, 'UnfulfilledRole'), 'agents offer no resources of its role'],
    ['constraint', declinedBy(item, 'UnfulfilledConstraint'), 'no agent passes its constraints'],
    ['maintenance', declinedBy(item, 'AgentMaintenance'), 'agents are in a maintenance window'],
  ];
  const [verdict, declined, why] = rows.reduce((most, row) => (row[1] > most[1] ? row : most));
  if (declined > 0) return { verdict, why };
  return {
    verdict: 'capacity',
    why:
      item.processedOffers === 0
        ? 'no agent has anything left to offer'
        : 'every offer is refused without a reason',
  };
};

const lackName = (reason: RejectReason): string =>
  ({
    InsufficientCpus: 'cpus',
    InsufficientMemory: 'memory',
    InsufficientDisk: 'disk',
    InsufficientGpus: 'GPUs',
    InsufficientPorts: 'ports',
    DeclinedScarceResources: 'room beside GPUs',
  })[reason as string] ?? reason;
