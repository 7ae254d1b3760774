import { describe, expect, test } from '@jest/globals';
import type { Pool } from '../../lib/core/model/spec';
import type { LaunchRequest } from '../../lib/engine/ports';
import { isFailure } from '../../lib/engine/failure';
import { portsFace } from '../../lib/emulator/ports-face';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { addAgents, app, MINUTE, PRICES, smallWorld, template } from './small-world';

const scope = { cloud: 'aws', account: 'default', region: 'us-east-1' } as const;

const request = (world: EmulatedWorld, more: Partial<LaunchRequest> = {}): LaunchRequest => ({
  cluster: 'prod',
  scope,
  pool: 'web',
  launch: 'launch-1',
  template: { id: template(world), version: '1', bootstrap: 'v1', image: 'ami-0123456789abcdef0' },
  offerings: PRICES.filter((offering) => offering.shape === 'm7i.2xlarge' && offering.market === 'spot'),
  count: 2,
  token: 'token-1',
  ...more,
});

const failure = async (run: Promise<unknown>): Promise<string> => {
  try {
    await run;
  } catch (error) {
    return isFailure(error) ? `${error.kind} ${error.code}` : 'another error';
  }
  return 'done';
};

describe('the Cloud port of the emulated world', () => {
  test('launches, lists, reads back and ends', async () => {
    const world = smallWorld();
    const { cloud } = portsFace(world);
    world.troubles.capacityError({ zone: 'us-east-1a' });
    const asked = request(world);
    const answer = await cloud.launch(asked);
    expect(answer.machines.map(({ offering }) => offering.zone)).toEqual(['us-east-1b', 'us-east-1b']);
    expect(answer.errors).toMatchObject([
      { code: 'InsufficientInstanceCapacity', kind: 'capacity', offering: { zone: 'us-east-1a' } },
    ]);
    expect(await cloud.launch(asked)).toEqual(answer);
    world.advance(MINUTE);
    const { value, complete } = await cloud.launched(scope, 'prod', 'launch-1');
    expect(complete).toBe(true);
    expect(value.map(({ id }) => id).sort()).toEqual(answer.machines.map(({ id }) => id).sort());
    expect(value[0]).toMatchObject({
      pool: 'web',
      bootstrap: 'v1',
      market: 'spot',
      state: 'running',
      shape: 'm7i.2xlarge',
    });
    expect((await cloud.machines(scope, 'other')).value).toEqual([]);
    const machines = [...value.map(({ id }) => id), 'i-00000000000000000'];
    expect(await cloud.terminate({ cluster: 'prod', scope, machines })).toEqual({
      done: machines,
      failed: [],
    });
    expect((await cloud.machines(scope, 'prod')).value.map(({ state }) => state)).toEqual([
      'shutting-down',
      'shutting-down',
    ]);
  });

  test('never ends what belongs to no pool', async () => {
    const world = smallWorld();
    const { cloud } = portsFace(world);
    const asked = request(world);
    const { Instances } = world.ec2.CreateFleet({
      Type: 'instant',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: asked.template.id, Version: '1' },
          Overrides: [{ InstanceType: 'm7i.large' }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 1 },
    });
    const machines = Instances.flatMap(({ InstanceIds }) => InstanceIds);
    const answer = await cloud.terminate({ cluster: 'prod', scope, machines });
    expect(answer).toMatchObject({ done: [], failed: [{ id: machines[0] }] });
  });

  test('says in the terms of the engine why a call was refused', async () => {
    const world = smallWorld();
    const { cloud } = portsFace(world);
    const asked = request(world);
    world.troubles.throttle(1);
    expect(await failure(cloud.launch(asked))).toBe('throttled RequestLimitExceeded');
    await cloud.launch(asked);
    expect(await failure(cloud.launch({ ...asked, count: 3 }))).toBe('permanent IdempotentParameterMismatch');
  });
});

describe('the scheduler ports of the emulated world', () => {
  test('show agents, their use, and that a list after a failover is not to be trusted', async () => {
    const world = smallWorld();
    const { mesos, marathon } = portsFace(world);
    const [first = ''] = addAgents(world, 2, { cpus: 4, memMib: 4096 });
    world.mesos.occupy(first, { cpuMilli: 500, memMib: 100 }, 'chronos');
    const before = await mesos.agents();
    expect(before.complete).toBe(true);
    expect(before.value[0]).toMatchObject({ id: first, active: true, used: { cpuMilli: 500, memMib: 100 } });
    world.troubles.masterFailover();
    expect(await failure(mesos.agents())).toBe('transient 503');
    expect(await failure(marathon.queue())).toBe('transient 502');
    world.advance(9_660);
    const recovering = await mesos.agents();
    expect([recovering.complete, recovering.value.map(({ recovered }) => recovered)]).toEqual([
      false,
      [true, true],
    ]);
    world.advance(MINUTE);
    expect((await mesos.agents()).complete).toBe(true);
  });

  test('show the queue and the tasks that were asked for', async () => {
    const world = smallWorld();
    const { marathon } = portsFace(world);
    addAgents(world, 1, { cpus: 2, memMib: 4096 });
    const constraints = [['pool', 'IS', 'web']];
    world.marathon.createApp(app('/web', 3, { constraints, labels: { team: 'shop' } }));
    world.advance(MINUTE);
    const [item] = (await marathon.queue()).value;
    expect(item).toMatchObject({
      count: 1,
      backoffMs: 0,
      runSpec: {
        id: '/web',
        kind: 'app',
        instances: 3,
        each: { cpuMilli: 1000, memMib: 512, ports: 1 },
        constraints: [{ field: 'pool', operator: 'IS', value: 'web' }],
        labels: { team: 'shop' },
      },
    });
    const tasks = (
      await marathon.tasks([
        { id: '/web', kind: 'app' },
        { id: '/none', kind: 'app' },
      ])
    ).value;
    expect(tasks.map(({ condition, host, version }) => [condition, host, version])).toEqual([
      ['Running', 'agent-0', item?.runSpec.version],
      ['Running', 'agent-0', item?.runSpec.version],
    ]);
  });

  test('offer what pools allow', async () => {
    const world = smallWorld();
    const { catalogue } = portsFace(world);
    const any = { min: 0, max: 1_000_000 };
    const shapes = {
      families: ['m7i'],
      names: [],
      excluded: ['m7i.large'],
      cpuMilli: any,
      memMib: any,
      arch: 'amd64',
      gpus: any,
    } as const;
    const pool: Pool = {
      name: 'web',
      cloud: 'aws',
      account: 'default',
      region: 'us-east-1',
      zones: [{ name: 'us-east-1a' }, { name: 'us-east-1b' }],
      shapes,
      markets: ['spot'],
      size: { min: 0, max: 10 },
      headroom: { agents: 0, percent: 0, shapes: [] },
      attributes: {},
      role: '*',
      image: 'ami-1',
      drain: 'surge',
      disruption: { budget: { agents: 1 }, windows: [], emptyForMs: 0 },
      registerWithinMs: 300_000,
      rootDiskGib: 50,
    };
    const offered = await catalogue.offerings([pool]);
    expect(offered.shapes.value.map(({ name }) => name)).toEqual(['m7i.2xlarge']);
    expect(offered.offerings.value.map(({ zone, market }) => `${zone} ${market}`)).toEqual([
      'us-east-1a spot',
      'us-east-1b spot',
    ]);
  });
});
