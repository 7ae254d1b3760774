// What is really so in the emulated world, whatever the ports have told: the invariants are held against this.
import { attributeText } from '../../lib/core/model/attributes';
import type { Ec2Instance } from '../../lib/emulator/ec2/api';
import { type AgentRow, TERMINAL_STATES } from '../../lib/emulator/mesos/api';
import type { EmulatedWorld } from '../../lib/emulator/world';

export type TrueMachine = {
  readonly id: string;
  readonly zone: string;
  readonly shape: string;
  readonly market: 'spot' | 'on-demand';
  readonly isLive: boolean;
  readonly state: string;
  readonly launchedAt: number;
  readonly tags: ReadonlyMap<string, string>;
};

export type Truth = {
  readonly machines: () => readonly TrueMachine[];
  /** Of our cluster and one of its pools. */
  readonly ours: () => readonly TrueMachine[];
  readonly machine: (id: string) => TrueMachine | undefined;
  /** Registered agents; undefined while nobody leads. */
  readonly agents: () => readonly AgentRow[] | undefined;
  /** Every agent that ever registered from the machine. */
  readonly agentsOf: (machine: string) => readonly string[];
  readonly machineOf: (agent: string) => string | undefined;
  /** When an agent of the machine first registered. */
  readonly joinedAt: (machine: string) => number | undefined;
  /** Tasks that the agent itself still runs; undefined while nobody leads. */
  readonly tasksOn: (agent: string) => number | undefined;
  /** When the cloud takes the machine back, if it has said so. */
  readonly condemnedAt: (machine: string) => number | undefined;
  /** The last time at which something ran on the agent. */
  readonly busyAt: (agent: string) => number | undefined;
  readonly usdPerHour: (machine: Pick<TrueMachine, 'zone' | 'shape' | 'market'>) => number;
};

export const POOL_TAG = 'muster:pool';
export const CLUSTER_TAG = 'muster:cluster';
export const LAUNCH_TAG = 'muster:launch';

export const truthOf = (world: EmulatedWorld, cluster: string): Truth => {
  const byMachine = new Map<string, string[]>();
  const byAgent = new Map<string, string>();
  const joined = new Map<string, number>();
  const condemned = new Map<string, number>();
  const busy = new Map<string, number>();
  world.chronicle.subscribe(({ kind, subject, at }) => {
    if (kind === 'spot-notice') condemned.set(subject, at + world.settings.ec2.spotNoticeMs);
    if (kind !== 'agent-registered') return;
    const row = agents(world)?.find(({ id }) => id === subject);
    const machine = row === undefined ? undefined : attributeOf(row, 'instance_id');
    if (machine === undefined) return;
    byAgent.set(subject, machine);
    byMachine.set(machine, [...(byMachine.get(machine) ?? []), subject]);
    if (!joined.has(machine)) joined.set(machine, at);
  });
  world.mesos.subscribe((event) => {
    if (event.type === 'TASK_ADDED' || event.type === 'TASK_UPDATED')
      busy.set(event.task.agentId, world.now());
  });
  const prices = new Map(
    world.options.prices.map((offer) => [`${offer.shape}/${offer.zone}/${offer.market}`, offer.usdPerHour]),
  );
  const machines = (): readonly TrueMachine[] =>
    world.ec2.DescribeInstances({}).Reservations.flatMap(({ Instances }) => Instances.map(machineOf));
  return {
    machines,
    ours: () => machines().filter(({ tags }) => tags.get(CLUSTER_TAG) === cluster && tags.has(POOL_TAG)),
    machine: (id) => machines().find((one) => one.id === id),
    agents: () => agents(world),
    agentsOf: (machine) => byMachine.get(machine) ?? [],
    machineOf: (agent) => byAgent.get(agent),
    joinedAt: (machine) => joined.get(machine),
    tasksOn: (agent) => tasksOn(world, agent),
    condemnedAt: (machine) => condemned.get(machine),
    busyAt: (agent) => busy.get(agent),
    usdPerHour: ({ shape, zone, market }) => prices.get(`${shape}/${zone}/${market}`) ?? 0,
  };
};

const machineOf = (one: Ec2Instance): TrueMachine => ({
  id: one.InstanceId,
  zone: one.Placement.AvailabilityZone,
  shape: one.InstanceType,
  market: one.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
  isLive: one.State.Name === 'pending' || one.State.Name === 'running',
  state: one.State.Name,
  launchedAt: Date.parse(one.LaunchTime),
  tags: new Map(one.Tags.map(({ Key, Value }) => [Key, Value])),
});

const leads = (world: EmulatedWorld): boolean => world.mesos.leader().kind === 'leading';

const agents = (world: EmulatedWorld): readonly AgentRow[] | undefined =>
  leads(world) ? world.mesos.agents() : undefined;

const TERMINAL: ReadonlySet<string> = new Set(TERMINAL_STATES);

const tasksOn = (world: EmulatedWorld, agent: string): number | undefined =>
  leads(world) ? world.mesos.agentTasks(agent).filter(({ state }) => !TERMINAL.has(state)).length : undefined;

export const attributeOf = (row: Pick<AgentRow, 'attributes'>, name: string): string | undefined => {
  const value = Object.hasOwn(row.attributes, name) ? row.attributes[name] : undefined;
  return value === undefined ? undefined : attributeText(value);
};
