// The v1 operator calls that are sent, as Mesos' JSON wants them (data: mesos-v1.schema.json, OperatorCall).
import type { Millis } from '../core/model/machine';

export type ReadType =
  | 'GET_HEALTH'
  | 'GET_VERSION'
  | 'GET_MASTER'
  | 'GET_AGENTS'
  | 'GET_FRAMEWORKS'
  | 'GET_TASKS'
  | 'GET_MAINTENANCE_SCHEDULE';

export type Call = { readonly type: string; readonly [part: string]: unknown };

/** Machines are matched by hostname and ip together (mesos-observed 37). */
export type MachineId = { readonly hostname: string; readonly ip: string };
export type MaintenanceWindow = {
  readonly machines: readonly MachineId[];
  readonly startsAt: Millis;
  /** Absent: without end. */
  readonly forMs?: number;
};

/** Above 2^53 the digits below 256 ns are lost; read back and rounded to milliseconds it is the same instant. */
const nanos = (ms: number): number => Math.round(ms) * 1_000_000;

export const read = (type: ReadType | 'SUBSCRIBE'): Call => ({ type });

/** Kills every task of the agent at once and cannot be taken back; `graceSeconds` bounds the kill grace where the
 *  executor honours it (mesos-observed 5). The period must be an object of seconds: nanoseconds would count as 0 (6). */
export const drainAgent = (drain: {
  readonly agentId: string;
  readonly graceSeconds: number;
  readonly afterwards: 'stay' | 'mark-gone';
}): Call => ({
  type: 'DRAIN_AGENT',
  drain_agent: {
    agent_id: { value: drain.agentId },
    max_grace_period: { seconds: Math.max(0, Math.round(drain.graceSeconds)) },
    mark_gone: drain.afterwards === 'mark-gone',
  },
});

export const deactivateAgent = (agentId: string): Call => ({
  type: 'DEACTIVATE_AGENT',
  deactivate_agent: { agent_id: { value: agentId } },
});

export const reactivateAgent = (agentId: string): Call => ({
  type: 'REACTIVATE_AGENT',
  reactivate_agent: { agent_id: { value: agentId } },
});

/** For ever: the id is refused from then on (mesos-observed 24). */
export const markAgentGone = (agentId: string): Call => ({
  type: 'MARK_AGENT_GONE',
  mark_agent_gone: { agent_id: { value: agentId } },
});

/** Replaces the whole schedule. */
export const updateMaintenanceSchedule = (windows: readonly MaintenanceWindow[]): Call => ({
  type: 'UPDATE_MAINTENANCE_SCHEDULE',
  update_maintenance_schedule: { schedule: { windows: windows.map(windowOf) } },
});

const windowOf = (window: MaintenanceWindow) => ({
  machine_ids: window.machines.map(({ hostname, ip }) => ({ hostname, ip })),
  unavailability: {
    start: { nanoseconds: nanos(window.startsAt) },
    ...(window.forMs === undefined ? {} : { duration: { nanoseconds: nanos(window.forMs) } }),
  },
});
