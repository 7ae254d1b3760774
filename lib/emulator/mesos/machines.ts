// The machines of a maintenance schedule and what their mode means for the agents on them.
import type { MachineId } from './api';
import { MesosFailure } from './api';
import type { Agent, Master } from './master';

export type Mode = 'UP' | 'DRAINING' | 'DOWN';
/** `waiting`: agents that may start again once it is up. */
export type Machine = { readonly id: MachineId; mode: Mode; readonly waiting: (() => void)[] };

/** Host names are compared without case; a part that is left out is none. */
export const keyOf = ({ hostname = '', ip = '' }: MachineId): string => `${hostname.toLowerCase()} ${ip}`;

export const machineOf = (agent: Agent): MachineId => ({ hostname: agent.hostname, ip: agent.ip });

/** @throws MesosFailure 400: draining and a schedule exclude each other. */
export const refuseScheduled = (master: Master, agent: Agent): void => {
  const machine = master.machines.get(keyOf(machineOf(agent)));
  if (machine === undefined || machine.mode === 'UP') return;
  throw new MesosFailure(
    400,
    `Agent ${agent.id} is part of a maintenance schedule under Machine ${agent.hostname} (${agent.ip})`,
  );
};

/** When the agent's machine is said to be away; the end is absent where it is never said to come back. */
export const unavailability = (
  master: Master,
  agent: Agent,
): { readonly startMs: number; readonly endMs?: number } | undefined => {
  if (master.schedule.length === 0) return undefined;
  const key = keyOf(machineOf(agent));
  const window = master.schedule.find(({ machines }) => machines.some((machine) => keyOf(machine) === key));
  if (window === undefined) return undefined;
  const { startNs, durationNs } = window;
  return {
    startMs: Number(startNs / 1_000_000n),
    ...(durationNs === undefined ? {} : { endMs: Number((startNs + durationNs) / 1_000_000n) }),
  };
};
