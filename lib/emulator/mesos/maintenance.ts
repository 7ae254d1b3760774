// Maintenance: a schedule that is replaced whole, and machines that are UP, DRAINING (in the schedule, whatever the
// clock says) or DOWN (semantics §1.5, mesos-observed 36 and 37). It is in the registry and survives a failover.
import type { MachineId, MaintenanceStatus, MaintenanceWindow } from './api';
import { MesosFailure } from './api';
import { shutDown } from './gone';
import type { Machine, Mode } from './machines';
import { keyOf, machineOf } from './machines';
import type { Agent, Master } from './master';
import { considerAgentNow } from './offers';
import { readmitAgent, removeAgent } from './registration';

/** @throws MesosFailure 400 in Mesos' words; nothing is changed then. */
export const replaceSchedule = (master: Master, windows: readonly MaintenanceWindow[]): void => {
  const scheduled = checkedSchedule(windows);
  for (const machine of master.machines.values()) {
    if (machine.mode === 'DOWN' && !scheduled.has(keyOf(machine.id)))
      throw refusal(machine.id, 'is deactivated and cannot be removed from the schedule');
  }
  const before = new Set(master.machines.keys());
  master.schedule = windows;
  for (const machine of master.machines.values()) {
    if (machine.mode === 'DRAINING' && !scheduled.has(keyOf(machine.id))) machine.mode = 'UP';
  }
  for (const [key, id] of scheduled) takeIn(master, key, id);
  // What is offered there is taken back and offered again, with the window.
  for (const agent of master.agents.values()) {
    const key = keyOf(machineOf(agent));
    if (scheduled.has(key) || before.has(key)) considerAgentNow(master, agent);
  }
};

/** The schedule keeps a host name as it was written; the status has it in lower case. */
const takeIn = (master: Master, key: string, given: MachineId): void => {
  const lower = given.hostname === undefined ? {} : { hostname: given.hostname.toLowerCase() };
  const machine = master.machines.get(key) ?? { id: { ...given, ...lower }, mode: 'UP', waiting: [] };
  if (machine.mode === 'UP') machine.mode = 'DRAINING';
  master.machines.set(key, machine);
};

const checkedSchedule = (windows: readonly MaintenanceWindow[]): ReadonlyMap<string, MachineId> => {
  const scheduled = new Map<string, MachineId>();
  for (const { machines, durationNs } of windows) {
    if (machines.length === 0)
      throw new MesosFailure(400, 'List of machines in the maintenance window is empty');
    if (durationNs !== undefined && durationNs < 0n)
      throw new MesosFailure(400, "Unavailability 'duration' is negative");
    for (const machine of machines) {
      checkId(machine);
      if (scheduled.has(keyOf(machine))) throw refusal(machine, 'appears more than once in the schedule');
      scheduled.set(keyOf(machine), machine);
    }
  }
  return scheduled;
};

const checkId = ({ hostname = '', ip = '' }: MachineId): void => {
  if (hostname === '' && ip === '')
    throw new MesosFailure(400, "Both 'hostname' and 'ip' for a machine are empty");
  if (ip !== '' && !/^\d{1,3}(\.\d{1,3}){3}$/.test(ip))
    throw new MesosFailure(400, `Failed to parse IPv4: ${ip}`);
};

const refusal = ({ hostname, ip }: MachineId, why: string): MesosFailure =>
  new MesosFailure(400, `Machine '${JSON.stringify({ hostname, ip })}' ${why}`);

/** Its agents are removed at once and told to end; their tasks are lost, also to frameworks that know better. */
export const startMaintenance = (master: Master, ids: readonly MachineId[]): void => {
  for (const machine of inMode(master, ids, 'DRAINING', 'brought down')) {
    machine.mode = 'DOWN';
    for (const agent of agentsOn(master, machine.id)) {
      if (agent.standing !== 'registered') continue;
      const wasReachable = agent.alive && agent.reachable && agent.connected;
      removeAgent(master, agent, {
        text: `Agent ${agent.hostname} removed: Operator initiated 'Machine DOWN'`,
        reason: undefined,
      });
      agent.deactivated = false;
      agent.drain = undefined;
      if (wasReachable) shutDown(master, agent, 'its machine is down');
      machine.waiting.push(() => readmitAgent(master, agent));
    }
  }
};

/** The machine leaves the schedule. What supervises its agents starts them again, and they keep their ids. */
export const stopMaintenance = (master: Master, ids: readonly MachineId[]): void => {
  const machines = inMode(master, ids, 'DOWN', 'brought up');
  const keys = new Set(machines.map(({ id }) => keyOf(id)));
  for (const machine of machines) {
    machine.mode = 'UP';
    const { timeline, dice, settings } = master.base;
    for (const back of machine.waiting.splice(0))
      timeline.after(dice.span('agent-restart', settings.agent.startMs), back);
  }
  master.schedule = master.schedule.flatMap((window) => {
    const left = window.machines.filter((machine) => !keys.has(keyOf(machine)));
    return left.length === 0 ? [] : [{ ...window, machines: left }];
  });
};

const inMode = (master: Master, ids: readonly MachineId[], mode: Mode, verb: string): Machine[] => {
  if (ids.length === 0) throw new MesosFailure(400, 'List of machines is empty');
  return ids.map((id) => {
    checkId(id);
    const machine = master.machines.get(keyOf(id));
    if (machine === undefined && agentsOn(master, id).length === 0)
      throw refusal(id, 'is not part of a maintenance schedule');
    if (machine?.mode !== mode) throw refusal(id, `is not in ${mode} mode and cannot be ${verb}`);
    return machine;
  });
};

const agentsOn = (master: Master, id: MachineId): Agent[] =>
  [...master.agents.values()].filter((agent) => keyOf(machineOf(agent)) === keyOf(id));

export const maintenanceStatus = (master: Master): MaintenanceStatus => {
  const of = (mode: Mode): MachineId[] =>
    [...master.machines.values()].filter((machine) => machine.mode === mode).map(({ id }) => id);
  return { draining: of('DRAINING'), down: of('DOWN') };
};
