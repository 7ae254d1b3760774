// The least of EC2 that the Cloud port needs, over its own wire format and with its awkward sides: fleets that remember
// their tokens, batches that fail whole, filters. The emulated world has the full one; this one is only for adapters.
import { ec2Error, type Received, type Reply, type WireServer, wireServer } from './wire-server';

export type LittleInstance = {
  readonly id: string;
  readonly shape: string;
  readonly zone: string;
  readonly lifecycle: string;
  readonly tags: Readonly<Record<string, string>>;
  state: 'running' | 'shutting-down';
};

export type LittleEc2 = WireServer & {
  readonly instances: Map<string, LittleInstance>;
  /** `shape subnet` of places without capacity. */
  readonly dry: Set<string>;
  /** Ids that may not be terminated. */
  readonly locked: Set<string>;
  /** Asked before each request; a reply here is given in place of the real one. */
  interfere: (request: Received) => Reply | undefined;
};

/** `subnets`: subnet → zone. */
export const littleEc2 = async (subnets: Readonly<Record<string, string>>): Promise<LittleEc2> => {
  const world: World = {
    instances: new Map(),
    dry: new Set(),
    locked: new Set(),
    fleets: new Map(),
    subnets,
  };
  const asked: { interfere: LittleEc2['interfere'] } = { interfere: () => undefined };
  const server = await wireServer((request) => asked.interfere(request) ?? answerOf(world, request));
  return Object.assign(asked, server, world);
};

type World = Pick<LittleEc2, 'instances' | 'dry' | 'locked'> & {
  readonly fleets: Map<string, { readonly request: string; readonly reply: Reply }>;
  readonly subnets: Readonly<Record<string, string>>;
};

const answerOf = (world: World, request: Received): Reply => {
  switch (request.action) {
    case 'CreateFleet':
      return createFleet(world, request);
    case 'DescribeInstances':
      return describe(world, request.form);
    case 'TerminateInstances':
      return terminate(world, request.form);
    default:
      return ec2Error('InvalidAction', `The action ${request.action} is not valid for this web service.`);
  }
};

const createFleet = (world: World, { form, body }: Received): Reply => {
  const token = form['ClientToken'] ?? '';
  const before = world.fleets.get(token);
  if (before !== undefined) {
    return before.request === body ? before.reply : ec2Error('IdempotentParameterMismatch');
  }
  const reply = { body: fleetAnswer(world, form) };
  world.fleets.set(token, { request: body, reply });
  return reply;
};

const fleetAnswer = (world: World, form: Received['form']): string => {
  const lifecycle = form['TargetCapacitySpecification.DefaultTargetCapacityType'] ?? 'on-demand';
  const tags = pairs(form, 'TagSpecification.1.Tag');
  const places = series(form, 'LaunchTemplateConfigs.1.Overrides', 'InstanceType').map((shape, index) => ({
    shape,
    subnet: form[`LaunchTemplateConfigs.1.Overrides.${index + 1}.SubnetId`] ?? '',
  }));
  const isDry = ({ shape, subnet }: { shape: string; subnet: string }): boolean =>
    world.dry.has(`${shape} ${subnet}`);
  const errors = places
    .filter(isDry)
    .map(({ shape, subnet }) =>
      item(
        `<launchTemplateAndOverrides><overrides><instanceType>${shape}</instanceType><subnetId>${subnet}</subnetId></overrides></launchTemplateAndOverrides>` +
          `<lifecycle>${lifecycle}</lifecycle><errorCode>InsufficientInstanceCapacity</errorCode><errorMessage>none left</errorMessage>`,
      ),
    );
  const taken = places.find((place) => !isDry(place));
  const count = taken === undefined ? 0 : Number(form['TargetCapacitySpecification.TotalTargetCapacity']);
  const ids = Array.from({ length: count }, (_, index) => idOf(world.instances.size + index + 1));
  for (const id of ids) {
    const zone = world.subnets[taken?.subnet ?? ''] ?? '';
    world.instances.set(id, { id, shape: taken?.shape ?? '', zone, lifecycle, tags, state: 'running' });
  }
  const group =
    ids.length === 0
      ? ''
      : item(
          `<launchTemplateAndOverrides><overrides><instanceType>${taken?.shape}</instanceType><subnetId>${taken?.subnet}</subnetId></overrides></launchTemplateAndOverrides>` +
            `<lifecycle>${lifecycle}</lifecycle><instanceIds>${ids.map(item).join('')}</instanceIds><instanceType>${taken?.shape}</instanceType>`,
        );
  return `<CreateFleetResponse><fleetId>fleet-1</fleetId><errorSet>${errors.join('')}</errorSet><fleetInstanceSet>${group}</fleetInstanceSet></CreateFleetResponse>`;
};

const idOf = (n: number): string => `i-${String(n).padStart(17, '0')}`;

const describe = (world: World, form: Received['form']): Reply => {
  const filters = series(form, 'Filter', 'Name').map((name, index) => ({
    name,
    values: list(form, `Filter.${index + 1}.Value`),
  }));
  const passes = (instance: LittleInstance): boolean =>
    filters.every(({ name, values }) => {
      const value = name === 'instance-id' ? instance.id : instance.tags[name.replace(/^tag:/, '')];
      return value !== undefined && values.includes(value);
    });
  const found = [...world.instances.values()].filter(passes).map((instance) => item(instanceXml(instance)));
  return {
    body: `<DescribeInstancesResponse><reservationSet>${item(
      `<ownerId>123</ownerId><instancesSet>${found.join('')}</instancesSet>`,
    )}</reservationSet></DescribeInstancesResponse>`,
  };
};

const instanceXml = ({ id, shape, zone, lifecycle, tags, state }: LittleInstance): string =>
  `<instanceId>${id}</instanceId><instanceType>${shape}</instanceType><instanceState><name>${state}</name></instanceState>` +
  `<launchTime>2026-11-22T10:00:00.000Z</launchTime><placement><availabilityZone>${zone}</availabilityZone></placement>` +
  `${lifecycle === 'spot' ? '<instanceLifecycle>spot</instanceLifecycle>' : ''}<tagSet>${Object.entries(tags)
    .map(([key, value]) => item(`<key>${key}</key><value>${value}</value>`))
    .join('')}</tagSet>`;

// As EC2 does: one unknown id and nothing happens to any; one locked id and the call fails (all are in one zone here).
const terminate = (world: World, form: Received['form']): Reply => {
  const ids = list(form, 'InstanceId');
  const unknown = ids.find((id) => !world.instances.has(id));
  if (unknown !== undefined) {
    return ec2Error('InvalidInstanceID.NotFound', `The instance ID '${unknown}' does not exist`);
  }
  const locked = ids.find((id) => world.locked.has(id));
  if (locked !== undefined) {
    return ec2Error('OperationNotPermitted', `The instance '${locked}' may not be terminated.`);
  }
  for (const id of ids) {
    const instance = world.instances.get(id);
    if (instance !== undefined) instance.state = 'shutting-down';
  }
  const items = ids.map((id) =>
    item(
      `<instanceId>${id}</instanceId><currentState><code>32</code><name>shutting-down</name></currentState>` +
        '<previousState><code>16</code><name>running</name></previousState>',
    ),
  );
  return {
    body: `<TerminateInstancesResponse><instancesSet>${items.join('')}</instancesSet></TerminateInstancesResponse>`,
  };
};

const item = (content: string): string => `<item>${content}</item>`;

/** `prefix.1`, `prefix.2`... */
const list = (form: Received['form'], prefix: string): string[] => {
  const values: string[] = [];
  for (let n = 1; ; n += 1) {
    const value = form[`${prefix}.${n}`];
    if (value === undefined) return values;
    values.push(value);
  }
};

/** `prefix.1.field`, `prefix.2.field`... */
const series = (form: Received['form'], prefix: string, field: string): string[] => {
  const values: string[] = [];
  for (let n = 1; ; n += 1) {
    const value = form[`${prefix}.${n}.${field}`];
    if (value === undefined) return values;
    values.push(value);
  }
};

const pairs = (form: Received['form'], prefix: string): Record<string, string> =>
  Object.fromEntries(
    series(form, prefix, 'Key').map((key, index) => [key, form[`${prefix}.${index + 1}.Value`] ?? '']),
  );
