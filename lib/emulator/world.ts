// The emulated world: a cloud, its parameters, a Mesos master and a Marathon on one virtual clock and one seed.
// Time moves only by `advance` and `advanceTo`; every call in between sees the same instant. Same options and same
// calls at the same times give the same history, to the byte.
import type { Millis } from '../core/model/machine';
import type { Offering, Shape } from '../core/model/offering';
import type { Base } from './base';
import { bootMachine } from './boot/machine';
import type { Chronicle } from './chronicle';
import { createScribe } from './chronicle';
import { createDice } from './dice';
import { createAddressPool } from './ec2/addresses';
import type { Chronos } from './chronos/chronos';
import { createChronos } from './chronos/chronos';
import type { Ec2 } from './ec2/api';
import type { AutoScaling, QueueMessage } from './ec2/auto-scaling/api';
import { machineChanged } from './ec2/auto-scaling/groups';
import { operationsOf as autoScalingOperations } from './ec2/auto-scaling/operations';
import { createGroups } from './ec2/auto-scaling/state';
import type { Cloud } from './ec2/cloud';
import { createCloud } from './ec2/cloud';
import { operationsOf as ec2Operations } from './ec2/operations';
import { bootableOf } from './gce/boot';
import type { AuditEntry, Gce, MetadataChange } from './gce/api';
import type { GceCloud } from './gce/cloud';
import { createGceCloud } from './gce/cloud';
import { operationsOf as gceOperations } from './gce/operations';
import type { Marathon } from './marathon/api';
import { createMarathon } from './marathon/marathon';
import { operationsOf as marathonOperations } from './marathon/operations';
import type { MesosMaster } from './mesos/api';
import type { Master } from './mesos/master';
import { createMaster } from './mesos/master';
import { operationsOf as mesosOperations } from './mesos/operations';
import { agentDied, registerAgent } from './mesos/registration';
import type { MarathonVersion, MesosVersion, SettingsChange, WorldSettings } from './settings';
import { defaultSettings, withSettings } from './settings';
import type { Ssm } from './ssm';
import { createSsm } from './ssm';
import { createTimeline } from './timeline';
import type { Troubles } from './troubles';
import { troublesOf } from './troubles';

export type WorldSubnet = { readonly id: string; readonly zone: string; readonly cidr?: string };

export type WorldOptions = {
  readonly seed: number;
  readonly startAt: Millis;
  /** Shapes that exist here. */
  readonly shapes: readonly Shape[];
  /** What is sold, where and for how much: an offering that is not here is unsupported in its zone. */
  readonly prices: readonly Offering[];
  /** The first of a zone is its default. Made up, one a zone, when absent. */
  readonly subnets?: readonly WorldSubnet[];
  readonly region?: string;
  readonly account?: string;
  /** Google's project; what is sold there are the prices of the cloud `gce`. */
  readonly project?: string;
  readonly clusterName?: string;
  /** Masters beside the leader answer with redirects in an HTTP face. Default 3. */
  readonly masters?: number;
  readonly marathonVersion?: MarathonVersion;
  /** Default 1.11. */
  readonly mesosVersion?: MesosVersion;
  readonly settings?: SettingsChange;
};

/** EventBridge's envelope, as a rule would deliver it. */
export type CloudEvent = {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
};

export type EmulatedWorld = {
  /** `prices` are those of now. */
  readonly options: Required<Omit<WorldOptions, 'settings'>>;
  readonly settings: WorldSettings;
  now(): Millis;
  /** Carries out all that happens in the next `ms` milliseconds. */
  advance(ms: number): void;
  advanceTo(time: Millis): void;
  /** When something happens next; undefined when nothing is to come. */
  nextAt(): Millis | undefined;
  readonly chronicle: Chronicle;
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
  readonly gce: Gce;
  readonly ssm: Ssm;
  readonly mesos: MesosMaster;
  readonly marathon: Marathon;
  /** Nothing to the masters until a job of it runs. */
  readonly chronos: Chronos;
  readonly troubles: Troubles;
  /** EC2's state changes and spot warnings, as they happen. Returns the end of the subscription. */
  onEvent(listener: (event: CloudEvent) => void): () => void;
  /** What lifecycle hooks send to queues and topics. Returns the end of the subscription. */
  onQueueMessage(listener: (message: QueueMessage) => void): () => void;
  /** Google's system events, at or after what they tell of. */
  onAuditEntry(listener: (entry: AuditEntry) => void): () => void;
  /** What a watcher inside a machine of Google's sees, which is the notice in time. */
  onMetadata(listener: (change: MetadataChange) => void): () => void;
};

export const createWorld = (options: WorldOptions): EmulatedWorld => {
  const full = completed(options);
  const settings = withSettings(defaultSettings(full.marathonVersion), options.settings);
  const timeline = createTimeline(options.startAt);
  const scribe = createScribe(timeline.now);
  const base: Base = { settings, timeline, dice: createDice(options.seed), scribe };
  const ssm = createSsm({ account: full.account, region: full.region, now: timeline.now });
  const cloud = createCloud({
    base,
    region: full.region,
    account: full.account,
    shapes: ec2Shapes(full),
    prices: full.prices.filter((offering) => offering.cloud !== 'gce'),
    subnets: full.subnets.map((subnet, index) =>
      createAddressPool(subnet.id, subnet.zone, subnet.cidr ?? `10.${index}.0.0/16`),
    ),
    resolveParameter: (path) => parameterValue(ssm, path),
  });
  const master = createMaster(base, {
    clusterName: full.clusterName,
    count: full.masters,
    version: full.mesosVersion,
  });
  const marathon = createMarathon(base, master, full.marathonVersion);
  cloud.hooks = machineHooks(cloud, master);
  const gce = createGceCloud(base, full.project, full.shapes, full.prices);
  gce.hooks = gceHooks(gce, master);
  const groups = createGroups(cloud);
  cloud.changed = (vm) => machineChanged(groups, vm);
  return {
    options: {
      ...full,
      get prices() {
        return [...cloud.prices.values(), ...gce.prices.values()];
      },
    },
    settings,
    now: timeline.now,
    advance: (ms) => timeline.advanceTo(timeline.now() + ms),
    advanceTo: timeline.advanceTo,
    nextAt: timeline.nextAt,
    chronicle: { entries: scribe.entries, subscribe: scribe.subscribe },
    ec2: ec2Operations(cloud),
    autoScaling: autoScalingOperations(groups),
    gce: gceOperations(gce),
    ssm,
    mesos: mesosOperations(master),
    marathon: marathonOperations(marathon),
    chronos: createChronos(master),
    troubles: troublesOf({ cloud, gce, master, marathon }),
    onEvent: cloud.events.subscribe,
    onQueueMessage: groups.messages.subscribe,
    onAuditEntry: gce.audit.subscribe,
    onMetadata: gce.metadata.subscribe,
  };
};

const completed = (options: WorldOptions): EmulatedWorld['options'] => {
  const region = options.region ?? 'us-east-1';
  const sold = options.prices.filter((offering) => offering.cloud !== 'gce');
  const zones = [...new Set(sold.map((offering) => offering.zone))].sort();
  return {
    seed: options.seed,
    startAt: options.startAt,
    shapes: options.shapes,
    prices: options.prices,
    region,
    account: options.account ?? '123456789012',
    project: options.project ?? 'acme',
    clusterName: options.clusterName ?? 'emulated',
    masters: options.masters ?? 3,
    marathonVersion: options.marathonVersion ?? '1.10',
    mesosVersion: options.mesosVersion ?? '1.11',
    subnets: options.subnets ?? zones.map((zone) => ({ id: `subnet-${zone.slice(region.length)}`, zone })),
  };
};

const parameterValue = (ssm: Ssm, path: string): string | undefined =>
  ssm.GetParameters({ Names: [path], WithDecryption: true }).Parameters[0]?.Value;

/** All but those that only Google sells. */
const ec2Shapes = ({ shapes, prices }: EmulatedWorld['options']): readonly Shape[] => {
  const names = (isGce: boolean) =>
    new Set(prices.filter(({ cloud }) => (cloud === 'gce') === isGce).map(({ shape }) => shape));
  const [google, amazon] = [names(true), names(false)];
  return shapes.filter(({ name }) => amazon.has(name) || !google.has(name));
};

/** A machine that runs boots its agent; one that ends takes its agents with it. */
const machineHooks = (cloud: Cloud, master: Master): Cloud['hooks'] => ({
  started: (vm) => bootMachine(cloud, vm, (announcement) => registerAgent(master, announcement)),
  ended: (vm, how) => endAgents(master, vm.id, how),
});

const gceHooks = (cloud: GceCloud, master: Master): GceCloud['hooks'] => ({
  started: (vm) => bootMachine(cloud, bootableOf(vm), (announcement) => registerAgent(master, announcement)),
  ended: (vm, how) => endAgents(master, vm.name, how),
});

const endAgents = (master: Master, machine: string, how: 'clean' | 'hard'): void => {
  for (const agent of master.agents.values()) if (agent.machine === machine) agentDied(master, agent, how);
};
