// Frameworks of the cluster: Marathon, which takes offers, and others, whose tasks are simply there.
import type { Resources } from '../../core/model/resources';
import { fits, NOTHING } from '../../core/model/resources';
import { MesosFailure } from './api';
import type { TaskState } from './api';
import type { Agent, Framework, Master, Scheduler } from './master';
import { freeOf, useResources } from './master';
import { choosePorts } from './ports';
import { frameworkRow } from './rows';
import { endTask, flushOutbox, masterUpdate, statusOf, taskRow } from './tasks';

export const addFramework = (
  master: Master,
  name: string,
  options: { readonly roles: readonly string[]; readonly scheduler?: Scheduler },
): Framework => {
  const framework: Framework = {
    id: `${master.leaderId}-${String(master.frameworkNumber++).padStart(4, '0')}`,
    name,
    roles: options.roles,
    registeredAt: master.base.timeline.now(),
    connected: true,
    ...(options.scheduler === undefined ? {} : { scheduler: options.scheduler }),
  };
  master.frameworks.set(name, framework);
  return framework;
};

/** A framework is there again: agents repeat what it has not acknowledged. */
export const frameworkReturned = (master: Master, framework: Framework): void => {
  framework.connected = true;
  for (const agent of master.agents.values()) if (agent.outbox.length > 0) flushOutbox(master, agent);
};

/** @throws MesosFailure 400 when the agent is unknown or has no room. */
export const occupy = (
  master: Master,
  agentId: string,
  wanted: Partial<Resources>,
  { name, ...more }: Occupation,
): string => {
  const agent = master.agents.get(agentId);
  if (agent === undefined || agent.standing !== 'registered') throw new MesosFailure(400, 'Unknown agent');
  const framework = master.frameworks.get(name) ?? addFramework(master, name, { roles: ['*'] });
  const need = { ...NOTHING, ...wanted };
  const role = [...agent.total.keys()].find((one) => fits(need, freeOf(agent, one)));
  const ports = choosePorts(
    agent.ports,
    Array.from({ length: need.ports }, () => 0),
    0,
  );
  if (role === undefined || ports === undefined)
    throw new MesosFailure(400, `Agent ${agentId} has no room for that`);
  const id = `${name}-${master.base.dice.hex('other-task', 12)}`;
  const taken = new Map([[role, need]]);
  place(master, { agent, framework, id, need, taken, ports, ...more });
  return id;
};

type Occupation = {
  /** The framework's. */
  readonly name: string;
  readonly graceMs?: number;
  readonly stopMs?: number;
  readonly endsFramework?: boolean;
};

type Placement = Omit<Occupation, 'name'> & {
  readonly agent: Agent;
  readonly framework: Framework;
  readonly id: string;
  readonly need: Resources;
  readonly taken: ReadonlyMap<string, Resources>;
  readonly ports: readonly number[];
};

/** It runs from the start: when the world begins to be watched, others were there already. */
const place = (master: Master, placement: Placement): void => {
  const { agent, framework, id, taken, ports } = placement;
  const running: TaskState = 'TASK_RUNNING';
  const task = {
    ...placement,
    name: id,
    statuses: [statusOf(master, running)],
    state: running,
    killing: false,
    arrived: true,
    running: true,
  };
  agent.tasks.set(id, task);
  master.tasks.set(id, task);
  useResources(agent, taken);
  for (const port of ports) agent.ports.taken.add(port);
  master.events.emit({ type: 'TASK_ADDED', task: taskRow(task) });
  master.base.scribe.write('task-placed', id, `${framework.name} runs ${id} on ${agent.hostname}.`);
};

export const disconnectFramework = (
  master: Master,
  name: string,
  options: { readonly failoverTimeoutMs?: number } = {},
): void => {
  const framework = named(master, name);
  framework.connected = false;
  framework.isAway = true;
  if (options.failoverTimeoutMs === undefined) return;
  master.base.timeline.after(options.failoverTimeoutMs, () => {
    if (!framework.connected && master.frameworks.get(name) === framework) removeFramework(master, framework);
  });
};

export const reconnectFramework = (master: Master, name: string): void => {
  const framework = named(master, name);
  framework.isAway = false;
  frameworkReturned(master, framework);
};

const named = (master: Master, name: string): Framework => {
  const framework = master.frameworks.get(name);
  if (framework !== undefined) return framework;
  throw new MesosFailure(400, 'No framework found with specified ID');
};

/** @throws MesosFailure 400 when it is unknown. */
export const teardown = (master: Master, frameworkId: string): void => {
  const framework = [...master.frameworks.values()].find(({ id }) => id === frameworkId);
  if (framework === undefined) throw new MesosFailure(400, 'No framework found with specified ID');
  removeFramework(master, framework);
};

/** Nobody looks whether a drain is done because of it: an agent that only its tasks held up stays DRAINING. */
export const removeFramework = (master: Master, framework: Framework): void => {
  framework.connected = false;
  master.frameworks.delete(framework.name);
  for (const agent of master.agents.values()) {
    for (const task of [...agent.tasks.values()].filter((one) => one.framework === framework)) {
      task.unacknowledged = undefined;
      masterUpdate(
        master,
        task,
        statusOf(master, 'TASK_KILLED', {
          source: 'SOURCE_MASTER',
          message: `Framework ${framework.id} removed`,
        }),
      );
    }
    const held = agent.outbox.filter(({ task }) => task.framework !== framework);
    agent.outbox.splice(0, agent.outbox.length, ...held);
  }
  master.events.emit({ type: 'FRAMEWORK_REMOVED', framework: frameworkRow(framework) });
};

export const release = (master: Master, taskId: string): void => {
  const task = master.tasks.get(taskId);
  if (task === undefined) throw new MesosFailure(404, `Task '${taskId}' not found`);
  endTask(master, task, 'TASK_FINISHED', 'Command exited with status 0');
};
