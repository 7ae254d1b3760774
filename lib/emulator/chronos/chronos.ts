// Chronos: jobs that are due wait until an agent has room, run as tasks of a framework of its own and end (semantics §3).
// What it tells of a job is in memory only.
import { iso } from '../base';
import { occupy, release } from '../mesos/frameworks';
import type { Agent, Master } from '../mesos/master';
import { isOffered } from '../mesos/offers';
import { isTerminal } from '../mesos/tasks';

export type NewJob = {
  readonly name: string;
  /** 0.1 when absent or 0, as Chronos has it. */
  readonly cpus?: number;
  /** MiB; 128 when absent or 0. */
  readonly mem?: number;
  readonly disk?: number;
  /** How long a run takes, in virtual milliseconds. */
  readonly runMs: number;
  /** `R[n]/ISO 8601/PT<n>S|M|H`; without it the job runs only when told to. */
  readonly schedule?: string;
  readonly parents?: readonly string[];
  readonly disabled?: boolean;
  /** How often a lost or failed run is repeated; 2 when absent. */
  readonly retries?: number;
};

export type JobSummary = {
  readonly name: string;
  readonly status: 'fresh' | 'success' | 'failure';
  /** `idle`, `queued` or `<n> running`; what waits is hidden while another run of the job is under way. */
  readonly state: string;
  readonly schedule: string;
  readonly parents: readonly string[];
  readonly disabled: boolean;
};

export type Chronos = {
  /** In place of a job of this name. Throws Error on a schedule that it cannot read. */
  addJob(job: NewJob): void;
  /** A run is due now. Throws Error for an unknown job. */
  run(name: string): void;
  summary(): readonly JobSummary[];
  /** GET /v1/scheduler/jobs. */
  jobs(): readonly Readonly<Record<string, unknown>>[];
};

type Run = { readonly job: Job; left: number };
type Job = {
  readonly given: NewJob;
  status: JobSummary['status'];
  lastSuccess: string;
  readonly queued: Run[];
  readonly running: Map<string, Run>;
};
type State = {
  readonly master: Master;
  readonly jobs: Map<string, Job>;
  isPolling: boolean;
  isListening: boolean;
};

const FRAMEWORK = 'chronos';

export const createChronos = (master: Master): Chronos => {
  const state: State = { master, jobs: new Map(), isPolling: false, isListening: false };
  return {
    addJob: (given) => {
      const job: Job = { given, status: 'fresh', lastSuccess: '', queued: [], running: new Map() };
      const times = given.schedule === undefined ? undefined : readSchedule(given.schedule);
      state.jobs.set(given.name, job);
      if (times !== undefined) planRun(state, job, times);
    },
    run: (name) => {
      const job = state.jobs.get(name);
      if (job === undefined) throw new Error(`Chronos has no job ${name}.`);
      enqueue(state, { job, left: job.given.retries ?? 2 });
    },
    summary: () => [...state.jobs.values()].map(summaryOf),
    jobs: () => [...state.jobs.values()].map(jobOf),
  };
};

type Times = { readonly left: number; readonly at: number; readonly everyMs: number };

const UNIT_MS: Readonly<Record<string, number>> = { S: 1000, M: 60_000, H: 3_600_000 };

const readSchedule = (text: string): Times => {
  const [, count = '', start = '', amount = '', unit = ''] =
    /^R(\d*)\/([^/]*)\/PT(\d+)([SMH])$/.exec(text) ?? [];
  const at = Date.parse(start);
  if (unit === '' || Number.isNaN(at))
    throw new Error(`The emulated Chronos cannot read the schedule ${text}.`);
  return {
    left: count === '' ? Number.POSITIVE_INFINITY : Number(count),
    at,
    everyMs: Number(amount) * (UNIT_MS[unit] ?? 0),
  };
};

const planRun = (state: State, job: Job, times: Times): void => {
  if (times.left <= 0) return;
  state.master.base.timeline.at(times.at, () => {
    if (state.jobs.get(job.given.name) !== job || job.given.disabled === true) return;
    enqueue(state, { job, left: job.given.retries ?? 2 });
    planRun(state, job, { ...times, left: times.left - 1, at: times.at + times.everyMs });
  });
};

const enqueue = (state: State, run: Run): void => {
  run.job.queued.push(run);
  poll(state);
};

/** Offers come once an allocation interval while anything waits. */
const poll = (state: State): void => {
  if (state.isPolling) return;
  const { timeline, settings } = state.master.base;
  state.isPolling = true;
  timeline.after(settings.mesos.allocationIntervalMs, () => {
    state.isPolling = false;
    if (state.master.leads) for (const job of state.jobs.values()) startAll(state, job);
    if ([...state.jobs.values()].some(({ queued }) => queued.length > 0)) poll(state);
  });
};

const startAll = (state: State, job: Job): void => {
  while (job.queued[0] !== undefined && start(state, job.queued[0])) job.queued.shift();
};

const start = (state: State, run: Run): boolean => {
  const { master } = state;
  const { given } = run.job;
  const need = {
    cpuMilli: Math.ceil((given.cpus || 0.1) * 1000),
    memMib: given.mem || 128,
    diskMib: given.disk ?? 0,
  };
  const agent = [...master.agents.values()].find((one) => isOffered(one) && hasRoom(one, need));
  if (agent === undefined) return false;
  listen(state);
  const id = occupy(master, agent.id, need, { name: FRAMEWORK });
  run.job.running.set(id, run);
  master.base.timeline.after(given.runMs, () => {
    if (run.job.running.has(id) && master.tasks.has(id)) release(master, id);
  });
  return true;
};

const hasRoom = (
  agent: Agent,
  need: { readonly cpuMilli: number; readonly memMib: number; readonly diskMib: number },
): boolean => {
  const [total, used] = [agent.total.get('*'), agent.used.get('*')];
  if (total === undefined) return false;
  return (['cpuMilli', 'memMib', 'diskMib'] as const).every(
    (dimension) => total[dimension] - (used?.[dimension] ?? 0) >= need[dimension],
  );
};

/** It is not partition-aware: a task out of reach is a lost one. */
const listen = (state: State): void => {
  if (state.isListening) return;
  state.isListening = true;
  state.master.events.subscribe((event) => {
    if (event.type !== 'TASK_UPDATED') return;
    const { id, state: now } = event.task;
    if (!isTerminal(now) && now !== 'TASK_UNREACHABLE') return;
    for (const job of state.jobs.values()) {
      const run = job.running.get(id);
      if (run !== undefined) finish(state, run, id, now === 'TASK_FINISHED');
    }
  });
};

const finish = (state: State, run: Run, id: string, hasSucceeded: boolean): void => {
  run.job.running.delete(id);
  run.job.status = hasSucceeded ? 'success' : 'failure';
  if (hasSucceeded) {
    run.job.lastSuccess = iso(state.master.base.timeline.now());
    for (const child of state.jobs.values())
      if (child.given.parents?.includes(run.job.given.name) === true)
        enqueue(state, { job: child, left: child.given.retries ?? 2 });
  } else if (run.left > 0) enqueue(state, { job: run.job, left: run.left - 1 });
};

const summaryOf = ({ given, status, queued, running }: Job): JobSummary => ({
  name: given.name,
  status,
  state: running.size > 0 ? `${running.size} running` : queued.length > 0 ? 'queued' : 'idle',
  schedule: given.schedule ?? '',
  parents: given.parents ?? [],
  disabled: given.disabled ?? false,
});

const jobOf = ({ given, lastSuccess }: Job): Readonly<Record<string, unknown>> => ({
  name: given.name,
  command: 'true',
  cpus: given.cpus || 0.1,
  mem: given.mem || 128,
  disk: given.disk ?? 0,
  disabled: given.disabled ?? false,
  retries: given.retries ?? 2,
  lastSuccess,
  constraints: [],
  ...(given.schedule === undefined ? {} : { schedule: given.schedule }),
  ...(given.parents === undefined ? {} : { parents: given.parents }),
});
