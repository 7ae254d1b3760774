// Maintenance on the wire: the same schedule for v0 and v1, whose messages differ in nothing but their wrapping.
import type { MachineId, MaintenanceWindow, MesosMaster } from '../mesos/api';
import type { HttpCall, HttpReply } from './exchange';
import { emptyReply, textReply } from './exchange';
import type { MachineList, Schedule } from './mesos-call';
import { readMachines, readSchedule } from './mesos-call';

export const scheduleMessage = (mesos: MesosMaster): object => {
  const windows = mesos.maintenanceSchedule().map(({ machines, startNs, durationNs }) => ({
    machine_ids: machines,
    unavailability: {
      start: { nanoseconds: startNs },
      ...(durationNs === undefined ? {} : { duration: { nanoseconds: durationNs } }),
    },
  }));
  return windows.length === 0 ? {} : { windows };
};

/** No framework of this world answers inverse offers, so that no machine has `statuses`. */
export const statusMessage = (mesos: MesosMaster): object => {
  const { draining, down } = mesos.maintenanceStatus();
  return {
    ...(draining.length === 0 ? {} : { draining_machines: draining.map((id) => ({ id })) }),
    ...(down.length === 0 ? {} : { down_machines: down }),
  };
};

export const windowsOf = ({ windows }: Schedule): MaintenanceWindow[] =>
  windows.map(({ machine_ids, unavailability: { start, duration } }) => ({
    machines: machinesOf(machine_ids),
    startNs: BigInt(start.nanoseconds),
    ...(duration === undefined ? {} : { durationNs: BigInt(duration.nanoseconds) }),
  }));

/** Members that are absent stay absent. */
export const machinesOf = (list: MachineList): MachineId[] =>
  list.map(({ hostname, ip }) => ({
    ...(hostname === undefined ? {} : { hostname }),
    ...(ip === undefined ? {} : { ip }),
  }));

/** POST /maintenance/schedule. */
export const postSchedule = (mesos: MesosMaster, call: HttpCall): HttpReply => {
  const read = readSchedule(call.body);
  if (!read.ok) return textReply(400, read.text);
  mesos.updateMaintenanceSchedule(windowsOf(read.value));
  return emptyReply(200);
};

/** POST /machine/down and /machine/up. */
export const postMachines = (call: HttpCall, change: (machines: readonly MachineId[]) => void): HttpReply => {
  const read = readMachines(call.body);
  if (!read.ok) return textReply(400, read.text);
  change(machinesOf(read.value));
  return emptyReply(200);
};
