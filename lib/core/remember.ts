// What memory learns. `settle` compares it with what was just observed, `fold` with what an action's outcome said. Both
// can be applied twice to the same news without harm, because a crash between acting and storing repeats them.
import { missingOf } from './hosts';
import type { Cold, Expected, Memory, Surge } from './model/memory';
import { JUDGED_FOR_MS } from './join';
import { isLive, type Machine, type Millis } from './model/machine';
import { offeringKey } from './model/offering';
import type { OfferingError, Outcome } from './model/outcome';
import { poolScope, sightings, type View } from './view';

/** DESIGN §4: an id that was launched this long ago and is absent from two complete reads never came to be. */
const SETTLE_AFTER_MS = 5 * 60_000;

/** First time that an offering stays cold after a capacity error, and the longest (cloud-apis §1.3: 3 min, doubled to 30). */
export const COLD_FIRST_MS = 3 * 60_000;
const COLD_LONGEST_MS = 30 * 60_000;
/** A quota does not come back by itself in minutes; an offering that does not exist stays out for a day. */
const QUOTA_MS = 15 * 60_000;
const UNSUPPORTED_MS = 24 * 60 * 60_000;
/** An entry is kept this long after it warmed up, so that the next error finds how often it failed before. */
const COLD_MEMORY_MS = 60 * 60_000;
/** What was bought for is remembered this long, far beyond any boot; what is futile, for as long as it waits. */
const BOUGHT_MEMORY_MS = 24 * 60 * 60_000;

/** Memory without what has ended or was settled by the observation of this view. */
export const settle = (view: View): Memory => {
  const { memory, now, world } = view;
  const queued = new Set(world.queue.value.map((item) => item.runSpec.id));
  const { pause, ...rest } = memory;
  const paused = pause !== undefined && (pause.until === undefined || pause.until > now);
  return {
    ...rest,
    ...(paused ? { pause } : {}),
    joined: stillYoung(view),
    unjoined: withoutAgent(view),
    seen: sightings(view),
    cold: memory.cold.filter((entry) => entry.until + COLD_MEMORY_MS > now),
    floors: memory.floors.filter((floor) => floor.until > now),
    expected: memory.expected.flatMap((launch) => settleLaunch(launch, view)),
    bought: memory.bought.filter(
      (entry) =>
        (entry.futileSince !== undefined || entry.at + BOUGHT_MEMORY_MS > now) &&
        (!world.queue.complete || queued.has(entry.runSpec)),
    ),
  };
};

/** Ids are kept while their machines could still be judged to have never joined, and while nobody sees them. */
const stillYoung = (view: View): readonly string[] => {
  const ready = new Set(view.memory.joined);
  for (const { machine, standing } of view.join.joined) if (standing === 'ready') ready.add(machine.id);
  for (const { machine } of view.join.joined)
    if (!isLive(machine) || isOld(machine, view)) ready.delete(machine.id);
  const listed = view.world.clouds.every(({ complete }) => complete);
  const seen = new Set(view.join.joined.map(({ machine }) => machine.id));
  return [...ready].filter((id) => !listed || seen.has(id)).sort();
};

/** Found by a whole look soon after their deadline, and kept until they have an agent or are ended: nobody may be able to
 *  act for a while (a pause, masters without a leader), and later nothing tells them from machines that lost their agent. */
const withoutAgent = (view: View): readonly string[] => {
  const known = new Set(view.memory.unjoined);
  const joined = new Set(view.memory.joined);
  const isWhole = view.world.clouds.every(({ complete }) => complete);
  const unlisted = isWhole ? [] : view.memory.unjoined.filter((id) => !view.listed.ids.has(id));
  const found = view.join.joined
    .filter(({ machine, standing, agent }) => {
      if (standing !== 'never-joined' || agent !== undefined) return false;
      const isFound = view.world.agents.complete && !joined.has(machine.id) && !isOld(machine, view);
      return known.has(machine.id) || isFound;
    })
    .map(({ machine }) => machine.id);
  return [...unlisted, ...found].sort();
};

const isOld = (machine: Machine, view: View): boolean => {
  const deadline = view.pools.get(machine.pool ?? '')?.registerWithinMs ?? 0;
  return view.now - machine.launchedAt > deadline + JUDGED_FOR_MS;
};

const settleLaunch = (launch: Expected, view: View): readonly Expected[] => {
  const pool = view.pools.get(launch.pool);
  // Of a pool that muster.yaml no longer has, nobody is left to wait for.
  if (pool === undefined) return view.now - launch.at < SETTLE_AFTER_MS ? [launch] : [];
  const scope = poolScope(view, pool);
  if (scope === undefined || !scope.complete) return [launch];
  const missing = missingOf(launch, view.listed);
  const booting = bootingOf(launch, view);
  if (missing.length === 0 && view.now - launch.at > 0) return stillBooting(launch, booting);
  const kept = launch.machines.length > 0 ? { ...launch, machines: [...missing, ...booting] } : launch;
  if (scope.at - launch.at < SETTLE_AFTER_MS || kept.absentAt.includes(scope.at)) return [kept];
  const absentAt = [...kept.absentAt, scope.at];
  if (absentAt.length < 2) return [{ ...kept, absentAt }];
  return stillBooting(launch, booting);
};

const stillBooting = (launch: Expected, booting: readonly string[]): readonly Expected[] =>
  booting.length === 0 ? [] : [{ ...launch, machines: booting, absentAt: [] }];

/** Machines of the launch that are listed and have not registered. They stay expected: were they forgotten, the next
 *  listing that fails would hide them from every count, and they would be bought again. */
const bootingOf = (launch: Expected, view: View): readonly string[] => {
  const known = new Set(launch.machines);
  return view.join.joined
    .filter(({ machine, standing }) => {
      const mine = known.size > 0 ? known.has(machine.id) : machine.launch === launch.launch;
      return mine && (standing === 'launching' || standing === 'booting');
    })
    .map(({ machine }) => machine.id)
    .sort();
};

/** Memory that does not take launches for made which never were: they are not what anything was bought by. */
export const withoutLaunches = (memory: Memory, dropped: readonly string[]): Memory => {
  if (dropped.length === 0) return memory;
  const gone = new Set(dropped);
  const bought = memory.bought
    .map((entry) => ({ ...entry, launches: entry.launches.filter((launch) => !gone.has(launch)) }))
    .filter((entry) => entry.launches.length > 0);
  return { ...memory, bought };
};

/** Memory after the outcomes of a round. */
export const fold = (memory: Memory, outcomes: readonly Outcome[]): Memory =>
  outcomes.reduce(foldOne, memory);

const foldOne = (memory: Memory, outcome: Outcome): Memory => {
  switch (outcome.kind) {
    case 'launched':
      return {
        ...memory,
        expected: withLaunch(memory.expected, outcome),
        cold: outcome.errors.reduce((cold, error) => chill(cold, error, outcome.at), memory.cold),
      };
    case 'unknown':
      return outcome.launch === undefined
        ? memory
        : { ...memory, expected: withUnknown(memory.expected, outcome.action, outcome.launch, outcome.at) };
    case 'refused':
      // Nothing was launched: whatever was expected while its outcome was unknown is not coming.
      return { ...memory, expected: memory.expected.filter((launch) => launch.launch !== outcome.action) };
    case 'moved':
      return { ...memory, surges: memory.surges.map((surge) => withDeployment(surge, outcome)) };
    // What became of an agent or a machine is seen at the next look.
    case 'asked':
    case 'marked':
    case 'terminated':
    case 'notified':
      return memory;
    default:
      return outcome satisfies never;
  }
};

/** A deployment that we began is ours to stop. */
const withDeployment = (surge: Surge, { runSpec, deployment }: Extract<Outcome, { kind: 'moved' }>): Surge =>
  surge.runSpec !== runSpec || deployment === undefined || surge.deployments.includes(deployment)
    ? surge
    : { ...surge, deployments: [...surge.deployments, deployment].slice(-MOST_DEPLOYMENTS) };

/** Of one app only the last few can be under way. */
const MOST_DEPLOYMENTS = 10;

type Launched = Extract<Outcome, { kind: 'launched' }>;

/** One entry for each offering, because each may end in another zone. A repeat replaces what it said before. */
const withLaunch = (expected: readonly Expected[], outcome: Launched): readonly Expected[] => {
  const rest = expected.filter((launch) => launch.launch !== outcome.action);
  const byOffering = new Map<string, Expected>();
  for (const { id, offering } of outcome.machines) {
    const key = offeringKey(offering);
    const known = byOffering.get(key);
    byOffering.set(key, {
      launch: outcome.action,
      pool: outcome.pool,
      offering,
      at: outcome.at,
      machines: [...(known?.machines ?? []), id],
      count: (known?.count ?? 0) + 1,
      absentAt: [],
    });
  }
  return [...rest, ...[...byOffering.keys()].sort().flatMap((key) => byOffering.get(key) ?? [])];
};

const withUnknown = (
  expected: readonly Expected[],
  action: string,
  launch: { readonly pool: string; readonly offering: Expected['offering']; readonly count: number },
  at: Millis,
): readonly Expected[] => [
  ...expected.filter((entry) => entry.launch !== action),
  {
    launch: action,
    pool: launch.pool,
    offering: launch.offering,
    at,
    machines: [],
    count: launch.count,
    absentAt: [],
  },
];

/** Makes an offering cold after an error, longer each time it fails again; a repeat of the same news changes nothing. */
export const chill = (cold: readonly Cold[], error: OfferingError, at: Millis): readonly Cold[] => {
  const key = coldKey(error);
  const before = cold.find((entry) => entry.key === key);
  if (before?.since === at) return cold;
  const failures = (before?.failures ?? 0) + 1;
  const entry: Cold = { key, code: error.code, failures, since: at, until: at + coldFor(error, failures) };
  return [...cold.filter((other) => other.key !== key), entry].sort((a, b) => (a.key < b.key ? -1 : 1));
};

const coldFor = (error: OfferingError, failures: number): Millis => {
  if (error.kind === 'unsupported') return UNSUPPORTED_MS;
  if (error.kind === 'quota') return QUOTA_MS;
  return Math.min(COLD_LONGEST_MS, COLD_FIRST_MS * 2 ** (failures - 1));
};

/** How much goes cold: a quota binds its market in the whole region, a subnet without addresses its zone. */
const coldKey = ({ offering, kind, code }: OfferingError): string => {
  const { cloud, region, zone, market } = offering;
  if (kind === 'quota') return `${cloud}/${region}/*/*/${market}`;
  if (code === 'InsufficientFreeAddressesInSubnet') return `${cloud}/${region}/${zone}/*/*`;
  return offeringKey(offering);
};
