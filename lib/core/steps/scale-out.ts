// More machines where tasks have nowhere to run, where headroom is short, or where a floor asks for more. One fit over
// all pools of the cluster answers which shapes, how many and where; what it cannot place gets a reason. When a spend
// cap is in the way, the same fit is asked again with fewer machines rather than its answer being cut.
import { breakerState, probeAt, strikesOf } from '../breaker';
import { coldUntil, type Market, poolOfferings } from '../buyable';
import type { Classified } from '../demand';
import { fit, type Fit, type FitLine } from '../fit';
import type { Purchase } from '../purchase';
import { floorPurchases } from '../floors';
import { markFutile, noteBought } from '../futile';
import { dearest, HOURS_A_MONTH, launchesOf } from '../launches';
import type { Action, Blocked, DemandLine, Launch, Terminate } from '../model/plan';
import type { QueueItem } from '../model/app';
import type { Pool } from '../model/spec';
import type { Step } from '../step';
import { expectedOf, poolSize, spendNow, standingIn, type View } from '../view';
import { limitOf, type Obstacle, obstacles } from '../obstacles';
import { linesOf, refusals } from '../reasons';
import { demandOf, hostsAfter, openMarket, tallyOf, wantsOf } from '../wanted';

export const scaleOut: Step = (view, before) => {
  const ended = before.filter((action): action is Terminate => action.kind === 'terminate');
  const { queue, futile, wanted } = demandOf(view);
  const open = openMarket(view);
  const answer = affordable(view, wanted, { market: open, before, ended });
  const launches = launchesOf(answer.purchases, view, open, replacedBy(view, ended));
  const marked = markFutile(
    view.memory,
    futile.map(({ item }) => item),
    view.now,
  );
  const obstacleOf = obstacles(view, open, answer.limit);
  const notCured = new Set(futile.map(({ item }) => item.runSpec));
  const lines = linesOf(queue, answer.lines, notCured, obstacleOf);
  return {
    actions: [...launches, ...alarms(view, marked.fresh, lines)],
    blocked: [...refusals(lines, answer.lines, obstacleOf), ...poolBlocks(view, open), ...answer.blocked],
    memory: noteBought(marked.memory, servedItems(wanted, answer.lines), launchIds(launches), view.now),
    demand: lines,
    cost: {
      packedUsdPerHour: answer.packedUsdPerHour + answer.floorUsdPerHour,
      boughtUsdPerHour: answer.boughtUsdPerHour + answer.floorUsdPerHour,
      boundUsdPerHour: answer.bound.usdPerHour + answer.floorUsdPerHour,
      boundKind: answer.bound.kind,
    },
  };
};

const launchIds = (launches: readonly Launch[]): readonly string[] => launches.map(({ id }) => id);

const servedItems = (wanted: readonly Classified[], lines: readonly FitLine[]): readonly QueueItem[] => {
  const served = new Set(lines.filter((line) => line.onBought > 0).map((line) => line.want.runSpec.id));
  return wanted.filter(({ item }) => served.has(item.runSpec.id)).map(({ item }) => item);
};

/** A machine is replaced once: what is on its way to its pool already takes the place of machines that are still listed. */
const replacedBy = (view: View, ended: readonly Terminate[]): ReadonlyMap<string, readonly string[]> =>
  new Map(
    ended
      .filter(({ step }) => step === 'heal')
      .map(({ pool, machines }) => [pool, machines.slice(onTheWay(view, pool))]),
  );

const onTheWay = (view: View, pool: string): number =>
  expectedOf(view, pool) +
  standingIn(view, pool).filter(({ standing }) => standing === 'launching' || standing === 'booting').length;

type Answer = Fit & {
  readonly floorUsdPerHour: number;
  readonly blocked: readonly Blocked[];
  /** What holds back the rest, where a limit does. */
  readonly limit: Obstacle;
};
type Setting = {
  readonly market: Market;
  /** Actions of earlier steps, and those of them that end machines. */
  readonly before: readonly Action[];
  readonly ended: readonly Terminate[];
};

/** The fit, then the floors; asked again with fewer machines while the spend cap is exceeded. */
const affordable = (view: View, wanted: readonly Classified[], setting: Setting): Answer => {
  const cap = view.spec.limits.usdPerHour;
  let most = clusterLeft(view);
  let answer = answerWith(view, wanted, { ...setting, most });
  if (cap === undefined) return answer;
  const left = cap - spendNow(view);
  let wish: { readonly paid: number; readonly cost: number } | undefined;
  for (let tries = 0; tries < 4; tries += 1) {
    const launches = launchesOf(answer.purchases, view, setting.market, replacedBy(view, setting.ended));
    const free = launches.reduce((sum, { replaces }) => sum + replaces.length, 0);
    const paid = launches.reduce((sum, { count }) => sum + count, 0) - free;
    const cost = launches.reduce((sum, launch) => sum + paidFor(launch), 0);
    if (paid === 0 || cost <= left + 1e-9) return answer;
    most = free + Math.min(paid - 1, Math.floor((paid * Math.max(0, left)) / cost));
    answer = answerWith(view, wanted, { ...setting, most });
    wish ??= { paid, cost };
    const blocked = [capBlock(view, cap, { ...wish, most: most - free })];
    answer = { ...answer, blocked, limit: { code: 'spend-cap', why: CAPPED } };
  }
  return answer;
};

const CAPPED = 'the spend cap allows no more machines';

/** Replacements of failed machines are never held back by the cap. */
const paidFor = (launch: Launch): number =>
  (dearest(launch) * (launch.count - launch.replaces.length)) / launch.count;

/** What was wished for, and how many machines of it may be bought. */
type Capped = { readonly paid: number; readonly cost: number; readonly most: number };

const capBlock = (view: View, cap: number, { paid, cost, most }: Capped): Blocked => ({
  step: 'scale-out',
  code: 'spend-cap',
  subject: view.spec.cluster,
  count: paid - most,
  why: `all that is wanted would cost up to $${cost.toFixed(2)} an hour more on top of $${spendNow(view).toFixed(2)}, $${((spendNow(view) + cost) * HOURS_A_MONTH).toFixed(0)} a month; the cap is $${cap.toFixed(2)} an hour, $${(cap * HOURS_A_MONTH).toFixed(0)} a month`,
});

const answerWith = (
  view: View,
  wanted: readonly Classified[],
  setting: Setting & { readonly most: number },
): Answer => {
  const wants = wantsOf(view, wanted, setting.market);
  const poolLeft = new Map([...view.pools.values()].map((pool) => [pool.name, poolRoom(view, pool)]));
  const found = fit({
    wants,
    hosts: hostsAfter(view, setting.before),
    context: { groupBy: view.spec.marathon.groupBy, tally: tallyOf(view, wants) },
    market: setting.market,
    poolLeft,
    clusterLeft: setting.most,
    zoneLoad: zoneLoad(view),
    work: view.work,
  });
  const bought = found.purchases.reduce((sum, purchase) => sum + purchase.count, 0);
  const floors = floorPurchases(view, found.purchases, {
    market: setting.market,
    poolLeft,
    clusterLeft: setting.most - bought,
    ended: setting.ended,
    zoneLoad: zoneLoad(view),
  });
  const floorUsdPerHour = floors.reduce(
    (sum, { buyable, count }) => sum + buyable.offering.usdPerHour * count,
    0,
  );
  const purchases = merged([...found.purchases, ...floors]);
  const limit = limitOf(view, purchases, { cluster: setting.most, pools: poolLeft });
  return { ...found, purchases, floorUsdPerHour, blocked: [], limit };
};

/** Purchases of the same offering for the same lanes are one. */
const merged = (purchases: readonly Purchase[]): readonly Purchase[] => {
  const found = new Map<string, Purchase>();
  for (const purchase of purchases) {
    const name = `${purchase.buyable.lane}|${purchase.buyable.offering.shape}|${purchase.lanes.join(',')}`;
    const before = found.get(name);
    found.set(name, before === undefined ? purchase : { ...before, count: before.count + purchase.count });
  }
  return [...found.values()];
};

/** A machine that is ended in this plan takes its place until its cloud has ended it. */
const poolRoom = (view: View, pool: Pool): number => {
  const left = Math.max(0, pool.size.max - poolSize(view, pool));
  const isProbing = breakerState(view.memory, view, pool.name) === 'probing';
  return isProbing ? Math.min(left, onTheWay(view, pool.name) > 0 ? 0 : 1) : left;
};

const clusterLeft = (view: View): number => {
  const size = [...view.pools.values()].reduce((sum, pool) => sum + poolSize(view, pool), 0);
  return Math.max(0, view.spec.limits.machines - size);
};

const zoneLoad = (view: View): ReadonlyMap<string, number> => {
  const load = new Map<string, number>();
  for (const { machine, standing } of view.join.joined) {
    if (standing === 'ending' || machine.pool === undefined) continue;
    const name = `${machine.pool}|${machine.zone}`;
    load.set(name, (load.get(name) ?? 0) + 1);
  }
  return load;
};

const alarms = (view: View, fresh: readonly QueueItem[], lines: readonly DemandLine[]): readonly Action[] =>
  fresh.map((item, nth) => ({
    kind: 'notify',
    id: `${view.turn}.${view.round}.f${nth}`,
    step: 'scale-out',
    alarm: 'futile-demand',
    subject: item.runSpec.id,
    why: `${item.count} instances of ${item.runSpec.id} still wait although agents were bought for them: ${lines.find((line) => line.runSpec === item.runSpec.id)?.why ?? ''}`,
  }));

/** Pools that cannot buy at all, whether or not anything wants them. */
const poolBlocks = (view: View, open: Market): readonly Blocked[] =>
  [...view.pools.values()].flatMap((pool): readonly Blocked[] => {
    const strikes = strikesOf(view.memory, view, pool.name);
    const blocked = { step: 'scale-out', subject: pool.name, count: 0 } as const;
    if (strikes !== undefined && breakerState(view.memory, view, pool.name) === 'open') {
      const why = `${strikes.machines.length} machines of image ${strikes.image} never registered`;
      return [{ ...blocked, code: 'breaker-open', why, until: probeAt(strikes) }];
    }
    if (open.buyables.some((buyable) => buyable.pool.name === pool.name)) return [];
    const all = poolOfferings(pool, view.world.offerings.value, view.shapes);
    if (all.length === 0)
      return [
        {
          ...blocked,
          code: 'no-offering',
          why: 'the catalogue has no shape that the pool allows in its zones',
        },
      ];
    const warm = all.map((offering) => coldUntil(offering, view.memory.cold, view.now));
    const until = warm.reduce((first, next) => Math.min(first ?? Infinity, next ?? Infinity));
    return warm.every((one) => one !== undefined) && until !== undefined
      ? [
          {
            ...blocked,
            code: 'offerings-cold',
            why: 'every offering had a capacity error lately',
            until,
          },
        ]
      : [];
  });
