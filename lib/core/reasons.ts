// Every row of the queue ends as one line of the plan: where its instances go, or why not. Nothing is forgotten.
import type { Classified } from './demand';
import { isDemand } from './demand';
import type { FitLine } from './fit';
import type { Leftover } from './purchase';
import { isHeadroom } from './headroom';
import type { Blocked, BlockedCode, DemandLine } from './model/plan';
import type { View } from './view';

export const linesOf = (
  queue: readonly Classified[],
  fitted: readonly FitLine[],
  futile: ReadonlySet<string>,
): readonly DemandLine[] => {
  const answers = new Map(fitted.map((line) => [line.want.runSpec.id, line]));
  return queue.map(({ item, verdict, why }): DemandLine => {
    const answer = answers.get(item.runSpec.id);
    const shared = {
      runSpec: item.runSpec.id,
      each: item.runSpec.each,
      since: item.since,
      count: item.count,
    };
    const nowhere = { onExisting: 0, onComing: 0, onBought: 0, unplaced: item.count };
    if (futile.has(item.runSpec.id))
      return {
        ...shared,
        ...nowhere,
        verdict: 'futile',
        why: `${why}; agents bought for it stand ready and are not taken`,
      };
    if (answer === undefined || !isDemand(verdict)) return { ...shared, ...nowhere, verdict, why };
    const { onExisting, onComing, onBought, unplaced, leftover } = answer;
    const reason = unplaced > 0 ? `${why}; ${leftoverText(leftover)}` : why;
    return { ...shared, onExisting, onComing, onBought, unplaced, verdict, why: reason };
  });
};

const leftoverText = (leftover: Leftover): string => {
  switch (leftover) {
    case 'no-pool':
      return 'no pool makes agents that pass its constraints and role';
    case 'constraint':
      return 'its constraints allow no further instance, wherever an agent is added';
    case 'fits-nothing':
      return 'one instance is larger than every shape that the pools allow';
    case 'limit':
      return 'the limits allow no more machines';
    case 'none':
      return 'all are placed';
    default:
      return leftover satisfies never;
  }
};

const CODES: Readonly<Record<Leftover, BlockedCode>> = {
  none: 'waiting',
  'no-pool': 'constraint',
  constraint: 'constraint',
  'fits-nothing': 'no-pool-fits',
  limit: 'pool-limit',
};

/** What stays unplaced, as blocked entries: rows of the queue, and headroom that cannot be had. */
export const refusals = (
  view: View,
  lines: readonly DemandLine[],
  fitted: readonly FitLine[],
): readonly Blocked[] => {
  const leftovers = new Map(fitted.map((line) => [line.want.runSpec.id, line.leftover]));
  const rows = lines
    .filter((line) => line.unplaced > 0)
    .map((line): Blocked => {
      const code = blockedCode(view, line, leftovers.get(line.runSpec));
      return { step: 'scale-out', code, subject: line.runSpec, count: line.unplaced, why: line.why };
    });
  const room = fitted
    .filter((line) => isHeadroom(line.want.runSpec.id) && line.unplaced > 0)
    .map((line): Blocked => {
      const subject = line.want.runSpec.id;
      return {
        step: 'scale-out',
        code: CODES[line.leftover],
        subject,
        count: line.unplaced,
        why: leftoverText(line.leftover),
      };
    });
  return [...rows, ...room];
};

const blockedCode = (view: View, line: DemandLine, leftover: Leftover | undefined): BlockedCode => {
  if (line.verdict !== 'capacity' && line.verdict !== 'constraint' && line.verdict !== 'role')
    return line.verdict;
  if (leftover === undefined) return 'stale-view';
  if (leftover === 'no-pool' && line.verdict === 'role') return 'role';
  return leftover === 'limit' && view.pools.size === 0 ? 'no-offering' : CODES[leftover];
};
