// The one question behind every decision about size: which of these tasks run where, and what has to be bought for the
// rest? First Marathon's own placement is simulated on what exists and what is coming; the rest is packed onto
// offerings; then the placement is simulated on each good packing, what would be left over is bought too, and the plan
// that is cheapest after that wins (packing.md §6: a tight packing alone ends 11 % dearer).
import { type PackResult } from './pack/problem';
import { copyTally, placeAll, type Placed, type Want } from './place';
import { type FitInput, type Leftover, packParts, problemOf, type Purchase } from './purchase';
import { Supply } from './supply';
import { better, survive, unplacedIn } from './survive';

export type FitLine = {
  readonly want: Want;
  readonly onExisting: number;
  readonly onComing: number;
  readonly onBought: number;
  readonly unplaced: number;
  readonly leftover: Leftover;
};

export type Fit = {
  readonly lines: readonly FitLine[];
  readonly purchases: readonly Purchase[];
  readonly packedUsdPerHour: number;
  readonly boughtUsdPerHour: number;
  readonly bound: PackResult['bound'];
};

export const fit = (input: FitInput): Fit => {
  const onHosts = placeOnHosts(input);
  const rest = onHosts
    .filter((placed) => placed.unplaced > 0)
    .map(({ want, unplaced }) => ({ ...want, count: unplaced }));
  const plans = rest.length === 0 ? NOTHING_BOUGHT : buy(rest, input);
  // By the row and not by its name: an app whose role has changed has a row for each role (semantics §2.4).
  const bought = new Map(plans.placed.map((placed) => [placed.want.runSpec, placed]));
  const lines = onHosts.map((placed) => lineOf(placed, bought.get(placed.want.runSpec), plans.leftovers));
  return { ...plans, lines };
};

/** In the order of the queue and with the largest first: the order in which Marathon will serve the queue is not known,
 *  and a few tasks that miss in one order only are no reason to buy before the machines under way are there. The tally
 *  of the better one stays in the context. */
const placeOnHosts = (input: FitInput): readonly Placed[] => {
  const largestFirst = [...input.wants].sort((a, b) => weight(b) - weight(a));
  const tries = [input.wants, largestFirst].map((wants) => {
    const tally = copyTally(input.context.tally);
    return { tally, placed: placeAll(new Supply(input.hosts), wants, { ...input.context, tally }) };
  });
  const [first, second] = tries;
  const best =
    second !== undefined && first !== undefined && unplacedIn(second.placed) < unplacedIn(first.placed)
      ? second
      : first;
  for (const [runSpec, counts] of best?.tally ?? []) input.context.tally.set(runSpec, counts);
  const placed = new Map(best?.placed.map((line) => [line.want, line]));
  return input.wants.flatMap((want) => placed.get(want) ?? []);
};

/** Memory counts as the cpus that usually go with it. */
const weight = ({ runSpec }: Want): number => Math.max(runSpec.each.cpuMilli, runSpec.each.memMib / 4);

type Bought = Omit<Fit, 'lines'> & {
  readonly placed: readonly Placed[];
  readonly leftovers: ReadonlyMap<string, Leftover>;
};

const NOTHING_BOUGHT: Bought = {
  placed: [],
  leftovers: new Map(),
  purchases: [],
  packedUsdPerHour: 0,
  boughtUsdPerHour: 0,
  bound: { usdPerHour: 0, kind: 'none' },
};

const lineOf = (
  placed: Placed,
  bought: Placed | undefined,
  leftovers: ReadonlyMap<string, Leftover>,
): FitLine => {
  const onBought = bought?.on.bought ?? 0;
  const unplaced = placed.unplaced - onBought;
  return {
    want: placed.want,
    onExisting: placed.on.agent,
    onComing: placed.on.coming,
    onBought,
    unplaced,
    leftover: unplaced === 0 ? 'none' : (leftovers.get(placed.want.runSpec.id) ?? 'limit'),
  };
};

const buy = (rest: readonly Want[], input: FitInput): Bought => {
  const problem = problemOf(rest, input);
  const packed = packParts(problem.parts, input, input.work, problem.limits);
  const tried = packed.result.candidates.map((plan) => survive(plan, packed, rest, input));
  const best = tried.reduce((a, b) => (better(b, a) ? b : a));
  return {
    placed: best.placed,
    leftovers: new Map([...best.leftovers, ...problem.leftovers]),
    purchases: best.purchases,
    packedUsdPerHour: packed.result.best.usdPerHour,
    boughtUsdPerHour: best.usdPerHour,
    bound: packed.result.bound,
  };
};
