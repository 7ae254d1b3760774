// A small world and the hands that most tests of the emulator need.
import { gzipSync } from 'node:zlib';
import { text } from '../../lib/core/model/attributes';
import type { Offering, Shape } from '../../lib/core/model/offering';
import { NOTHING } from '../../lib/core/model/resources';
import type { CreateFleetInput, FleetOverride } from '../../lib/emulator/ec2/api';
import type { EmulatedWorld, WorldOptions } from '../../lib/emulator/world';
import { createWorld } from '../../lib/emulator/world';

export const START = Date.UTC(2026, 1, 3, 9, 0, 0);
export const MINUTE = 60_000;
export const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'] as const;

const shape = (name: string, cpus: number, memMib: number): Shape => ({
  name,
  arch: 'amd64',
  total: { ...NOTHING, cpuMilli: cpus * 1000, memMib, diskMib: 102_400 },
  allocatable: { ...NOTHING, cpuMilli: cpus * 1000 - 100, memMib: memMib - 1024, diskMib: 92_160 },
});

export const SHAPES: readonly Shape[] = [
  shape('m7i.large', 2, 8192),
  shape('m7i.2xlarge', 8, 32_768),
  shape('r7i.2xlarge', 8, 65_536),
];
const USD: Readonly<Record<string, number>> = { 'm7i.large': 0.1, 'm7i.2xlarge': 0.4, 'r7i.2xlarge': 0.53 };

export const PRICES: readonly Offering[] = SHAPES.flatMap((one) =>
  ZONES.flatMap((zone, index) =>
    (['on-demand', 'spot'] as const).map((market) => ({
      cloud: 'aws' as const,
      region: 'us-east-1',
      zone,
      shape: one.name,
      market,
      usdPerHour: (USD[one.name] ?? 1) * (market === 'spot' ? 0.4 + index * 0.01 : 1),
    })),
  ),
);

export const smallWorld = (options: Partial<WorldOptions> = {}): EmulatedWorld =>
  createWorld({ seed: 7, startAt: START, shapes: SHAPES, prices: PRICES, ...options });

export type Rendered = {
  readonly pool?: string;
  readonly attributes?: Record<string, string>;
  readonly resources?: string;
  readonly role?: string;
};

export const userData = (rendered: Rendered = {}, packing: 'plain' | 'gzip' = 'plain'): string => {
  const file = {
    cluster: 'prod',
    pool: 'web',
    zk: 'zk://10.0.0.10:2181/mesos',
    role: '*',
    attributes: { cloud: 'aws', region: 'us-east-1', pool: 'web', storage: 'ssd' },
    bootstrap: 'v1',
    ...rendered,
  };
  const config = `#cloud-config\n${JSON.stringify({
    write_files: [{ path: '/etc/muster/agent.json', content: JSON.stringify(file) }],
  })}`;
  return (packing === 'gzip' ? gzipSync(config) : Buffer.from(config)).toString('base64');
};

/** Makes the template when it is not there yet. Returns its id. */
export const template = (world: EmulatedWorld, data: string = userData(), name = 'web'): string =>
  world.ec2.CreateLaunchTemplate({
    LaunchTemplateName: name,
    LaunchTemplateData: {
      ImageId: 'ami-0123456789abcdef0',
      UserData: data,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'muster:cluster', Value: 'prod' }] }],
    },
  }).LaunchTemplate.LaunchTemplateId;

export type FleetWish = {
  readonly id: string;
  readonly count: number;
  readonly overrides?: readonly FleetOverride[];
  readonly market?: 'spot' | 'on-demand';
  readonly token?: string;
  readonly strategy?: string;
};

export const fleet = (wish: FleetWish): CreateFleetInput => {
  const market = wish.market ?? 'on-demand';
  const options = {
    AllocationStrategy:
      wish.strategy ?? (market === 'spot' ? 'capacity-optimized-prioritized' : 'prioritized'),
  };
  return {
    Type: 'instant',
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateId: wish.id, Version: '1' },
        Overrides: wish.overrides ?? [{ InstanceType: 'm7i.2xlarge', SubnetId: 'subnet-a', Priority: 0 }],
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: wish.count, DefaultTargetCapacityType: market },
    ...(market === 'spot' ? { SpotOptions: options } : { OnDemandOptions: options }),
    ...(wish.token === undefined ? {} : { ClientToken: wish.token }),
  };
};

/** Launches `count` machines and lets their agents register. Returns the machines' ids. */
export const grow = (world: EmulatedWorld, count: number, rendered: Rendered = {}): string[] => {
  const id = template(world, userData(rendered), `t${world.chronicle.entries().length}`);
  const answer = world.ec2.CreateFleet(fleet({ id, count }));
  world.advance(2 * MINUTE);
  return answer.Instances.flatMap((instance) => [...instance.InstanceIds]);
};

/** Agents that are simply there, in the zones by turns. Returns their ids. */
export const addAgents = (
  world: EmulatedWorld,
  count: number,
  size: { cpus: number; memMib: number; pool?: string },
): string[] => {
  const start = world.mesos.agents().length;
  return Array.from({ length: count }, (_, index) => {
    const number = start + index;
    const ip = `10.9.${Math.floor(number / 250)}.${(number % 250) + 1}`;
    return world.mesos.addAgent({
      hostname: `agent-${number}`,
      ip,
      attributes: { pool: text(size.pool ?? 'web'), zone: text(ZONES[index % ZONES.length] ?? ZONES[0]) },
      total: { cpuMilli: size.cpus * 1000, memMib: size.memMib, diskMib: 100_000, gpus: 0, ports: 1001 },
    });
  });
};

export const app = (
  id: string,
  instances: number,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  id,
  instances,
  cpus: 1,
  mem: 512,
  ...more,
});

/** Task states of an app in Marathon's eyes, counted. */
export const conditions = (world: EmulatedWorld, id: string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { condition } of world.marathon.instances(id)) counts[condition] = (counts[condition] ?? 0) + 1;
  return counts;
};

export const happenings = (world: EmulatedWorld, kind: string): string[] =>
  world.chronicle
    .entries()
    .filter((entry) => entry.kind === kind)
    .map((entry) => entry.text);
