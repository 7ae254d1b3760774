// More machines where tasks have nowhere to run, where headroom is short, or where a floor asks for more. One fit over
// all pools of the cluster answers which shapes, how many and where; what it cannot place gets a reason. When a spend
// cap is in the way, the same fit is asked again with fewer machines rather than its answer being cut.
import { breakerState, probeAt, strikesOf } from '../breaker';
import { isCold, market, type Market, poolOfferings } from '../buyable';
import { type Classified, classify, isDemand, lacksResources } from '../demand';
import { fit, type Fit, type FitLine, type Purchase } from '../fit';
import { floorPurchases, referenceShape } from '../floors';
import { isFutile, markFutile, noteBought } from '../futile';
import { headroomWants } from '../headroom';
import { agentHosts } from '../hosts';
import { dearest, launchesOf } from '../launches';
import type { Action, Blocked, DemandLine, Launch, Terminate } from '../model/plan';
import type { QueueItem } from '../model/app';
import type { Pool } from '../model/spec';
import { tallyTasks, type Want } from '../place';
import type { Step } from '../step';
import type { Host } from '../supply';
import { poolSize, spendNow, standingIn, type View } from '../view';
import { linesOf, refusals } from '../reasons';

export const scaleOut: Step = (view, before) => {
  const ended = before.filter((action): action is Terminate => action.kind === 'terminate');
  const queue = [...view.world.queue.value].sort(byAge).map((item) => classify(item, view.now));
  const futile = queue.filter(({ item, verdict }) => isDemand(verdict) && isFutile(view, item));
  const wanted = queue.filter(
    (entry) => isDemand(entry.verdict) && !futile.includes(entry) && isBelieved(entry, view),
  );
  const open = openMarket(view);
  const answer = affordable(view, wanted, { market: open, ended });
  const launches = launchesOf(answer.purchases, view, open, replacedBy(ended));
  const marked = markFutile(
    view.memory,
    futile.map(({ item }) => item),
    view.now,
  );
  const lines = linesOf(queue, answer.lines, new Set(futile.map(({ item }) => item.runSpec.id)));
  return {
    actions: [...launches, ...alarms(view, marked.fresh, lines)],
    blocked: [...refusals(view, lines, answer.lines), ...poolBlocks(view, open), ...answer.blocked],
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

const byAge = (a: QueueItem, b: QueueItem): number =>
  a.since - b.since ||
  (a.runSpec.id < b.runSpec.id
    ? -1
    : a.runSpec.id > b.runSpec.id
      ? 1
      : a.runSpec.role < b.runSpec.role
        ? -1
        : 1);

/** With an incomplete view of the agents only Marathon's own word that they lack resources is believed. */
const isBelieved = ({ item }: Classified, view: View): boolean =>
  view.world.agents.complete || lacksResources(item);

const launchIds = (launches: readonly Launch[]): readonly string[] => launches.map(({ id }) => id);

const servedItems = (wanted: readonly Classified[], lines: readonly FitLine[]): readonly QueueItem[] => {
  const served = new Set(lines.filter((line) => line.onBought > 0).map((line) => line.want.runSpec.id));
  return wanted.filter(({ item }) => served.has(item.runSpec.id)).map(({ item }) => item);
};

const replacedBy = (ended: readonly Terminate[]): ReadonlyMap<string, readonly string[]> =>
  new Map(ended.map((action) => [action.pool, action.machines]));

/** Everything that may be bought now. A pool with an open breaker buys nothing. */
const openMarket = (view: View): Market =>
  market({
    pools: [...view.pools.values()]
      .filter((pool) => breakerState(view.memory, view, pool.name) !== 'open')
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    offerings: [...view.world.offerings.value].sort(
      (a, b) => a.usdPerHour - b.usdPerHour || (key(a) < key(b) ? -1 : 1),
    ),
    shapes: view.shapes,
    cold: view.memory.cold,
    now: view.now,
  });

const key = (o: { readonly zone: string; readonly shape: string; readonly market: string }): string =>
  `${o.shape}/${o.zone}/${o.market}`;

type Answer = Fit & { readonly floorUsdPerHour: number; readonly blocked: readonly Blocked[] };
type Setting = { readonly market: Market; readonly ended: readonly Terminate[] };

/** The fit, then the floors; asked again with fewer machines while the spend cap is exceeded. */
const affordable = (view: View, wanted: readonly Classified[], setting: Setting): Answer => {
  const cap = view.spec.limits.usdPerHour;
  let most = clusterLeft(view, setting.ended);
  let answer = answerWith(view, wanted, { ...setting, most });
  if (cap === undefined) return answer;
  const left = cap - spendNow(view);
  for (let tries = 0; tries < 4; tries += 1) {
    const launches = launchesOf(answer.purchases, view, setting.market, replacedBy(setting.ended));
    const cost = launches
      .filter((launch) => launch.replaces.length === 0)
      .reduce((sum, launch) => sum + dearest(launch), 0);
    const machines = answer.purchases.reduce((sum, purchase) => sum + purchase.count, 0);
    if (cost <= left + 1e-9 || machines === 0) return answer;
    most = Math.max(0, Math.min(machines - 1, Math.floor((machines * Math.max(0, left)) / cost)));
    answer = answerWith(view, wanted, { ...setting, most });
    answer = { ...answer, blocked: [capBlock(view, cap, cost)] };
  }
  return answer;
};

const capBlock = (view: View, cap: number, cost: number): Blocked => ({
  step: 'scale-out',
  code: 'spend-cap',
  subject: view.spec.cluster,
  count: 1,
  why: `buying all that is wanted would cost up to $${cost.toFixed(2)} an hour more on top of $${spendNow(view).toFixed(2)}; the cap is $${cap.toFixed(2)} an hour ($${(cap * 24).toFixed(0)} a day)`,
});

const answerWith = (
  view: View,
  wanted: readonly Classified[],
  setting: Setting & { readonly most: number },
): Answer => {
  const wants: readonly Want[] = [
    ...wanted.map(({ item }) => ({ runSpec: item.runSpec, count: item.count })),
    ...[...view.pools.values()].flatMap((pool) =>
      headroomWants(view, pool, referenceShape(view, pool, setting.market)),
    ),
  ];
  const poolLeft = new Map(
    [...view.pools.values()].map((pool) => [pool.name, poolRoom(view, pool, setting.ended)]),
  );
  const found = fit({
    wants,
    hosts: hosts(view),
    context: { groupBy: view.spec.marathon.groupBy, tally: tally(view, wants) },
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
  });
  const floorUsdPerHour = floors.reduce(
    (sum, { buyable, count }) => sum + buyable.offering.usdPerHour * count,
    0,
  );
  return { ...found, purchases: merged([...found.purchases, ...floors]), floorUsdPerHour, blocked: [] };
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

/** What agents have free counts only while the master's list is complete; machines on their way always count. */
const hosts = (view: View): readonly Host[] => [
  ...(view.world.agents.complete ? view.world.agents.value.flatMap(agentHosts) : []),
  ...view.coming,
];

const tally = (view: View, wants: readonly Want[]): ReturnType<typeof tallyTasks> => {
  const byHost = new Map(view.world.agents.value.map((agent) => [agent.hostname, agent]));
  const byId = new Map(view.world.agents.value.map((agent) => [agent.id, agent]));
  return tallyTasks(
    wants.map(({ runSpec }) => runSpec),
    view.world.tasks.value,
    (task) => {
      const agent = byId.get(task.agentId ?? '') ?? byHost.get(task.host);
      if (agent === undefined) return { hostname: task.host, attributes: {} };
      const { hostname, attributes, region, zone } = agent;
      return {
        hostname,
        attributes,
        ...(region === undefined ? {} : { region }),
        ...(zone === undefined ? {} : { zone }),
      };
    },
  );
};

const endedIn = (ended: readonly Terminate[], pool?: string): number =>
  ended
    .filter((action) => pool === undefined || action.pool === pool)
    .reduce((sum, { machines }) => sum + machines.length, 0);

const poolRoom = (view: View, pool: Pool, ended: readonly Terminate[]): number => {
  const left = Math.max(0, pool.size.max - poolSize(view, pool) + endedIn(ended, pool.name));
  const inFlight = standingIn(view, pool.name).some(
    ({ standing }) => standing === 'launching' || standing === 'booting',
  );
  return breakerState(view.memory, view, pool.name) === 'probing' ? Math.min(left, inFlight ? 0 : 1) : left;
};

const clusterLeft = (view: View, ended: readonly Terminate[]): number => {
  const size = [...view.pools.values()].reduce((sum, pool) => sum + poolSize(view, pool), 0);
  return Math.max(0, view.spec.limits.machines - size + endedIn(ended));
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
    const warm = Math.min(
      ...view.memory.cold.filter(({ until }) => until > view.now).map(({ until }) => until),
    );
    const cold = all.every((offering) => isCold(offering, view.memory.cold, view.now));
    return cold
      ? [
          {
            ...blocked,
            code: 'offerings-cold',
            why: 'every offering had a capacity error lately',
            until: warm,
          },
        ]
      : [];
  });
