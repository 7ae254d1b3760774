// What comes between a drain and its end, as an operator would read it. After a wanted change, `UPDATE_GOLDEN=1 npm test --
// test/stories` writes the transcripts again; look at what changed before it is committed.
import { describe, expect, test } from '@jest/globals';
import { timedOut, aroundPorts } from '../builders/around-ports';
import { appIn } from '../builders/emulated-fleet';
import { MINUTE } from '../builders/fleet';
import { restorableStore } from '../builders/restorable-store';
import {
  fullest,
  golden,
  machineOf,
  ON_DEMAND,
  OVER,
  shopAndApi,
  SPOT,
  type Tale,
  tale,
} from '../builders/tale';

const FULL = { '/shop': 20, '/api': 8 };

/** A drain of the fullest agent whose copies have just been asked for. */
const surging = async (told: Tale, withinMs = 20 * MINUTE): Promise<string> => {
  const agent = fullest(told);
  await told.drain(agent, withinMs);
  const isSurging = await told.until(async () => (await told.memory()).surges.length > 0, 120);
  expect(isSurging).toBe(true);
  return agent;
};

const listed = (told: Tale, agent: string) => told.fleet.world.mesos.agents().find(({ id }) => id === agent);

describe('what other people do in the middle of a drain', () => {
  test('a deployment that never becomes healthy is waited for until its owner takes it back', async () => {
    const told = await tale(shopAndApi, ON_DEMAND);
    const { troubles, marathon } = told.fleet.world;
    const agent = fullest(told);
    const heal = troubles.neverHealthy('/shop');
    told.say('/shop is deployed anew, and its new tasks never become healthy');
    marathon.updateApp('/shop', { mem: 2049, healthChecks: [{ protocol: 'MESOS_HTTP', path: '/' }] });
    await told.drain(agent, 20 * MINUTE);
    await told.seconds(120);
    heal();
    const [stuck] = marathon.deployments();
    told.say('its owner rolls it back');
    marathon.cancelDeployment(stuck?.id ?? '');
    await told.seconds(300);
    golden('stuck-deployment', told);
    expect(await told.ending()).toMatchObject({ ...OVER, instances: FULL, running: FULL, ends: ['done'] });
    expect(listed(told, agent)).toBeUndefined();
  });

  test('an autoscaler scales the app that is being moved, and its number stands', async () => {
    const told = await tale(shopAndApi, ON_DEMAND);
    const agent = await surging(told);
    await told.until(() => told.fleet.world.marathon.deployments().length === 0, 60);
    told.say('an autoscaler wants 26 of /shop');
    told.fleet.world.marathon.updateApp('/shop', { instances: 26 }, { force: true });
    await told.seconds(300);
    golden('autoscaler-and-drain', told);
    const grown = { '/shop': 26, '/api': 8 };
    expect(await told.ending()).toMatchObject({
      ...OVER,
      instances: grown,
      running: grown,
      lowest: FULL,
      ends: ['done'],
    });
    expect(listed(told, agent)).toBeUndefined();
  });
});

describe('what cannot move', () => {
  test('a task with a volume is not drained, and when its cloud takes the machine it is named', async () => {
    const resident = appIn('web', '/db', 1, {
      residency: { taskLostBehavior: 'WAIT_FOREVER' },
      container: {
        type: 'MESOS',
        volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 100 } }],
      },
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    });
    const told = await tale([...shopAndApi, resident], SPOT);
    const { marathon, troubles } = told.fleet.world;
    const agent = marathon.appTasks('/db')[0]?.slaveId ?? '';
    await told.drain(agent, 3 * MINUTE);
    await told.seconds(200);
    expect(await told.ending()).toMatchObject({ ...OVER, lowest: { ...FULL, '/db': 1 }, ends: [] });
    troubles.spotNotice(machineOf(told, agent));
    await told.seconds(200);
    golden('resident-volume', told);
    expect(await told.ending()).toMatchObject({ ...OVER, running: FULL, ends: ['escalated'] });
    expect((await told.memory()).drained[0]?.why).toContain('/db');
  });
});

describe('what fails in the middle of a drain', () => {
  test('the leading master fails over', async () => {
    const told = await tale(shopAndApi, ON_DEMAND);
    const agent = await surging(told);
    told.fleet.world.troubles.masterFailover();
    await told.seconds(420);
    golden('master-failover', told);
    expect(await told.ending()).toMatchObject({
      drains: [],
      surges: 0,
      deactivated: 0,
      instances: FULL,
      running: FULL,
      lowest: FULL,
    });
    expect(listed(told, agent)).toBeUndefined();
  });

  test('Marathon does not answer for a minute and a half', async () => {
    const told = await tale(shopAndApi, ON_DEMAND);
    const agent = await surging(told);
    told.say('Marathon does not answer');
    told.by(
      aroundPorts(told.fleet.engine, async (name, call) => {
        if (name.startsWith('marathon.')) throw timedOut();
        return call();
      }),
    );
    await told.seconds(90);
    told.say('Marathon answers again');
    told.by(told.fleet.engine);
    await told.seconds(240);
    golden('marathon-down', told);
    expect(await told.ending()).toMatchObject({
      drains: [],
      surges: 0,
      deactivated: 0,
      instances: FULL,
      running: FULL,
      lowest: FULL,
    });
    expect(listed(told, agent)).toBeUndefined();
  });

  test('the table goes back to five minutes ago, before the drain was asked for', async () => {
    const clock = { now: (): number => 0 };
    const store = restorableStore({ now: () => clock.now() });
    const told = await tale(shopAndApi, { ...ON_DEMAND, store });
    clock.now = () => told.fleet.world.now();
    await told.seconds(360);
    const before = told.fleet.world.now() - 5 * MINUTE;
    const agent = await surging(told);
    told.say('the table is restored to five minutes ago');
    await store.restore(store.writes().filter((at) => at <= before).length);
    told.wake();
    await told.seconds(420);
    golden('restored-table', told);
    const ending = await told.ending();
    // Its copies may outlive it: nobody remembers that they are ours.
    expect(ending).toMatchObject({ ...OVER, lowest: FULL });
    expect(listed(told, agent)).toMatchObject({ active: true });
  });
});
