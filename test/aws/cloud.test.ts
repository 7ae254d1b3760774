import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Ec2Cloud } from '../../lib/aws/cloud';
import { cloudContract } from './cloud-contract';
import { type LittleEc2, littleEc2 } from './little-ec2';
import { CLOCK, launchRequest, NOW, offering, SCOPE, SUBNETS } from './requests';
import {
  ec2Error,
  type Received,
  type Reply,
  TEST_CREDENTIALS,
  type WireServer,
  wireServer,
} from './wire-server';

const FIXTURES = new URL('../fixtures/aws-wire/', import.meta.url);
const fixture = (name: string): Promise<string> => readFile(new URL(name, FIXTURES), 'utf8');

/** Names of parameters, numbers aside, that a recording of the same action does not have. */
const unrecorded = async (recording: string, sent: Received | undefined): Promise<string[]> => {
  const lines = (await fixture(`${recording}.request.txt`)).split('\n');
  const bare = (name: string): string => name.replace(/\.\d+/g, '.N');
  const recorded = new Set(lines.map((line) => bare(line.replace(/^&/, '').split('=')[0] ?? '')));
  return Object.keys(sent?.form ?? {}).filter((name) => !recorded.has(bare(name)));
};

const NONE_LAUNCHED =
  '<CreateFleetResponse><fleetId>fleet-1</fleetId><errorSet/><fleetInstanceSet/></CreateFleetResponse>';

const cloudAt = (endpoint: string, timeoutMs = 5_000): Ec2Cloud =>
  new Ec2Cloud({ clock: CLOCK, endpoint, credentials: TEST_CREDENTIALS, timeoutMs });

const open: { close(): Promise<void> }[] = [];
const opened = <T extends { close(): Promise<void> }>(thing: T): T => {
  open.push(thing);
  return thing;
};
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const answering = async (
  answer: Parameters<typeof wireServer>[0],
  timeoutMs?: number,
): Promise<{ server: WireServer; cloud: Ec2Cloud }> => {
  const server = opened(await wireServer(answer));
  return { server, cloud: opened(cloudAt(server.endpoint, timeoutMs)) };
};

cloudContract('EC2 through the real client', async () => {
  const ec2 = await littleEc2(SUBNETS);
  const cloud = cloudAt(ec2.endpoint);
  return {
    cloud,
    scope: SCOPE,
    pool: 'web',
    template: { id: 'lt-1', version: '3', bootstrap: 'b-1', image: 'ami-1' },
    offerings: [offering('m7i.large', 'subnet-a'), offering('m7i.large', 'subnet-b')],
    runDry: (dry) => {
      for (const [subnet, zone] of Object.entries(SUBNETS)) {
        if (zone === dry.zone) ec2.dry.add(`${dry.shape} ${subnet}`);
      }
    },
    close: async () => {
      await cloud.close();
      await ec2.close();
    },
  };
});

describe('a launch', () => {
  test('tells machines and errors of each offering apart in one answer', async () => {
    const body = await fixture('create-fleet-partial.response.xml');
    const { cloud } = await answering(() => ({ body }));
    const offerings = [
      offering('m7i.large', 'subnet-a'),
      offering('m7i.large', 'subnet-b'),
      offering('c7i.large', 'subnet-a'),
      offering('c7i.large', 'subnet-b'),
    ];
    const answer = await cloud.launch(launchRequest({ offerings, count: 4 }));
    expect(answer.machines.map(({ id, offering: { zone, shape } }) => [id, zone, shape])).toEqual([
      ['i-1', 'us-east-1b', 'm7i.large'],
      ['i-2', 'us-east-1b', 'm7i.large'],
    ]);
    expect(
      answer.errors.map(({ offering: { zone, shape }, code, kind }) => [zone, shape, code, kind]),
    ).toEqual([
      ['us-east-1a', 'm7i.large', 'InsufficientInstanceCapacity', 'capacity'],
      ['us-east-1a', 'c7i.large', 'MaxSpotInstanceCountExceeded', 'quota'],
      ['us-east-1b', 'c7i.large', 'MaxSpotInstanceCountExceeded', 'quota'],
    ]);
  });

  test('puts the same bytes on the wire for the same request, and no parameter that the recordings lack', async () => {
    const { server, cloud } = await answering(() => ({ body: NONE_LAUNCHED }));
    expect(await cloud.launch(launchRequest())).toEqual({ machines: [], errors: [] });
    const again = opened(cloudAt(server.endpoint));
    await again.launch(launchRequest());
    const [first, second] = server.received;
    expect(second?.body).toBe(first?.body);
    expect(await unrecorded('create-fleet', first)).toEqual([]);
  });

  test('asks for an instant fleet with priorities from 0, our token and our tags on all that it makes', async () => {
    const { server, cloud } = await answering(() => ({ body: NONE_LAUNCHED }));
    await cloud.launch(launchRequest());
    const form = server.received[0]?.form ?? {};
    expect(form).toMatchObject({
      Action: 'CreateFleet',
      Type: 'instant',
      ClientToken: 'token-1',
      'LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId': 'lt-1',
      'LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version': '3',
      'LaunchTemplateConfigs.1.Overrides.1.InstanceType': 'm7i.large',
      'LaunchTemplateConfigs.1.Overrides.1.SubnetId': 'subnet-a',
      'LaunchTemplateConfigs.1.Overrides.1.Priority': '0',
      'LaunchTemplateConfigs.1.Overrides.2.SubnetId': 'subnet-b',
      'LaunchTemplateConfigs.1.Overrides.2.Priority': '1',
      'TargetCapacitySpecification.TotalTargetCapacity': '2',
      'TargetCapacitySpecification.DefaultTargetCapacityType': 'spot',
      'SpotOptions.AllocationStrategy': 'capacity-optimized-prioritized',
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.2.ResourceType': 'volume',
      'TagSpecification.3.ResourceType': 'network-interface',
      'TagSpecification.4.ResourceType': 'fleet',
    });
    for (const n of [1, 2, 3, 4]) {
      const tags = [1, 2, 3, 4, 5].map((t) => [
        form[`TagSpecification.${n}.Tag.${t}.Key`],
        form[`TagSpecification.${n}.Tag.${t}.Value`],
      ]);
      expect(tags).toEqual([
        ['muster:cluster', 'c1'],
        ['muster:pool', 'web'],
        ['muster:launch', 'l-1'],
        ['muster:bootstrap', 'b-1'],
        ['Name', 'c1/web'],
      ]);
    }
  });

  test.each<[string, Reply, string, RegExp]>([
    ['throttled', ec2Error('RequestLimitExceeded', 'slow down', 503), 'throttled', /RequestLimitExceeded/],
    ['refused by policy', ec2Error('UnauthorizedOperation', 'no', 403), 'permanent', /role's policy/],
    ['an internal error', ec2Error('InternalError', 'oops', 500), 'unknown-outcome', /read back/],
    ['a reused token', ec2Error('IdempotentParameterMismatch'), 'permanent', /muster:launch/],
    [
      'a template that is gone',
      ec2Error('InvalidLaunchTemplateId.NotFound'),
      'permanent',
      /launch template or its version was deleted/,
    ],
    [
      'a bad parameter',
      ec2Error('InvalidParameterValue', 'Invalid IAM Instance Profile name'),
      'permanent',
      /Profile/,
    ],
    ['no answer in time', { broken: 'silent' }, 'unknown-outcome', /may have been done/],
    ['a connection that ends unanswered', { broken: 'hangs-up' }, 'unknown-outcome', /may have been done/],
    ['an answer that stops half way', { broken: 'stalls' }, 'unknown-outcome', /may have been done/],
    ['an answer that ends half way', { broken: 'half' }, 'unknown-outcome', /may have been done/],
    ['an answer that is no XML', { body: 'proxy says hello' }, 'unknown-outcome', /may have been done/],
  ])('on %s is sent once and fails as what the caller should do', async (_, reply, kind, message) => {
    const { server, cloud } = await answering(() => reply, 300);
    const failure = await cloud.launch(launchRequest()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'Failure', kind });
    expect(String(failure)).toMatch(message);
    expect(server.received).toHaveLength(1);
  });

  test('that nobody listens to was not sent', async () => {
    const { server, cloud } = await answering(() => ({ body: '' }));
    await server.close();
    await expect(cloud.launch(launchRequest())).rejects.toMatchObject({
      kind: 'transient',
      code: 'ECONNREFUSED',
    });
  });

  test('whose whole fleet has no capacity is an answer, not a failure', async () => {
    const { cloud } = await answering(() => ec2Error('InsufficientInstanceCapacity', 'none', 500));
    const answer = await cloud.launch(launchRequest());
    expect(answer.errors.map(({ kind, offering: { zone } }) => [kind, zone])).toEqual([
      ['capacity', 'us-east-1a'],
      ['capacity', 'us-east-1b'],
    ]);
  });
});

describe('a listing', () => {
  const pages = async (second: Reply) => {
    const body = await fixture('describe-instances-1.response.xml');
    return answering(({ form }) => (form['NextToken'] === 'n2' ? second : { body }));
  };

  test('follows the pages and reads what it can from each machine', async () => {
    const { server, cloud } = await pages({ body: await fixture('describe-instances-2.response.xml') });
    const seen = await cloud.machines(SCOPE, 'c1');
    expect(seen).toMatchObject({ at: NOW, complete: true, faults: [] });
    expect(seen.value).toEqual([
      {
        id: 'i-1',
        cloud: 'aws',
        account: 'default',
        region: 'us-east-1',
        zone: 'us-east-1b',
        shape: 'm7i.xlarge',
        market: 'on-demand',
        state: 'running',
        launchedAt: Date.parse('2026-11-22T10:00:01Z'),
        image: 'ami-1',
        privateIp: '10.0.0.1',
        hostname: 'ip-10-0-0-1.ec2.internal',
        pool: 'p',
        launch: 'l-1',
        bootstrap: 'b-1',
        mark: 'draining',
      },
      expect.objectContaining({
        id: 'i-2',
        market: 'spot',
        state: 'terminated',
        stateReason: 'Server.SpotInstanceTermination',
      }),
      expect.objectContaining({ id: 'i-3', state: 'running', launchedAt: NOW, zone: '' }),
    ]);
    expect(server.received.map(({ form }) => form)).toEqual([
      {
        Action: 'DescribeInstances',
        Version: '2016-11-15',
        'Filter.1.Name': 'tag:muster:cluster',
        'Filter.1.Value.1': 'c1',
        MaxResults: '1000',
      },
      expect.objectContaining({ NextToken: 'n2', MaxResults: '1000' }),
    ]);
  });

  test('of which a later page fails has what came and says that it is not all', async () => {
    const { cloud } = await pages(ec2Error('InternalError', 'oops', 500));
    const seen = await cloud.machines(SCOPE, 'c1');
    expect(seen.complete).toBe(false);
    expect(seen.value.map(({ id }) => id)).toEqual(['i-1', 'i-2']);
    expect(seen.faults.join()).toMatch(/Only 2 machines could be listed.*InternalError/);
  });

  test('of which a later page breaks off has what came and says that it is not all', async () => {
    const { cloud } = await pages({ broken: 'hangs-up' });
    expect(await cloud.machines(SCOPE, 'c1')).toMatchObject({ complete: false });
  });

  test('that fails at once throws, so that nothing is taken for an empty fleet', async () => {
    const { server, cloud } = await answering(() => ec2Error('RequestLimitExceeded', 'slow', 503));
    await expect(cloud.machines(SCOPE, 'c1')).rejects.toMatchObject({ kind: 'throttled' });
    expect(server.received.length).toBeGreaterThan(1);
  });

  test('with a state that nobody knows leaves the machine out and says so', async () => {
    const body = (await fixture('describe-instances-2.response.xml')).replace('272', '112');
    const { cloud } = await answering(() => ({ body }));
    const seen = await cloud.machines(SCOPE, 'c1');
    expect(seen).toMatchObject({ complete: false, value: [] });
    expect(seen.faults.join()).toContain('i-3');
  });

  test("under another account's credentials is refused", async () => {
    const { cloud } = await pages({ body: '' });
    await expect(cloud.machines({ ...SCOPE, account: '999' }, 'c1')).rejects.toMatchObject({
      kind: 'permanent',
      code: 'WrongAccount',
    });
  });
});

describe('ending machines', () => {
  const fleet = async (count: number): Promise<{ ec2: LittleEc2; cloud: Ec2Cloud; ids: string[] }> => {
    const ec2 = opened(await littleEc2(SUBNETS));
    const cloud = opened(cloudAt(ec2.endpoint));
    const { machines } = await cloud.launch(launchRequest({ count }));
    return { ec2, cloud, ids: machines.map(({ id }) => id) };
  };
  const order = (machines: readonly string[]) => ({ cluster: 'c1', scope: SCOPE, machines });
  const running = (ec2: LittleEc2): string[] =>
    [...ec2.instances.values()].filter(({ state }) => state === 'running').map(({ id }) => id);

  test('splits a refused batch until only the protected machines are left, and says why', async () => {
    const { ec2, cloud, ids } = await fleet(20);
    const locked = [ids[3] ?? '', ids[11] ?? ''];
    for (const id of locked) ec2.locked.add(id);
    const answer = await cloud.terminate(order(ids));
    expect(running(ec2)).toEqual(locked);
    expect(answer.done).toHaveLength(18);
    expect(answer.failed.map(({ id }) => id)).toEqual(locked);
    expect(answer.failed[0]?.message).toMatch(/may not be terminated/);
  });

  test('uses no parameter that the recordings lack', async () => {
    const { ec2, cloud, ids } = await fleet(2);
    await cloud.terminate(order(ids));
    const [, described, ended] = ec2.received;
    expect([described?.action, ended?.action]).toEqual(['DescribeInstances', 'TerminateInstances']);
    expect(await unrecorded('describe-instances', described)).toEqual([]);
    expect(await unrecorded('terminate-instances', ended)).toEqual([]);
  });

  test('counts a machine as ended that disappears between the look and the call', async () => {
    const { ec2, cloud, ids } = await fleet(5);
    ec2.interfere = ({ action }) => {
      if (action === 'TerminateInstances') ec2.instances.delete(ids[2] ?? '');
      return undefined;
    };
    const answer = await cloud.terminate(order(ids));
    expect([...answer.done].sort()).toEqual(ids);
    expect(running(ec2)).toEqual([]);
  });

  test('never touches a machine of another cluster, of nobody, or of no pool', async () => {
    const { ec2, cloud, ids } = await fleet(4);
    const [theirs, nobodys, control, ours] = ids;
    const retag = (id: string | undefined, tags: Record<string, string>): void => {
      const instance = ec2.instances.get(id ?? '');
      if (instance !== undefined) ec2.instances.set(instance.id, { ...instance, tags });
    };
    retag(theirs, { 'muster:cluster': 'c2', 'muster:pool': 'web' });
    retag(nobodys, {});
    retag(control, { 'muster:cluster': 'c1' });
    const answer = await cloud.terminate(order(ids));
    expect(running(ec2)).toEqual([theirs, nobodys, control]);
    expect(answer.done).toEqual([ours]);
    expect(answer.failed.map(({ message }) => message)).toEqual([
      expect.stringContaining('cluster c2'),
      expect.stringContaining('no cluster of ours'),
      expect.stringContaining('no pool'),
    ]);
    const asked = ec2.received.filter(({ action }) => action === 'TerminateInstances');
    expect(asked.flatMap(({ form }) => [form['InstanceId.1'], form['InstanceId.2']])).toEqual([
      ours,
      undefined,
    ]);
  });

  test('sends at most 500 machines in a call and looks at 200 at a time', async () => {
    const { ec2, cloud, ids } = await fleet(620);
    const answer = await cloud.terminate(order(ids));
    expect(answer.done).toHaveLength(620);
    expect(running(ec2)).toEqual([]);
    const sizes = (action: string, key: RegExp): number[] =>
      ec2.received
        .filter((request) => request.action === action)
        .map(({ form }) => Object.keys(form).filter((name) => key.test(name)).length);
    expect(sizes('TerminateInstances', /^InstanceId\./)).toEqual([500, 120]);
    expect(sizes('DescribeInstances', /^Filter\.1\.Value\./)).toEqual([200, 200, 200, 20]);
  });

  test.each<[string, Reply, string]>([
    ['throttled', ec2Error('RequestLimitExceeded', 'slow', 503), 'throttled'],
    ['an internal error', ec2Error('InternalError', 'oops', 500), 'unknown-outcome'],
    ['no answer', { broken: 'hangs-up' }, 'unknown-outcome'],
    ['a policy that forbids it', ec2Error('UnauthorizedOperation', 'no', 403), 'permanent'],
  ])('on %s fails as a whole after one call, to be repeated', async (_, reply, kind) => {
    const { ec2, cloud, ids } = await fleet(3);
    ec2.interfere = ({ action }) => (action === 'TerminateInstances' ? reply : undefined);
    await expect(cloud.terminate(order(ids))).rejects.toMatchObject({ name: 'Failure', kind });
    expect(ec2.received.filter(({ action }) => action === 'TerminateInstances')).toHaveLength(1);
  });

  test('orders nothing when the tags cannot be read', async () => {
    const { ec2, cloud, ids } = await fleet(3);
    ec2.interfere = ({ action }) =>
      action === 'DescribeInstances' ? ec2Error('UnauthorizedOperation', 'no', 403) : undefined;
    await expect(cloud.terminate(order(ids))).rejects.toMatchObject({ kind: 'permanent' });
    expect(running(ec2)).toEqual(ids);
  });
});
