// Tasks on agents: launch, run, end, and the updates about it. An update of an agent is repeated until the framework
// has it; one that the master makes is sent once and lost when nobody listens (C8).
import type { Resources } from '../../core/model/resources';
import { add, NOTHING } from '../../core/model/resources';
import type { Reserved, RoleResources, TaskRow, TaskState, TaskStatusRow } from './api';
import { TERMINAL_STATES } from './api';
import type { Agent, Framework, Master, Task, Update } from './master';
import { bump, giveBack, isTalking, useResources } from './master';
import { considerAgent } from './offers';
import { rangesOf } from './ports';
import type { Reservation } from './reservations';

const COMPLETED_PER_FRAMEWORK = 1000;

export type NewTask = {
  readonly id: string;
  readonly name: string;
  readonly need: Resources;
  readonly taken: ReadonlyMap<string, Resources>;
  readonly ports: readonly number[];
  readonly reservation?: Reservation | undefined;
  readonly graceMs?: number;
  readonly isStuck?: boolean;
};

export const isTerminal = (state: TaskState): boolean =>
  (TERMINAL_STATES as readonly string[]).includes(state);

/** The agent's resources are taken at once; its executor starts when the message arrives. */
export const launchTask = (master: Master, agent: Agent, framework: Framework, wanted: NewTask): Task => {
  const task: Task = {
    ...wanted,
    agent,
    framework,
    statuses: [],
    state: 'TASK_STAGING',
    killing: false,
    arrived: false,
    running: false,
  };
  agent.tasks.set(task.id, task);
  master.tasks.set(task.id, task);
  useResources(agent, task.taken);
  if (task.reservation !== undefined) task.reservation.isInUse = true;
  for (const port of task.ports) agent.ports.taken.add(port);
  master.events.emit({ type: 'TASK_ADDED', task: taskRow(task) });
  tell(master, agent, () => startExecutor(master, task));
  return task;
};

const startExecutor = (master: Master, task: Task): void => {
  task.arrived = true;
  if (task.agent.drain?.state === 'DRAINING') {
    report(
      master,
      task,
      statusOf(master, 'TASK_DROPPED', {
        reason: 'REASON_AGENT_DRAINING',
        message: 'Task was received while agent was draining',
      }),
    );
    return;
  }
  if (task.isStuck !== true) startRunning(master, task);
};

const startRunning = (master: Master, task: Task): void => {
  const { timeline, dice, settings } = master.base;
  task.next = timeline.after(dice.span('task-start', settings.marathon.taskStartMs), () => {
    task.running = true;
    report(master, task, statusOf(master, 'TASK_STARTING'));
    report(master, task, statusOf(master, 'TASK_RUNNING'));
  });
};

/** What hung comes loose. */
export const unstick = (master: Master, task: Task): void => {
  if (task.isStuck !== true) return;
  task.isStuck = false;
  if (task.arrived && !task.killing && !isTerminal(task.state)) startRunning(master, task);
};

export type KillOrder = {
  readonly graceMs?: number | undefined;
  readonly reason?: string;
  readonly rewrite?: TaskState;
};

/** TERM, and KILL after the grace. Nothing happens to a task that is already being killed. */
export const killTask = (master: Master, task: Task, order: KillOrder = {}): void =>
  tell(master, task.agent, () => {
    if (task.killing || isTerminal(task.state)) return;
    task.killing = true;
    task.next?.cancel();
    const { timeline, dice, settings } = master.base;
    const graceMs = order.graceMs ?? task.graceMs ?? settings.mesos.defaultGraceMs;
    const stopMs = Math.min(task.stopMs ?? dice.span('task-stop', settings.marathon.taskStopMs), graceMs);
    task.next = timeline.after(stopMs, () =>
      report(
        master,
        task,
        statusOf(
          master,
          order.rewrite ?? 'TASK_KILLED',
          order.reason === undefined ? {} : { reason: order.reason },
        ),
      ),
    );
  });

/** The executor's own end: a crash or a finish. */
export const endTask = (master: Master, task: Task, state: TaskState, message: string): void => {
  if (task.agent.dead || isTerminal(task.state)) return;
  task.next?.cancel();
  report(master, task, statusOf(master, state, { message }));
};

/** A message of the leader to an agent; it waits while the network is down. A dead agent never gets it. */
const tell = (master: Master, agent: Agent, deliver: () => void): void => {
  if (isTalking(master, agent)) deliver();
  else if (!agent.dead) agent.inbox.push(deliver);
};

export const statusOf = (
  master: Master,
  state: TaskState,
  more: Partial<Pick<TaskStatusRow, 'reason' | 'message' | 'source'>> = {},
): TaskStatusRow => ({
  state,
  at: master.base.timeline.now(),
  source: more.source ?? 'SOURCE_EXECUTOR',
  ...more,
});

/** From an agent, through the leader, to the framework; kept and repeated while any of them is away. */
const report = (master: Master, task: Task, status: TaskStatusRow): void => {
  if (task.agent.dead) return;
  const update = { task, status };
  if (isTalking(master, task.agent) && task.framework.connected) {
    settle(master, update);
    return;
  }
  task.agent.outbox.push(update);
  if (isTalking(master, task.agent)) task.unacknowledged = status.state;
};

/** After the agent or the framework is back. */
export const flushOutbox = (master: Master, agent: Agent): void => {
  const held = agent.outbox.splice(0);
  for (const update of held) {
    if (isTalking(master, agent) && update.task.framework.connected) settle(master, update);
    else agent.outbox.push(update);
  }
};

/** Known to the leader, delivered, acknowledged. */
const settle = (master: Master, update: Update): void => {
  const { task, status } = update;
  if (isTerminal(task.state)) return;
  task.unacknowledged = undefined;
  task.state = status.state;
  task.statuses.push(status);
  if (isTerminal(status.state)) removeTask(master, task);
  else master.events.emit({ type: 'TASK_UPDATED', task: taskRow(task) });
  // It went away with its task: nobody acknowledges, so nobody looks at a drain.
  if (isTerminal(status.state) && task.endsFramework === true) {
    master.hooks.frameworkEnded(task.framework);
    return;
  }
  task.framework.scheduler?.update(update);
  if (isTerminal(status.state)) master.hooks.taskEnded(task.agent);
};

/** What the leader itself says of a task. Lost when the framework is not connected. */
export const masterUpdate = (master: Master, task: Task, status: TaskStatusRow): void => {
  task.state = status.state;
  task.statuses.push(status);
  if (isTerminal(status.state)) removeTask(master, task);
  else master.events.emit({ type: 'TASK_UPDATED', task: taskRow(task) });
  if (task.framework.connected) task.framework.scheduler?.update({ task, status });
};

const removeTask = (master: Master, task: Task): void => {
  master.tasks.delete(task.id);
  master.lost.delete(task.id);
  forgetTask(task);
  considerAgent(master, task.agent);
  bump(master, `tasks_${task.state.slice(5).toLowerCase()}`);
  const row = taskRow(task);
  const done = master.completed.get(task.framework.id) ?? [];
  done.push(row);
  if (done.length > COMPLETED_PER_FRAMEWORK) done.shift();
  master.completed.set(task.framework.id, done);
  master.events.emit({ type: 'TASK_UPDATED', task: row });
};

/** A task that only a former leader knew of. */
export const forgetTask = (task: Task): void => {
  task.next?.cancel();
  if (!task.agent.tasks.delete(task.id)) return;
  giveBack(task.agent, task.taken);
  if (task.reservation !== undefined) task.reservation.isInUse = false;
  for (const port of task.ports) task.agent.ports.taken.delete(port);
};

/** One row a role, whatever is reserved in it. */
export const withReserved = (
  rows: readonly RoleResources[],
  reservations: Iterable<Reserved>,
): RoleResources[] => {
  const byRole = new Map(rows.map((row) => [row.role, row]));
  for (const { role, resources, principal, labels, volumes } of reservations) {
    const row = byRole.get(role) ?? { role, resources: NOTHING, portRanges: [] };
    byRole.set(role, {
      ...row,
      resources: add(row.resources, resources),
      reserved: [...(row.reserved ?? []), { role, resources, principal, labels, volumes }],
    });
  }
  return [...byRole.values()];
};

export const taskRow = (task: Task): TaskRow => ({
  id: task.id,
  name: task.name,
  agentId: task.agent.id,
  frameworkId: task.framework.id,
  state: task.unacknowledged ?? task.state,
  resources: [
    ...[...task.taken].map(([role, resources]) => ({
      role,
      resources,
      portRanges: resources.ports > 0 ? rangesOf(task.ports) : [],
    })),
    ...(task.reservation === undefined ? [] : withReserved([], [task.reservation])),
  ],
  statuses: [...task.statuses],
  labels: {},
});
