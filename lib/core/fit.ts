// The one question behind every decision about size: which of these tasks run where, and what has to be bought for the
// rest? First Marathon's own placement is simulated on what exists and what is coming; the rest is packed onto
// offerings; then the placement is simulated on each good packing, what would be left over is bought too, and the plan
// that is cheapest after that wins (packing.md §6: a tight packing alone ends 11 % dearer).
import { boundOf } from './bound';
import { type PackResult } from './pack/problem';
import type { Placed, Want } from './place';
import { type FitInput, type Leftover, packParts, problemOf, type Purchase } from './purchase';
import { settleIn } from './settle-in';
import { better, survive } from './survive';

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
  const onHosts = settleIn(input);
  const rest = onHosts
    .filter(({ unplaced, want }) => unplaced > 0 && want.onTrial !== true)
    .map(({ want, unplaced }) => ({ ...want, count: unplaced }));
  const plans = rest.length === 0 ? NOTHING_BOUGHT : buy(rest, input);
  // By the row and not by its name: an app whose role has changed has a row for each role (semantics §2.4).
  const bought = new Map(plans.placed.map((placed) => [placed.want.runSpec, placed]));
  const lines = onHosts.map((placed) => lineOf(placed, bought.get(placed.want.runSpec), plans.leftovers));
  return { ...plans, lines };
};

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
    leftover: leftoverOf(placed.want, unplaced, leftovers),
  };
};

const leftoverOf = (
  { runSpec, onTrial }: Want,
  unplaced: number,
  leftovers: ReadonlyMap<string, Leftover>,
): Leftover => {
  if (unplaced === 0) return 'none';
  return onTrial === true ? 'trial' : (leftovers.get(runSpec.id) ?? 'limit');
};

const buy = (rest: readonly Want[], input: FitInput): Bought => {
  const problem = problemOf(rest, input);
  const packed = packParts(problem.parts, input, input.work, problem.limits);
  const tried = packed.result.candidates
    .slice(0, candidatesFor(rest, packed.result))
    .map((plan) => survive(plan, packed, rest, input));
  const best = tried.reduce((a, b) => (better(b, a) ? b : a));
  return {
    placed: best.placed,
    leftovers: new Map([...best.leftovers, ...problem.leftovers]),
    purchases: best.purchases,
    packedUsdPerHour: packed.result.best.usdPerHour,
    boughtUsdPerHour: best.usdPerHour,
    bound: boundOf(best, packed, problem.parts, input),
  };
};

/** Simulating the placement costs about wants times machines: the larger the purchase, the fewer packings are tried. */
const MOST_PAIRS = 1_000_000;

const candidatesFor = (rest: readonly Want[], { best, candidates }: PackResult): number => {
  const machines = best.machines.reduce((sum, { copies }) => sum + copies, 0);
  const affordable = Math.floor(MOST_PAIRS / Math.max(1, rest.length * machines));
  return Math.max(1, Math.min(affordable, candidates.length));
};
