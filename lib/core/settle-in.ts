// What waits and has room on what exists and on what is coming. The order in which Marathon will serve the queue is not
// known, and a few tasks that miss in one order only are no reason to buy before the machines under way are there: they
// were bought for just these. So several orders are tried, and the one that leaves least over counts.
import { isCounting, isPerHost } from './constraints';
import { isHeadroom } from './headroom';
import { placeByOffers } from './offer-rounds';
import { placeAll, type PlaceContext, type Placed, type Want } from './place';
import { type Host, Supply } from './supply';
import { copyTally } from './tally';

type Setting = {
  readonly wants: readonly Want[];
  readonly hosts: readonly Host[];
  readonly context: PlaceContext;
};
type Try = { readonly tally: PlaceContext['tally']; readonly placed: readonly Placed[] };

/** In the order of the wants. The tally of the best order stays in the context. */
export const settleIn = ({ wants, hosts, context }: Setting): readonly Placed[] => {
  const laid = new Supply(hosts);
  const inOrder = (order: readonly Want[]): Try => {
    const tally = copyTally(context.tally);
    return { tally, placed: placeAll(new Supply(hosts, laid), order, { ...context, tally }) };
  };
  let best = inOrder(wants);
  const consider = (one: () => Try): void => {
    if (unplacedIn(best.placed) === 0) return;
    const found = one();
    if (unplacedIn(found.placed) < unplacedIn(best.placed)) best = found;
  };
  const pairs = wants.length * hosts.length;
  const orders = pairs > MANY_PAIRS ? [tasksByWeight] : [byWeight, tasksByWeight, choosyFirst];
  for (const order of orders) consider(() => inOrder(order(wants)));
  if (pairs <= MOST_PAIRS) consider(() => offered(wants, hosts, context));
  for (const [runSpec, counts] of best.tally) context.tally.set(runSpec, counts);
  const placed = new Map(best.placed.map((line) => [line.want, line]));
  return wants.flatMap((want) => placed.get(want) ?? []);
};

export const unplacedIn = (placed: readonly Placed[]): number =>
  placed.reduce((sum, line) => sum + line.unplaced, 0);

/** Above so many pairs of wants and hosts, offer by offer takes too long; above so many more, so do many orders. */
const MOST_PAIRS = 200_000;
const MANY_PAIRS = 10_000_000;

/** Memory counts as the cpus that usually go with it. */
const weight = ({ runSpec }: Want): number => Math.max(runSpec.each.cpuMilli, runSpec.each.memMib / 4);

const byWeight = (wants: readonly Want[]): readonly Want[] =>
  [...wants].sort((a, b) => weight(b) - weight(a));

const headroomLast = (wants: readonly Want[]): readonly Want[] => [
  ...wants.filter(({ runSpec }) => !isHeadroom(runSpec.id)),
  ...wants.filter(({ runSpec }) => isHeadroom(runSpec.id)),
];

const tasksByWeight = (wants: readonly Want[]): readonly Want[] => headroomLast(byWeight(wants));

/** What has the least choice first, while there is some: what may not share a host, then what may not go everywhere. */
const choosyFirst = (wants: readonly Want[]): readonly Want[] => {
  const isBound = ({ runSpec }: Want): boolean =>
    runSpec.constraints.some((constraint) => isCounting(constraint) && isPerHost(constraint.field));
  const choosiness = (want: Want): number =>
    isBound(want) ? 2 : want.runSpec.constraints.length > 0 ? 1 : 0;
  return headroomLast([...byWeight(wants)].sort((a, b) => choosiness(b) - choosiness(a)));
};

/** Agents first, and what they do not take as it will be offered the machines that are coming: the way it was bought. */
const offered = (wants: readonly Want[], hosts: readonly Host[], context: PlaceContext): Try => {
  const tally = copyTally(context.tally);
  const on = { ...context, tally };
  const agents = hosts.filter(({ kind }) => kind === 'agent');
  const first = placeAll(new Supply(agents), wants, on);
  const coming = new Supply(hosts.filter(({ kind }) => kind !== 'agent'));
  const rest = first.map(({ want, unplaced }) => ({ ...want, count: unplaced }));
  const second = placeByOffers(coming, rest, on);
  const placed = first.map((line, nth): Placed => {
    const more = second[nth];
    if (more === undefined || line.unplaced === 0) return line;
    const coming = line.on.coming + more.on.coming;
    return { want: line.want, on: { ...line.on, coming }, unplaced: more.unplaced, refusal: more.refusal };
  });
  return { tally, placed };
};
