// What became of each task: when it came, when it ran, what ended it. A task that is interrupted begins anew and needs
// its whole duration again: its work is lost with it.
import type { Ticket, Timeline } from '../../emulator/timeline';
import type { EmulatedWorld } from '../../emulator/world';
import type { MachineStay } from './machines';
import type { TraceTask } from './trace';

export type TaskStory = {
  readonly task: TraceTask;
  readonly arrivedAt: number;
  firstRunAt: number | undefined;
  /** Stretches in which it wanted to run and did not. The last has no end while it waits. */
  readonly waits: { readonly from: number; to: number | undefined }[];
  finishedAt: number | undefined;
  /** Milliseconds of work that lasted: of the run that finished, or of the one under way. */
  ranMs: number;
  /** Runs that ended with a machine which the cloud took back or which died. */
  lost: number;
  /** Runs that Muster ended and that began again. */
  moved: number;
};

type Run = { readonly taskId: string; readonly host: string; readonly since: number; readonly end: Ticket };
type Entry = { readonly story: TaskStory; run: Run | undefined; isMoved: boolean };

export type Tasks = {
  readonly stories: readonly TaskStory[];
  /** What runs on a machine ends with it, long before anybody has told Marathon so. */
  readonly endOn: (machine: MachineStay) => void;
  /** Counts what still runs as run until now. To be called once, at the end. */
  readonly close: () => void;
};

export type TaskSetting = {
  readonly world: EmulatedWorld;
  /** What the trace does, on the world's time. */
  readonly script: Timeline;
  readonly beginAt: number;
};

/** Puts every arrival on the script, and follows what Marathon says of the tasks. */
export const followTasks = (tasks: readonly TraceTask[], setting: TaskSetting): Tasks => {
  const { world, script, beginAt } = setting;
  const entries = new Map<string, Entry>();
  tasks.forEach((task, index) => {
    const id = `/replay/t${index}`;
    script.at(beginAt + task.arriveMs, () => {
      entries.set(id, entryOf(task, script.now()));
      world.marathon.createApp(appOf(id, task));
    });
  });
  world.marathon.subscribe((event) => {
    if (event.eventType !== 'status_update_event') return;
    const id = String(event['appId']);
    const entry = entries.get(id);
    if (entry === undefined || entry.story.finishedAt !== undefined) return;
    const taskId = String(event['taskId']);
    const status = String(event['taskStatus']);
    if (status === 'TASK_RUNNING') {
      if (entry.run?.taskId !== taskId) begin(id, entry, { taskId, host: String(event['host']) }, setting);
    } else if (entry.run?.taskId === taskId && ENDED.has(status)) interrupt(entry, world.now(), 'moved');
  });
  return {
    get stories() {
      return [...entries.values()].map(({ story }) => story);
    },
    endOn: ({ ip, taken }) => {
      for (const entry of entries.values())
        if (entry.run?.host === ip) interrupt(entry, world.now(), taken ? 'lost' : 'moved');
    },
    close: () => {
      for (const { run, story } of entries.values())
        if (run !== undefined) story.ranMs += world.now() - run.since;
    },
  };
};

const ENDED: ReadonlySet<string> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNREACHABLE',
]);

const entryOf = (task: TraceTask, now: number): Entry => ({
  story: {
    task,
    arrivedAt: now,
    firstRunAt: undefined,
    waits: [{ from: now, to: undefined }],
    finishedAt: undefined,
    ranMs: 0,
    lost: 0,
    moved: 0,
  },
  run: undefined,
  isMoved: false,
});

const appOf = (id: string, { cpuMilli, memMib }: TraceTask) => ({
  id,
  instances: 1,
  cpus: cpuMilli / 1000,
  mem: memMib,
  portDefinitions: [],
});

const begin = (
  id: string,
  entry: Entry,
  started: Pick<Run, 'taskId' | 'host'>,
  { world, script }: TaskSetting,
): void => {
  const now = world.now();
  const { story } = entry;
  if (entry.run !== undefined) interrupt(entry, now, 'moved');
  story.firstRunAt ??= now;
  const wait = story.waits.at(-1);
  if (wait !== undefined) wait.to ??= now;
  if (entry.isMoved) story.moved += 1;
  entry.isMoved = false;
  const end = script.at(now + story.task.durationMs, () => {
    story.ranMs += story.task.durationMs;
    entry.run = undefined;
    story.finishedAt = world.now();
    world.marathon.deleteApp(id);
  });
  entry.run = { ...started, since: now, end };
};

const interrupt = (entry: Entry, now: number, why: 'lost' | 'moved'): void => {
  const { run, story } = entry;
  if (run === undefined) return;
  run.end.cancel();
  entry.run = undefined;
  story.waits.push({ from: now, to: undefined });
  if (why === 'lost') story.lost += 1;
  else entry.isMoved = true;
};
