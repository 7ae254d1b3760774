// Machines that are lost, taken or emptied, on the emulated world with the real engine and the real ingest: a turn runs
// within a second of an event, when the plan asks for one, and every minute. All times are virtual seconds.
import { healthyFloor } from '../../lib/core/labels';
import { isLive } from '../../lib/core/model/machine';
import type { Pool } from '../../lib/core/model/spec';
import { messageOf } from '../../lib/engine/failure';
import { recall } from '../../lib/engine/recall';
import { requestDrain, tell, type Health, watchHealth } from '../builders/draining';
import { type Driver, drive } from '../builders/driven';
import { appIn, type EmulatedFleet, emulatedFleet } from '../builders/emulated-fleet';
import { aPool, aSpec, MINUTE } from '../builders/fleet';
import type { Figures } from './figures';

const SEED = 7;
const APPS = 10;
const CALM = { budget: { percent: 100 }, windows: [], emptyForMs: 24 * 60 * MINUTE } as const;

type Size = {
  readonly agents: number;
  readonly tasksEach: number;
  /** Agents without a task, beside those. */
  readonly spare: number;
};
type Grown = { readonly fleet: EmulatedFleet; readonly driver: Driver; readonly apps: readonly App[] };
type App = { readonly id: string; readonly instances: number };

/** So many agents that are full, and so many that are empty. */
const grown = async ({ agents, tasksEach, spare }: Size, markets: Pool['markets']): Promise<Grown> => {
  const shapes = { ...aPool().shapes, families: [], names: ['m7i.xlarge'] };
  const size = { min: agents + spare, max: 1000 };
  const fleet = emulatedFleet({
    spec: aSpec({ pools: [aPool({ disruption: CALM, shapes, size, markets })] }),
    seed: SEED,
  });
  const driver = drive(fleet);
  const isReady = await driver.until(() => fleet.world.mesos.agents().length >= agents + spare, 600);
  const instances = (agents * tasksEach) / APPS;
  const apps = Array.from({ length: APPS }, (_, nth) => ({ id: `/app-${nth}`, instances }));
  for (const { id } of apps)
    fleet.world.marathon.createApp(
      // 3.75 cpus and 15 GiB of each machine are for tasks.
      appIn('web', id, instances, { cpus: 3.75 / tasksEach, mem: Math.floor((15 * 1024) / tasksEach) }),
    );
  const wanted = instances * APPS;
  const isBusy = await driver.until(() => runningOf(fleet) === wanted, 1800);
  if (!isReady || !isBusy)
    throw new Error(`${runningOf(fleet)} of ${wanted} tasks run before anything began.`);
  return { fleet, driver, apps };
};

const runningOf = ({ world }: EmulatedFleet): number => world.marathon.tasks({ status: 'running' }).length;

/** Machines with tasks, in the order of their ids, and how many tasks each has. */
const laden = ({ world }: EmulatedFleet) => {
  const counts = new Map<string, number>();
  for (const { slaveId } of world.marathon.tasks()) counts.set(slaveId, (counts.get(slaveId) ?? 0) + 1);
  return world.mesos
    .agents()
    .flatMap(({ id, attributes }) => {
      const tasks = counts.get(id) ?? 0;
      const machine = attributes['instance_id'];
      return tasks === 0 || machine?.kind !== 'text' ? [] : [{ agent: id, machine: machine.value, tasks }];
    })
    .sort((a, b) => (a.machine < b.machine ? -1 : 1));
};

const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

const noFailure = ({ failures }: EmulatedFleet): void =>
  must(failures.length === 0, `Turns failed: ${failures.map(messageOf).join('; ')}`);

// ---- failover ----------------------------------------------------------------------------------------------------

type Failover = {
  readonly lost: number;
  readonly gone: number;
  readonly staged: number;
  /** Infinity when not all of them ran in the time that was watched. */
  readonly running: number;
};
type Death = { readonly percent: number; readonly spare: number };
const WATCHED_S = 400;

/** Seconds from the cloud's word until the last agent is marked gone, and until as many tasks as were lost are staged, and
 *  run, elsewhere. */
const failover = async ({ percent, spare }: Death, isMusterOn: boolean): Promise<Failover> => {
  const { fleet, driver } = await grown({ agents: 100, tasksEach: 3, spare }, ['on-demand']);
  const { world } = fleet;
  const dead = laden(fleet).slice(0, percent);
  const lost = dead.reduce((sum, { tasks }) => sum + tasks, 0);
  const wanted = runningOf(fleet);
  if (!isMusterOn) driver.by(undefined);
  const since = world.now();
  const entries = world.chronicle.entries().length;
  for (const { machine } of dead) world.troubles.killMachine(machine);
  const after = (kind: string, nth: number): number => {
    const found = world.chronicle
      .entries()
      .slice(entries)
      .filter((entry) => entry.kind === kind);
    return ((found[nth - 1]?.at ?? Infinity) - since) / 1000;
  };
  const isOver = await driver.until(() => after('task-running', lost) < Infinity, WATCHED_S);
  must(isOver === (runningOf(fleet) === wanted), `${runningOf(fleet)} of ${wanted} tasks run in the end.`);
  noFailure(fleet);
  return {
    lost,
    gone: after('agent-gone', dead.length),
    staged: after('task-placed', lost),
    running: after('task-running', lost),
  };
};

export const failoverBench = async (death: Death): Promise<Figures> => {
  const on = await failover(death, true);
  const off = await failover(death, false);
  must(on.lost === off.lost, 'The two runs lost different tasks.');
  must(on.running < Infinity, 'Not all of what was lost runs again.');
  const isEver = off.running < Infinity;
  must(isEver === death.spare > 0, 'Without Muster what was lost runs again only where there is room.');
  return {
    name: `Failover of ${death.percent} % of 100 agents whose hosts die, ${death.spare > 0 ? 'room elsewhere' : 'no room elsewhere'}`,
    figures: {
      'tasks lost': on.lost,
      's until the last agent is marked gone': on.gone,
      's until the last task is staged': on.staged,
      's until the last task runs': on.running,
      "s until the last task runs, Mesos' defaults alone": isEver ? off.running : `never in ${WATCHED_S}`,
      ...(isEver ? { 'times as long': off.running / on.running } : {}),
    },
    note: 'Same seed, same machines; without Muster only Mesos and Marathon act.',
  };
};

// ---- spot storm --------------------------------------------------------------------------------------------------

type Storm = { readonly noticeS: number; readonly spare: number };

export const spotBench = async ({ noticeS, spare }: Storm): Promise<Figures> => {
  const { fleet, driver, apps } = await grown({ agents: 100, tasksEach: 15, spare }, ['spot', 'on-demand']);
  const { world } = fleet;
  const taken = laden(fleet).slice(0, 20);
  const toMove = taken.reduce((sum, { tasks }) => sum + tasks, 0);
  const wanted = runningOf(fleet);
  const health = watchHealth(fleet);
  const agents = new Set(taken.map(({ agent }) => agent));
  const deadline = world.now() + noticeS * 1000;
  for (const { machine } of taken) {
    world.troubles.spotNotice(machine, { endsAfterMs: noticeS * 1000 });
    await tell(fleet, machine, { kind: 'interruption', action: 'terminate', deadline });
  }
  await driver.until(() => world.now() >= deadline, noticeS);
  const elsewhere = world.marathon
    .tasks({ status: 'running' })
    .filter(({ slaveId }) => !agents.has(slaveId)).length;
  const isOver = await driver.until(() => runningOf(fleet) >= wanted, 900);
  must(isOver, `${runningOf(fleet)} of ${wanted} tasks run after a storm.`);
  await driver.seconds(180);
  must(runningOf(fleet) === wanted, `${runningOf(fleet)} instead of ${wanted} tasks run in the end.`);
  noFailure(fleet);
  const moved = toMove - Math.max(0, wanted - elsewhere);
  const most = Math.min(toMove, launchable(world.settings.marathon, noticeS));
  return {
    name: `Spot storm: 20 of 100 machines get ${noticeS} s of notice at once, ${spare === 0 ? 'no room elsewhere' : `${spare} empty agents`}`,
    figures: {
      'tasks that have to move': toMove,
      '% that run elsewhere when the machines end': (100 * moved) / toMove,
      '% that the launch limiter lets start by its time alone': (100 * most) / toMove,
      'tasks below a floor at the worst': belowFloor(apps, health),
      ...lowestOf(apps, health),
    },
    note: 'Marathon launches 100, 100 more every 30 s, and one for each that becomes healthy, which its time alone leaves out.',
  };
};

/** Launches within so many seconds by tokens alone. */
const launchable = (
  limits: { readonly launchTokens: number; readonly launchTokenRefreshMs: number },
  seconds: number,
): number => limits.launchTokens * (1 + Math.floor((seconds * 1000) / limits.launchTokenRefreshMs));

const belowFloor = (apps: readonly App[], health: Health): number =>
  apps.reduce(
    (sum, { id, instances }) =>
      sum + Math.max(0, healthyFloor({ labels: {} }, instances) - (health.get(id) ?? 0)),
    0,
  );

const lowestOf = (apps: readonly App[], health: Health) => ({
  'lowest healthy of the worst app': Math.min(...apps.map(({ id }) => health.get(id) ?? Number.NaN)),
  'its target': apps[0]?.instances ?? 0,
});

// ---- planned drains ----------------------------------------------------------------------------------------------

type Planned = Size & { readonly drains: number };

export const drainBench = async ({ drains, ...size }: Planned): Promise<Figures> => {
  const { fleet, driver, apps } = await grown(size, ['on-demand']);
  const chosen = laden(fleet).slice(0, drains);
  const toMove = chosen.reduce((sum, { tasks }) => sum + tasks, 0);
  const before = fleet.machines().filter(isLive).length;
  const health = watchHealth(fleet);
  const since = fleet.world.now();
  for (const { agent } of chosen) await requestDrain(fleet, agent);
  driver.wake();
  const endsOf = async () => (await recall(fleet.engine.store, 'prod')).memory.drained;
  const isOver = await driver.until(async () => (await endsOf()).length === drains, 3600);
  const ends = await endsOf();
  must(isOver && ends.every(({ end }) => end === 'done'), `${ends.length} of ${drains} drains are done.`);
  await driver.seconds(180);
  must(runningOf(fleet) === size.agents * size.tasksEach, `${runningOf(fleet)} tasks run in the end.`);
  noFailure(fleet);
  const times = ends.map(({ at }) => (at - since) / 1000).sort((a, b) => a - b);
  return {
    name: `Planned drain of ${drains} of ${size.agents} agents at once`,
    figures: {
      'tasks that move': toMove,
      's until the first machine is ended': times[0] ?? Number.NaN,
      's until the last machine is ended': times.at(-1) ?? Number.NaN,
      ...lowestOf(apps, health),
      'machines before': before,
      'machines after': fleet.machines().filter(isLive).length,
      turns: driver.turns(),
    },
    note: 'Every drain ends as done; copies are healthy before anything is killed.',
  };
};
