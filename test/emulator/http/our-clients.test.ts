// Our own adapters against the served world, in its time: what they are for on a real cluster.
import { describe, expect, test } from '@jest/globals';
import { Ec2Connections } from '../../../lib/aws/client';
import { Ec2Cloud } from '../../../lib/aws/cloud';
import { SsmSecrets } from '../../../lib/aws/secrets';
import { ensureTemplate } from '../../../lib/aws/templates';
import type { Scope } from '../../../lib/core/model/offering';
import { createMarathonClient } from '../../../lib/marathon/client';
import { createMarathon } from '../../../lib/marathon/marathon';
import { createMesosClient } from '../../../lib/mesos/client';
import { createMesos } from '../../../lib/mesos/mesos';
import { portsFace } from '../../../lib/emulator/ports-face';
import { createDirect } from '../../../lib/transport/direct';
import type { Serving } from './served-world';
import { PRICES, serving, withAgent } from './served-world';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' };
const awsOptions = (served: Serving) => ({ clock: served.clock, endpoint: served.ec2Url, credentials });
const common = (served: Serving) => ({
  transport: createDirect(),
  clock: served.clock,
  secrets: new SsmSecrets({ ...awsOptions(served), region: 'us-east-1' }),
});
const mesosOptions = (served: Serving) => ({ masters: served.masterUrls, ...common(served) });
const marathonOptions = (served: Serving) => ({ urls: served.marathonUrls, ...common(served) });

const APP = { id: '/web', cmd: 'sleep 3600', cpus: 1, mem: 256, instances: 6 };

describe('the Mesos client', () => {
  test('finds the leader among the masters and reads the agents', async () => {
    const served = await serving();
    withAgent(served.world);
    served.clock.advance(1_000);
    const [second = '', third = '', first = ''] = served.masterUrls;
    const agents = await createMesos({
      ...mesosOptions(served),
      masters: [first, second, third],
    }).agents();
    expect(agents).toMatchObject({
      complete: true,
      value: [
        {
          hostname: 'agent-1.example',
          active: true,
          total: { cpuMilli: 4_000, memMib: 8_192 },
          attributes: { zone: { kind: 'text', value: 'us-east-1a' }, rack: { kind: 'scalar', value: 1 } },
        },
      ],
    });
  });

  test('knows the agents of another region than the masters, to which no ordinary app goes', async () => {
    const served = await serving({}, { settings: { mesos: { region: 'us-east-1' } } });
    withAgent(served.world, 1, { region: 'us-east-1', zone: 'us-east-1a' });
    withAgent(served.world, 2, { region: 'eu-west-1', zone: 'eu-west-1a' });
    served.clock.advance(1_000);
    const { value } = await createMesos(mesosOptions(served)).agents();
    expect(new Map(value.map(({ hostname, isRemote }) => [hostname, isRemote]))).toEqual(
      new Map([
        ['agent-1.example', undefined],
        ['agent-2.example', true],
      ]),
    );
  });

  test('does not take the silence after an election for an empty cluster', async () => {
    const served = await serving({}, { settings: { agent: { reregisterMs: [2_000, 2_000] } } });
    withAgent(served.world);
    served.clock.advance(1_000);
    served.world.troubles.masterFailover();
    await expect(createMesos(mesosOptions(served)).agents()).rejects.toMatchObject({ kind: 'transient' });
    served.clock.advance(10_000);
    expect(await createMesos(mesosOptions(served)).agents()).toMatchObject({
      complete: false,
      value: [{ hostname: 'agent-1.example', recovered: true }],
    });
    served.clock.advance(120_000);
    expect(await createMesos(mesosOptions(served)).agents()).toMatchObject({
      complete: true,
      value: [{ hostname: 'agent-1.example', recovered: false }],
    });
  });

  test('hears of a new agent on the stream', async () => {
    const served = await serving();
    const client = createMesosClient(mesosOptions(served));
    const types: string[] = [];
    for await (const event of client.subscribe()) {
      types.push(event.type);
      if (event.type === 'HEARTBEAT') withAgent(served.world);
      if (event.type === 'AGENT_ADDED') break;
    }
    expect(types).toEqual(['SUBSCRIBED', 'HEARTBEAT', 'AGENT_ADDED']);
  });

  test('takes its credentials from the parameter store of the same world', async () => {
    const served = await serving({
      mesos: { credentials: { kind: 'basic', principals: [{ name: 'ops', secret: 's3cret' }] } },
    });
    served.world.ssm.PutParameter({ Name: '/muster/c1/mesos', Value: 'ops:s3cret', Type: 'SecureString' });
    const options = mesosOptions(served);
    await expect(createMesosClient(options).health()).rejects.toMatchObject({ kind: 'permanent' });
    expect(await createMesosClient({ ...options, auth: 'ssm:/muster/c1/mesos' }).health()).toBe(true);
  });

  test('sends the writes that the master carries out', async () => {
    const served = await serving();
    const agentId = withAgent(served.world);
    const client = createMesosClient(mesosOptions(served));
    await client.deactivateAgent(agentId);
    expect(served.world.mesos.agents()[0]).toMatchObject({ active: false, deactivated: true });
    await client.reactivateAgent(agentId);
    await client.markAgentGone(agentId);
    expect(served.world.mesos.agents()).toEqual([]);
  });
});

describe('the Marathon client', () => {
  test('reads the queue with the reasons why offers were turned down', async () => {
    const served = await serving({ marathonNodes: 2 });
    withAgent(served.world);
    served.world.marathon.createApp(APP);
    served.clock.advance(120_000);
    const queue = await createMarathon(marathonOptions(served)).queue();
    expect(queue).toMatchObject({
      complete: true,
      value: [
        {
          runSpec: { id: '/web', kind: 'app', each: { cpuMilli: 1_000, memMib: 256 } },
          count: 2,
          backoffMs: 0,
        },
      ],
    });
    expect(queue.value).toEqual(served.world.marathon.queueItems());
    const tasks = await createMarathon(marathonOptions(served)).tasks([{ id: '/web', kind: 'app' }]);
    expect(tasks.value).toHaveLength(4);
  });

  test('scales, and hears of it', async () => {
    const served = await serving();
    withAgent(served.world);
    served.world.marathon.createApp({ ...APP, instances: 1 });
    served.clock.advance(60_000);
    const client = createMarathonClient(marathonOptions(served));
    const types: string[] = [];
    for await (const event of client.events(['event_stream_attached', 'deployment_success'])) {
      types.push(event.type);
      if (event.type !== 'event_stream_attached') break;
      await client.scale('/web', 2);
      served.clock.advance(60_000);
    }
    expect(types).toEqual(['event_stream_attached', 'deployment_success']);
    expect(await client.appTasks('/web')).toHaveLength(2);
  });
});

describe('the Marathon port, by wire and in process', () => {
  const POD = {
    id: '/pod',
    containers: [{ name: 'one', resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: 'sleep 9' } } }],
    scaling: { kind: 'fixed', instances: 2 },
  };
  const both = [
    { id: '/web', kind: 'app' },
    { id: '/pod', kind: 'pod' },
    { id: '/gone', kind: 'app' },
  ] as const;

  const fleet = async () => {
    const served = await serving({ marathonNodes: 2 });
    const agent = withAgent(served.world);
    withAgent(served.world, 2);
    served.world.marathon.createApp({ ...APP, cpus: 0.5, healthChecks: [{ protocol: 'COMMAND' }] });
    served.world.marathon.createPod(POD);
    served.clock.advance(300_000);
    const wire = createMarathon(marathonOptions(served));
    return { served, agent, wire, inProcess: portsFace(served.world).marathon };
  };

  test('say the same of what runs on agents and of how it stands', async () => {
    const { served, agent, wire, inProcess } = await fleet();
    const agents = [agent, 'no such agent'];
    const hosted = await wire.hosted(agents);
    expect(hosted.value).toEqual((await inProcess.hosted(agents)).value);
    expect(hosted.value[0]?.runSpecs.length).toBeGreaterThan(0);
    expect((await wire.apps(both)).value).toEqual((await inProcess.apps(both)).value);
    served.world.marathon.updateApp('/web', { instances: 7 });
    const [web] = (await wire.apps(both)).value;
    expect(web).toMatchObject({ runSpec: { instances: 7 }, deployments: [expect.any(String)] });
    expect(web?.tasks.filter(({ healthy }) => healthy)).toHaveLength(6);
  });

  test('scale, kill with scale, kill, wipe, end pods, and stop a deployment of theirs', async () => {
    const { served, wire } = await fleet();
    const ids = (): readonly string[] => served.world.marathon.appTasks('/web').map(({ id }) => id);
    const { id: deployment } = await wire.scale('/web', 60);
    await expect(wire.scale('/web', 61)).rejects.toMatchObject({ kind: 'conflict' });
    await wire.stopDeployment(deployment);
    await expect(wire.stopDeployment(deployment)).rejects.toMatchObject({ kind: 'gone' });
    await wire.scale('/web', 6);
    served.clock.advance(300_000);
    const [first = '', second = '', third = ''] = ids();
    const app = { runSpec: '/web', kind: 'app' } as const;
    expect(await wire.kill({ ...app, tasks: [first], how: 'lower' })).toMatchObject({
      id: expect.any(String),
    });
    served.clock.advance(300_000);
    expect(served.world.marathon.app('/web').instances).toBe(5);
    expect(ids()).not.toContain(first);
    expect(await wire.kill({ ...app, tasks: [second], how: 'replace' })).toBeUndefined();
    await wire.kill({ ...app, tasks: [third], how: 'wipe' });
    served.clock.advance(600_000);
    expect(ids()).toHaveLength(5);
    expect(ids()).not.toContain(second);
    expect(ids()).not.toContain(third);
    const instances = (): readonly string[] =>
      served.world.marathon.podStatus('/pod').instances.map(({ id }) => id);
    const [pod = ''] = instances();
    const before = served.world.marathon.podStatus('/pod').instances[0]?.containers[0]?.containerId;
    await wire.kill({ runSpec: '/pod', kind: 'pod', tasks: [pod], how: 'replace' });
    served.clock.advance(300_000);
    expect(instances()).toHaveLength(2);
    const after = served.world.marathon.podStatus('/pod').instances[0]?.containers[0]?.containerId;
    expect(after).not.toBe(before);
    await expect(wire.resetDelay('/web')).rejects.toMatchObject({ kind: 'gone' });
  });
});

describe('the EC2 adapter', () => {
  const scope: Scope = { cloud: 'aws', account: 'default', region: 'us-east-1' };

  test('prepares a template, launches past a shortage, lists and ends its machines', async () => {
    const served = await serving();
    const connections = new Ec2Connections(awsOptions(served));
    const cloud = new Ec2Cloud(awsOptions(served), connections);
    const template = await ensureTemplate(connections, {
      cluster: 'c1',
      pool: 'web',
      region: 'us-east-1',
      image: 'ami-0abc',
      userData: '#!/bin/sh\n',
      bootstrap: '1',
      instanceProfile: 'agent',
      securityGroups: ['sg-1'],
      rootDiskGib: 40,
    });
    served.world.troubles.capacityError({ shape: 'm7i.large', zone: 'us-east-1a' });
    const answer = await cloud.launch({
      cluster: 'c1',
      scope,
      pool: 'web',
      launch: 'launch-1',
      template,
      offerings: PRICES.filter(({ shape, market }) => shape === 'm7i.large' && market === 'spot'),
      count: 2,
      token: 'token-1',
    });
    expect(answer.machines).toHaveLength(2);
    expect(answer.errors).toMatchObject([{ kind: 'capacity', offering: { zone: 'us-east-1a' } }]);
    served.clock.advance(60_000);
    const machines = await cloud.launched(scope, 'c1', 'launch-1');
    expect(machines).toMatchObject({
      complete: true,
      value: [{ pool: 'web' }, { market: 'spot', state: 'running' }],
    });
    const ids = machines.value.map(({ id }) => id);
    const marked = async (mark: string) => {
      await cloud.mark({ cluster: 'c1', scope, machines: ids, mark });
      return (await cloud.machines(scope, 'c1')).value.map((machine) => machine.mark);
    };
    expect(await marked('leaving')).toEqual(['leaving', 'leaving']);
    expect((await marked('')).every((mark) => mark !== 'leaving')).toBe(true);
    const ended = await cloud.terminate({
      cluster: 'c1',
      scope,
      machines: machines.value.map(({ id }) => id),
    });
    expect(ended).toMatchObject({ failed: [] });
    expect(ended.done).toHaveLength(2);
    await cloud.close();
  });
});
