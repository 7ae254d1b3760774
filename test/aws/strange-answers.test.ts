// Bodies with status 200 that EC2 never sends: the SDK parses them to an answer without members. None may pass for news.
import { afterEach, describe, expect, test } from '@jest/globals';
import { Ec2Cloud } from '../../lib/aws/cloud';
import { littleEc2 } from './little-ec2';
import { CLOCK, launchRequest, SCOPE, SUBNETS } from './requests';
import { TEST_CREDENTIALS, wireServer } from './wire-server';

const open: { close(): Promise<void> }[] = [];
const opened = <T extends { close(): Promise<void> }>(thing: T): T => {
  open.push(thing);
  return thing;
};
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const cloudAt = (endpoint: string): Ec2Cloud =>
  opened(new Ec2Cloud({ clock: CLOCK, endpoint, credentials: TEST_CREDENTIALS }));

describe.each([
  ['an empty answer', ''],
  ["a proxy's page", '<html><body>sign in</body></html>'],
])('%s with status 200', (_name, body) => {
  test('to the listing leaves the fleet unknown, not empty', async () => {
    const cloud = cloudAt(opened(await wireServer(() => ({ body }))).endpoint);
    await expect(cloud.machines(SCOPE, 'c1')).rejects.toMatchObject({
      kind: 'transient',
      code: 'NoReservations',
    });
  });

  test('to a launch leaves open whether it was done', async () => {
    const cloud = cloudAt(opened(await wireServer(() => ({ body }))).endpoint);
    await expect(cloud.launch(launchRequest())).rejects.toMatchObject({
      kind: 'unknown-outcome',
      code: 'NoFleet',
    });
  });

  test('to the look before an end counts no machine as ended', async () => {
    const ec2 = opened(await littleEc2(SUBNETS));
    const cloud = cloudAt(ec2.endpoint);
    const { machines } = await cloud.launch(launchRequest({ count: 3 }));
    ec2.interfere = ({ action }) => (action === 'DescribeInstances' ? { body } : undefined);
    const order = { cluster: 'c1', scope: SCOPE, machines: machines.map(({ id }) => id) };
    await expect(cloud.terminate(order)).rejects.toMatchObject({ kind: 'transient' });
    expect([...ec2.instances.values()].map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  });
});
