// The rows of the emulated Marathon with what the wire has beside them: times that go with a state, the status of a
// group's pods, the offers behind a refusal, and the addresses that only the face knows.
import { z } from 'zod';
import type { AttributeValue } from '../../core/model/attributes';
import { subtract } from '../../core/model/resources';
import type { GroupRow, Marathon, PodInstanceRow, PodStatusRow, QueueRow } from '../marathon/api';
import type { AgentRow } from '../mesos/api';
import type { EmulatedWorld } from '../world';

export const podStatus = (row: PodStatusRow): object => ({
  ...row,
  ...since(row.statusSince),
  instances: row.instances.map((instance) => podInstance(instance, row.spec.role)),
});

export const podInstance = (row: PodInstanceRow, role: string): object => ({
  ...row,
  ...since(row.statusSince),
  role,
  containers: row.containers.map((container) => ({ ...container, ...since(container.statusSince) })),
});

/** Nothing of a status changes without its state here. */
const since = (time: string): object => ({ lastUpdated: time, lastChanged: time });

/** A group's pods come with their status, as its apps come with their counts. */
export const group = (marathon: Marathon, row: GroupRow): object => ({
  ...row,
  pods: row.pods.map(({ id }) => podStatus(marathon.podStatus(id))),
  groups: row.groups.map((child) => group(marathon, child)),
});

/** Each unused offer with what its agent has free now, and its attributes. */
export const queue = ({ marathon, mesos }: EmulatedWorld, embed: 'lastUnusedOffers' | undefined): object => {
  if (embed === undefined) return { queue: marathon.queue() };
  const agents = new Map(mesos.agents().map((row) => [row.id, row]));
  return { queue: marathon.queue({ embed }).map((row) => withOffers(row, agents)) };
};

const withOffers = (row: QueueRow, agents: ReadonlyMap<string, AgentRow>): object => ({
  ...row,
  lastUnusedOffers: (row.lastUnusedOffers ?? []).map((unused) => {
    const agent = agents.get(unused.offer.agentId);
    const offer = {
      ...unused.offer,
      resources: agent === undefined ? [] : freeResources(agent),
      attributes: agent === undefined ? [] : attributes(agent),
    };
    return { ...unused, offer };
  }),
});

const freeResources = (agent: AgentRow): readonly object[] =>
  agent.total.flatMap(({ role, resources, portRanges }) => {
    const used = agent.allocated.find((part) => part.role === role)?.resources;
    const free = used === undefined ? resources : subtract(resources, used);
    return [
      { name: 'cpus', role, scalar: free.cpuMilli / 1000 },
      { name: 'mem', role, scalar: free.memMib },
      { name: 'disk', role, scalar: free.diskMib },
      { name: 'gpus', role, scalar: free.gpus },
      { name: 'ports', role, ranges: portRanges },
    ].filter((resource) => resource.scalar !== 0 && resource.ranges?.length !== 0);
  });

const attributes = (agent: AgentRow): readonly object[] =>
  Object.entries(agent.attributes).map(([name, value]) => ({ name, ...attribute(value) }));

const attribute = (value: AttributeValue): object => {
  switch (value.kind) {
    case 'text':
      return { text: value.value };
    case 'scalar':
      return { scalar: value.value };
    case 'ranges':
      return { ranges: value.ranges };
    default:
      return value satisfies never;
  }
};

const loose = z.looseObject({}).catch({});

/** `address` is the leader's `host:port`; settings that this Marathon has no use for keep Marathon's defaults. */
export const info = (marathon: Marathon, address: string): object => {
  const known = marathon.info();
  return {
    buildref: 'unknown',
    ...known,
    leader: address,
    elected: true,
    marathon_config: {
      task_lost_expunge_initial_delay: 300_000,
      task_lost_expunge_interval: 30_000,
      ...loose.parse(known['marathon_config']),
    },
    zookeeper_config: {
      zk_connection_timeout: 10_000,
      zk_max_versions: 50,
      ...loose.parse(known['zookeeper_config']),
    },
    http_config: { ...loose.parse(known['http_config']), http_port: Number(address.split(':')[1]) },
  };
};
