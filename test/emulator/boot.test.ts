import { describe, expect, test } from '@jest/globals';
import { render } from '../../lib/bootstrap/render';
import { attributeText, text } from '../../lib/core/model/attributes';
import { parseResources } from '../../lib/emulator/boot/resources';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { pool, spec } from '../bootstrap/pools';
import { fleet, grow, happenings, MINUTE, smallWorld, template, userData } from './small-world';

const boot = (world: EmulatedWorld, data: string, market: 'spot' | 'on-demand' = 'on-demand'): string => {
  const [instance] = world.ec2.CreateFleet(fleet({ id: template(world, data), count: 1, market })).Instances;
  world.advance(2 * MINUTE);
  return instance?.InstanceIds[0] ?? '';
};

const consoleOf = (world: EmulatedWorld, id: string): string =>
  Buffer.from(world.ec2.GetConsoleOutput({ InstanceId: id }).Output, 'base64').toString();

const attributesOf = (world: EmulatedWorld): Record<string, string> =>
  Object.fromEntries(
    Object.entries(world.mesos.agents()[0]?.attributes ?? {}).map(([name, value]) => [
      name,
      attributeText(value),
    ]),
  );

describe('a booting machine', () => {
  test('registers an agent with what was rendered and what its metadata says', () => {
    const world = smallWorld();
    const id = boot(world, userData(), 'spot');
    expect(attributesOf(world)).toEqual({
      pool: 'web',
      storage: 'ssd',
      cloud: 'aws',
      region: 'us-east-1',
      zone: 'us-east-1a',
      instance_id: id,
      instance_type: 'm7i.2xlarge',
      lifecycle: 'spot',
    });
    const [agent] = world.mesos.agents();
    expect(agent?.hostname).toBe(agent?.ip);
    expect(agent?.hostname).toMatch(/^10\.0\.\d+\.\d+$/);
    expect(agent?.total[0]?.resources).toEqual({
      cpuMilli: 7900,
      memMib: 31_744,
      diskMib: 92_160,
      gpus: 0,
      ports: 1001,
    });
    expect(agent?.total[0]?.portRanges).toEqual([{ begin: 31_000, end: 32_000 }]);
  });

  test('runs what the bootstrap renders for a pool', () => {
    const world = smallWorld();
    const attributes = { tier: text('compute'), rack: { kind: 'scalar', value: 2 } } as const;
    const { userData: rendered, version } = render({ pool: pool({ attributes }), spec: spec() });
    const id = boot(world, Buffer.from(rendered).toString('base64'));
    expect(attributesOf(world)).toMatchObject({
      pool: 'web',
      tier: 'compute',
      rack: '2',
      instance_id: id,
      cloud: 'aws',
    });
    expect(happenings(world, 'machine-booted')[0]).toContain(version);
  });

  test('announces the region that was rendered, be it wrong', () => {
    const world = smallWorld();
    boot(world, userData({ attributes: { pool: 'web', region: 'eu-west-1' } }));
    expect(attributesOf(world)).toMatchObject({ region: 'eu-west-1', zone: 'us-east-1a' });
  });

  test('reads gzip, base64 files and numeric attributes as the real ones do', () => {
    const world = smallWorld();
    boot(world, userData({ attributes: { pool: 'web', rack: '2.50' } }, 'gzip'));
    expect(world.mesos.agents()[0]?.attributes['rack']).toEqual({ kind: 'scalar', value: 2.5 });
    const content = Buffer.from(
      JSON.stringify({ cluster: 'c', pool: 'p', masters: ['http://m:5050'] }),
    ).toString('base64');
    const config = `#cloud-config\nwrite_files:\n- path: /etc/muster/agent.json\n  encoding: b64\n  content: ${content}\n`;
    const other = smallWorld();
    boot(other, Buffer.from(config).toString('base64'));
    expect(other.mesos.agents()).toHaveLength(1);
  });

  test('shows a wrong render as a wrong agent', () => {
    const world = smallWorld();
    boot(world, userData({ attributes: { storage: 'ssd' } }));
    expect(attributesOf(world)['pool']).toBeUndefined();
    expect(happenings(world, 'agent-registered')[0]).toContain('without a pool');
  });

  test('announces resources that were rendered, and finds out the others', () => {
    const world = smallWorld();
    boot(world, userData({ resources: 'cpus:3.5;mem:2048;ports:[31000-31009]', role: 'slave_public' }));
    const [agent] = world.mesos.agents();
    expect(agent?.total.map(({ role }) => role)).toContain('slave_public');
  });

  test.each([
    ['no user data at all', '', 'no user data'],
    [
      'something that is no cloud-config',
      Buffer.from('#!/bin/sh\n').toString('base64'),
      'not a #cloud-config',
    ],
    [
      'a cloud-config without the file',
      Buffer.from('#cloud-config\nruncmd: []\n').toString('base64'),
      'has no /etc/muster/agent.json',
    ],
    [
      'a file that is not JSON',
      Buffer.from('#cloud-config\nwrite_files: [{path: /etc/muster/agent.json, content: "{"}]\n').toString(
        'base64',
      ),
      'is not JSON',
    ],
    ['a file without a pool', userData({ pool: '' }), 'agent.json: pool'],
    [
      'resources that do not parse',
      userData({ resources: 'cpus=4' }),
      "the resource 'cpus=4' cannot be parsed",
    ],
  ])('never registers with %s, and its console says why', (_name, data, why) => {
    const world = smallWorld();
    const id = boot(world, data);
    world.advance(20 * MINUTE);
    expect(world.mesos.agents()).toEqual([]);
    expect(consoleOf(world, id)).toContain(why);
    expect(happenings(world, 'boot-failed')).toHaveLength(1);
  });

  test('never registers when it was rendered for other masters', () => {
    const world = smallWorld({ settings: { mesos: { addresses: ['zk://other:2181/mesos'] } } });
    const id = boot(world, userData());
    expect(world.mesos.agents()).toEqual([]);
    expect(consoleOf(world, id)).toContain('no Mesos master answers');
  });

  test('leaves the disk of its template less what Mesos keeps', () => {
    const world = smallWorld();
    const { LaunchTemplate } = world.ec2.CreateLaunchTemplate({
      LaunchTemplateName: 'disk',
      LaunchTemplateData: {
        ImageId: 'ami-1',
        UserData: userData(),
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 200, VolumeType: 'gp3' } }],
      },
    });
    world.ec2.CreateFleet(fleet({ id: LaunchTemplate.LaunchTemplateId, count: 1 }));
    world.advance(2 * MINUTE);
    expect(world.mesos.agents()[0]?.total[0]?.resources.diskMib).toBe(195 * 1024);
  });

  test('does nothing more when it ends before it has booted', () => {
    const world = smallWorld();
    const [instance] = world.ec2.CreateFleet(fleet({ id: template(world), count: 1 })).Instances;
    world.ec2.TerminateInstances({ InstanceIds: instance?.InstanceIds ?? [] });
    world.advance(5 * MINUTE);
    expect(happenings(world, 'agent-registered')).toEqual([]);
  });
});

describe('troubles of a launch', () => {
  test('make the nth machine from now on silent, and no other', () => {
    const world = smallWorld();
    grow(world, 2);
    world.troubles.neverRegister({ nth: 2 });
    const ids = grow(world, 3);
    expect(world.mesos.agents()).toHaveLength(4);
    expect(consoleOf(world, ids[1] ?? '')).toContain('FAILED');
  });

  test('make every machine of a kind announce another pool', () => {
    const world = smallWorld();
    world.troubles.wrongPool({ when: (machine) => machine.shape === 'm7i.2xlarge' }, 'batch');
    grow(world, 2);
    const pools = world.mesos.agents().map((agent) => agent.attributes['pool']);
    expect(pools.map((pool) => (pool === undefined ? '' : attributeText(pool)))).toEqual(['batch', 'batch']);
  });
});

describe('the text of resources', () => {
  test('is read by role', () => {
    const { byRole, names } = parseResources(
      'cpus:4;cpus(web):1.5;mem(web):512;ports:[31000-31009,32000-32000]',
    );
    expect(byRole.get('*')).toMatchObject({ cpuMilli: 4000, ports: 11 });
    expect(byRole.get('web')).toMatchObject({ cpuMilli: 1500, memMib: 512 });
    expect([...names]).toEqual(['cpus', 'mem', 'ports']);
  });
});
