// One look at the world: every source in parallel, each with its age and whether it is complete. A source that fails is
// unknown and says so; it never takes the turn down and is never taken for empty.
import { isCounting } from '../core/constraints';
import { agentsToAsk, runSpecsToRead, type Seen } from '../core/drain/reads';
import { windowsOf } from '../core/labels';
import type { AppState, QueueItem } from '../core/model/app';
import type { Memory } from '../core/model/memory';
import type { Scope } from '../core/model/offering';
import { scopeKey } from '../core/model/offering';
import type { CloudView, Source, World } from '../core/model/world';
import { type Engine, scopesOf } from './engine';
import { messageOf } from './failure';
import { readFacts } from './facts';
import { factScopes } from './ingest';

/** `memory` says of which agents and run specs more has to be known. */
export const observe = async (engine: Engine, memory: Memory): Promise<World> => {
  const { spec, clock } = engine;
  const scopes = scopesOf(spec.pools);
  const [clouds, agents, [queue, tasks], goods, facts, schedules, denied] = await Promise.all([
    Promise.all(scopes.map((scope) => observeCloud(engine, scope))),
    seen(engine, 'the Mesos master', [], () => engine.mesos.agents()),
    observeMarathon(engine),
    observeCatalogue(engine),
    readFacts(engine.store, factScopes({ cluster: spec.cluster, scopes }), clock.now()),
    engine.calendar.open(spec.schedules, clock.now()),
    deniedIn(engine),
  ]);
  const machines = clouds.flatMap(({ value }) => value);
  const moving = await observeMoving(engine, {
    memory,
    machines,
    agents: agents.value,
    facts: facts.value,
    pools: spec.pools,
    now: agents.at,
  });
  return {
    clouds,
    agents,
    queue,
    tasks,
    ...moving,
    ...goods,
    facts,
    schedules,
    denied,
    windows: await windowsIn(engine, moving.apps.value),
    templates: spec.pools.flatMap(({ name }) => {
      const template = engine.templates[name];
      return template === undefined
        ? []
        : [{ pool: name, image: template.image, bootstrap: template.bootstrap }];
    }),
  };
};

/** A blackout window is a schedule that holds nothing. */
const deniedIn = async ({ calendar, clock, spec }: Engine): Promise<World['denied']> => {
  const windows = spec.pools.flatMap(({ name, disruption }) =>
    disruption.windows.map(({ deny: cron, forMs, zone }) => ({
      name,
      pool: name,
      min: 0,
      cron,
      forMs,
      zone,
    })),
  );
  const open = await calendar.open(windows, clock.now());
  return open.map(({ pool, until }) => ({ pool, until }));
};

/** Of apps that name the only times in which they may be disrupted: whose is open. One that the calendar cannot read is not,
 *  so that nothing is moved on a guess. */
const windowsIn = async (engine: Engine, apps: readonly AppState[]): Promise<World['windows']> => {
  const now = engine.clock.now();
  const found = apps.map(async ({ runSpec }): Promise<World['windows']> => {
    const windows = windowsOf(runSpec) ?? [];
    const schedules = windows.map((window) => ({ name: runSpec.id, pool: '', min: 0, ...window }));
    try {
      const open = await engine.calendar.open(schedules, now);
      const until = open.reduce((last, one) => Math.max(last, one.until), 0);
      return until > now ? [{ runSpec: runSpec.id, until }] : [];
    } catch (error) {
      const { cluster } = engine.spec;
      engine.log.warn('window not read', { cluster, subject: runSpec.id, why: messageOf(error) });
      return [];
    }
  });
  return (await Promise.all(found)).flat();
};

/** What a source says, or that it could not be asked. */
const seen = async <T>(
  engine: Engine,
  what: string,
  nothing: T,
  ask: () => Promise<Source<T>>,
): Promise<Source<T>> => {
  const started = engine.clock.now();
  try {
    const source = await ask();
    engine.meter.time('ObserveMs', engine.clock.now() - started);
    return source;
  } catch (error) {
    return unknown(engine, what, nothing, error);
  }
};

/** Told, counted, and never taken for empty. */
const unknown = <T>(engine: Engine, what: string, value: T, error: unknown): Source<T> => {
  const why = messageOf(error);
  engine.log.warn('source unknown', { cluster: engine.spec.cluster, source: what, why });
  engine.meter.count('SourcesUnknown');
  const faults = [`${what} could not be read: ${why}`];
  return { at: engine.clock.now(), complete: false, faults, value };
};

const observeCloud = async (engine: Engine, scope: Scope): Promise<CloudView> => {
  const cloud = engine.clouds[scope.cloud];
  const view = await seen(engine, `the machines of ${scopeKey(scope)}`, [], async () => {
    if (cloud === undefined) throw new Error(`no adapter for the cloud ${scope.cloud} is configured`);
    return cloud.machines(scope, engine.spec.cluster);
  });
  return { ...view, scope };
};

/** Tasks are fetched only for run specs whose constraints have to count them. */
const observeMarathon = async (engine: Engine): Promise<readonly [World['queue'], World['tasks']]> => {
  const queue = await seen(engine, "Marathon's queue", [], () => engine.marathon.queue());
  const counted = queue.value
    .filter(countsTasks)
    .map(({ runSpec }) => ({ id: runSpec.id, kind: runSpec.kind }));
  if (counted.length === 0) return [queue, { at: queue.at, complete: true, faults: [], value: [] }];
  const tasks = await seen(engine, "Marathon's tasks", [], () => engine.marathon.tasks(counted));
  return [queue, tasks];
};

/** What has to be known of agents that are emptied or dead, and of the run specs there. Mostly that is nothing. */
const observeMoving = async (engine: Engine, known: Seen): Promise<Pick<World, 'hosted' | 'apps'>> => {
  const nothing = { at: engine.clock.now(), complete: true, faults: [], value: [] };
  const agents = agentsToAsk(known);
  const hosted =
    agents.length === 0
      ? nothing
      : await seen(engine, 'what runs on agents that are emptied', [], () => engine.marathon.hosted(agents));
  const named = runSpecsToRead(known.memory, hosted.value);
  if (named.length === 0) return { hosted, apps: nothing };
  const apps = await seen(engine, 'the apps that have to move', [], () => engine.marathon.apps(named));
  return { hosted, apps };
};

const countsTasks = (item: QueueItem): boolean => item.runSpec.constraints.some(isCounting);

const observeCatalogue = async (engine: Engine): Promise<Pick<World, 'shapes' | 'offerings'>> => {
  try {
    return await engine.catalogue.offerings(engine.spec.pools);
  } catch (error) {
    const offerings = unknown(engine, 'the catalogue of shapes', [], error);
    return { shapes: { ...offerings, faults: [] }, offerings };
  }
};
