// What can go wrong in the emulated world, on demand. Each call is written to the chronicle.
import type { Market } from '../core/model/offering';
import type { Millis } from '../core/model/machine';
import type { Cloud } from './ec2/cloud';
import type { CloudTroubles } from './ec2/troubles';
import { cloudTroublesOf } from './ec2/troubles';
import type { GceCloud } from './gce/cloud';
import type { GceTroubles } from './gce/troubles';
import { gceTroublesOf } from './gce/troubles';
import type { MarathonState } from './marathon/state';
import { MesosFailure } from './mesos/api';
import { masterFailover } from './mesos/failover';
import type { Agent, Master } from './mesos/master';
import { disconnectAgent, missAgent, returnAgent } from './mesos/registration';
import { unstick } from './mesos/tasks';

/** Offerings that match every given part have none left. `left` of them can still be had first (0 by default). */
export type CapacityTrouble = {
  readonly shape?: string;
  readonly zone?: string;
  readonly market?: Market;
  readonly until?: Millis;
  readonly left?: number;
  /** `InsufficientInstanceCapacity` by default. */
  readonly code?: string;
};
/** The nth machine launched from now on (the next is 1), or every one of which the test says yes. */
export type LaunchChoice =
  | { readonly nth: number }
  | { readonly when: (machine: LaunchedMachine) => boolean };
export type LaunchedMachine = {
  readonly id: string;
  readonly shape: string;
  readonly zone: string;
  readonly market: Market;
  readonly tags: Readonly<Record<string, string>>;
};

export type Troubles = CloudTroubles & {
  readonly gce: GceTroubles;
  /** The agent's process ends: its connection closes; its machine lives on. `returnsAfterMs` brings it back. */
  killAgent(agentId: string, options?: { readonly returnsAfterMs?: number }): void;
  masterFailover(): void;
  /** Writes of the registry take this much longer from now on, as when a disk of the quorum hangs. */
  registryStall(ms: number): void;
  /** New instances of the app fail their health checks. Returns the end of it, for those that start later. */
  neverHealthy(appId: string): () => void;
  /** New instances of the app never leave staging; Marathon kills and launches them again every five minutes. Returns
   *  the end of it, with which those that hang start. */
  neverStart(appId: string): () => void;
  /** Nothing gets through to or from the agent until the returned end is called; its tasks run on. */
  partition(agentId: string): () => void;
};

export type Parts = {
  readonly cloud: Cloud;
  readonly gce: GceCloud;
  readonly master: Master;
  readonly marathon: MarathonState;
};

export const troublesOf = ({ cloud, gce, master, marathon }: Parts): Troubles => {
  const tell = (subject: string, text: string): void => cloud.base.scribe.write('trouble', subject, text);
  return {
    ...cloudTroublesOf(cloud),
    gce: gceTroublesOf(gce),
    killAgent: (id, options) => {
      const agent = agentOf(master, id);
      tell(id, `The agent's process on ${agent.hostname} ends.`);
      disconnectAgent(master, agent);
      if (options?.returnsAfterMs === undefined) return;
      cloud.base.timeline.after(options.returnsAfterMs, () => returnAgent(master, agent));
    },
    masterFailover: () => masterFailover(master),
    registryStall: (ms) => {
      tell('registry', `The registry of the masters stalls for ${ms / 1000} s.`);
      master.stalledUntil = master.base.timeline.now() + ms;
    },
    neverHealthy: (id) => {
      tell(id, `New instances of ${id} will never be healthy.`);
      return during(marathon.neverHealthy, id, () => undefined);
    },
    neverStart: (id) => {
      tell(id, `New instances of ${id} will never leave staging.`);
      return during(marathon.neverStart, id, () => {
        for (const task of master.tasks.values())
          if (marathon.byTask.get(task.id)?.service.id === id) unstick(master, task);
      });
    },
    partition: (id) => partition(master, agentOf(master, id), tell),
  };
};

const during = (ids: Set<string>, id: string, end: () => void): (() => void) => {
  ids.add(id);
  return () => {
    ids.delete(id);
    end();
  };
};

const partition = (
  master: Master,
  agent: Agent,
  tell: (subject: string, text: string) => void,
): (() => void) => {
  agent.reachable = false;
  tell(agent.id, `The network between ${agent.hostname} and the masters is cut.`);
  missAgent(master, agent);
  return () => {
    tell(agent.id, `The network between ${agent.hostname} and the masters works again.`);
    if (!agent.alive || agent.dead) agent.reachable = true;
    else returnAgent(master, agent);
  };
};

const agentOf = (master: Master, id: string): Agent => {
  const agent = master.agents.get(id);
  if (agent !== undefined) return agent;
  throw new MesosFailure(404, `Agent '${id}' not found`);
};
