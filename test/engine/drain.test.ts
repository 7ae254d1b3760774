import { describe, expect, test } from '@jest/globals';
import { isLive } from '../../lib/core/model/machine';
import type { Memory } from '../../lib/core/model/memory';
import { messageOf } from '../../lib/engine/failure';
import { recall } from '../../lib/engine/recall';
import { appIn, type EmulatedFleet } from '../builders/emulated-fleet';
import { busyFleet, lowest, requestDrain, tell, turns, watchHealth } from '../builders/draining';
import { aPool, aSpec, MINUTE } from '../builders/fleet';

const memoryOf = async (fleet: EmulatedFleet): Promise<Memory> =>
  (await recall(fleet.engine.store, 'prod')).memory;

const agentOn = (fleet: EmulatedFleet, id: string) =>
  fleet.world.mesos.agents().find((agent) => agent.id === id);

const liveCount = (fleet: EmulatedFleet): number => fleet.machines().filter(isLive).length;

const instancesOf = (fleet: EmulatedFleet) =>
  Object.fromEntries(fleet.world.marathon.apps().map(({ id, instances }) => [id, instances]));

/** The agent with the most tasks. */
const busiest = (fleet: EmulatedFleet): string => {
  const counts = new Map<string, number>();
  for (const { slaveId } of fleet.world.marathon.tasks()) counts.set(slaveId, (counts.get(slaveId) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? '';
};

const shopAndApi = [appIn('web', '/shop', 6), appIn('web', '/api', 3)];
const oneByOne = { upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 } };

/** Everything is over, and nothing of it is left anywhere. */
const settled = async (fleet: EmulatedFleet) => {
  const { leaving, surges } = await memoryOf(fleet);
  return {
    drains: leaving.filter(({ drain }) => drain !== undefined),
    surges,
    failures: fleet.failures.map(messageOf),
  };
};
const OVER = { drains: [], surges: [], failures: [] };

describe('a planned drain', () => {
  test('starts copies first, then kills exactly the old tasks with scale, and ends the machine', async () => {
    const fleet = await busyFleet(shopAndApi);
    const agent = busiest(fleet);
    const health = watchHealth(fleet);
    const before = liveCount(fleet);
    await requestDrain(fleet, agent);
    await turns(fleet, 60);
    expect(agentOn(fleet, agent)).toBeUndefined();
    expect([lowest(health, '/shop'), lowest(health, '/api')]).toEqual([6, 3]);
    expect(instancesOf(fleet)).toEqual({ '/shop': 6, '/api': 3 });
    expect(await settled(fleet)).toEqual(OVER);
    expect((await memoryOf(fleet)).drained).toMatchObject([{ agent, end: 'done', cause: 'asked' }]);
    expect(liveCount(fleet)).toBeLessThanOrEqual(before);
  });

  test('of an app that may have no more instances moves one task after the other, one below its target', async () => {
    const fleet = await busyFleet([appIn('web', '/shop', 6, oneByOne)]);
    const agent = busiest(fleet);
    const health = watchHealth(fleet);
    await requestDrain(fleet, agent);
    await turns(fleet, 60);
    expect(agentOn(fleet, agent)).toBeUndefined();
    expect(lowest(health, '/shop')).toBe(5);
    expect(await settled(fleet)).toEqual(OVER);
  });

  test('of an app whose floor is its target fails by its deadline, is undone, and people are told', async () => {
    const labels = { 'muster/min-healthy': '100%' };
    const fleet = await busyFleet([appIn('web', '/shop', 6, { ...oneByOne, labels })]);
    const agent = busiest(fleet);
    const health = watchHealth(fleet);
    await requestDrain(fleet, agent, { withinMs: 4 * MINUTE });
    await turns(fleet, 60);
    expect(agentOn(fleet, agent)).toMatchObject({ deactivated: false, active: true });
    expect(lowest(health, '/shop')).toBe(6);
    expect(await settled(fleet)).toEqual(OVER);
    expect((await memoryOf(fleet)).drained).toMatchObject([
      { end: 'failed', why: expect.stringContaining('6 of its 6 have to stay healthy') },
    ]);
    expect(fleet.notices).toMatchObject([{ alarm: 'drain-failed' }]);
  });

  test.each([
    ['muster/max-disruption', '0', 'budget'],
    ['muster/protect-until', '2999-01-01', 'protected'],
    ['muster/protect-until', 'next week', 'protected'],
    ['muster/min-healthy', 'most', 'protected'],
  ])('moves nothing of an app whose label %s says %s', async (label, value, code) => {
    const fleet = await busyFleet([appIn('web', '/shop', 6, { labels: { [label]: value } })]);
    const tasks = fleet.world.marathon.tasks().map(({ id }) => id);
    await requestDrain(fleet, busiest(fleet), { withinMs: 3 * MINUTE });
    await turns(fleet, 8);
    const report = await fleet.minute();
    expect(report).toMatchObject({ plans: [{ blocked: [{ step: 'drain', code, subject: '/shop' }] }] });
    await turns(fleet, 30);
    expect(fleet.world.marathon.tasks().map(({ id }) => id)).toEqual(tasks);
    expect(await settled(fleet)).toEqual(OVER);
  });

  test('that is taken back in the middle of a surge leaves every app as it was', async () => {
    const fleet = await busyFleet(shopAndApi);
    const agent = busiest(fleet);
    const health = watchHealth(fleet);
    await requestDrain(fleet, agent);
    for (let nth = 0; nth < 60 && fleet.world.marathon.app('/shop').instances === 6; nth += 1)
      await turns(fleet, 1);
    expect(fleet.world.marathon.app('/shop').instances).toBeGreaterThan(6);
    await tell(fleet, agent, { kind: 'undrain', by: 'ada', reason: 'the kernel can wait' });
    await turns(fleet, 30);
    expect(agentOn(fleet, agent)).toMatchObject({ deactivated: false });
    expect(instancesOf(fleet)).toEqual({ '/shop': 6, '/api': 3 });
    expect([lowest(health, '/shop'), lowest(health, '/api')]).toEqual([6, 3]);
    expect(await settled(fleet)).toEqual(OVER);
    expect((await memoryOf(fleet)).drained).toMatchObject([
      { end: 'cancelled', why: 'ada took it back: the kernel can wait' },
    ]);
  });

  test('spares the tasks of other frameworks until its deadline less the grace', async () => {
    const fleet = await busyFleet([appIn('web', '/shop', 6)]);
    const agent = busiest(fleet);
    const task = fleet.world.mesos.occupy(agent, { cpuMilli: 100, memMib: 64 }, 'chronos');
    const runs = (): boolean => fleet.world.mesos.agentTasks(agent).some(({ id }) => id === task);
    await requestDrain(fleet, agent, { withinMs: 10 * MINUTE });
    await turns(fleet, 90);
    expect(runs()).toBe(true);
    expect(fleet.world.marathon.tasks().filter(({ slaveId }) => slaveId === agent)).toEqual([]);
    await turns(fleet, 30);
    expect(agentOn(fleet, agent)).toBeUndefined();
    expect(await settled(fleet)).toEqual(OVER);
    expect((await memoryOf(fleet)).drained).toMatchObject([{ end: 'done' }]);
  });

  test('waits for a deployment of somebody else, and folds in what that changed', async () => {
    const fleet = await busyFleet(shopAndApi);
    const agent = busiest(fleet);
    await requestDrain(fleet, agent);
    for (let nth = 0; nth < 60 && fleet.world.marathon.app('/shop').instances === 6; nth += 1)
      await turns(fleet, 1);
    await turns(fleet, 1);
    fleet.world.marathon.updateApp('/shop', { instances: 9 }, { force: true });
    await turns(fleet, 80);
    expect(agentOn(fleet, agent)).toBeUndefined();
    expect(instancesOf(fleet)).toEqual({ '/shop': 9, '/api': 3 });
    expect(await settled(fleet)).toEqual(OVER);
  });

  test('of several agents at once writes one surge for an app that runs on all of them', async () => {
    const fleet = await busyFleet([appIn('web', '/shop', 12)]);
    const agents = fleet.world.mesos.agents().map(({ id }) => id);
    const health = watchHealth(fleet);
    for (const agent of agents.slice(0, 3)) await requestDrain(fleet, agent);
    await turns(fleet, 100);
    expect(agents.slice(0, 3).flatMap((id) => agentOn(fleet, id) ?? [])).toEqual([]);
    expect(lowest(health, '/shop')).toBe(12);
    expect(instancesOf(fleet)).toEqual({ '/shop': 12 });
    expect(await settled(fleet)).toEqual(OVER);
  });

  test('that is forced kills what is left near its deadline, and says what could not move', async () => {
    const labels = { 'muster/max-disruption': '0' };
    const fleet = await busyFleet([appIn('web', '/shop', 6, { labels })]);
    const agent = busiest(fleet);
    await requestDrain(fleet, agent, { withinMs: 3 * MINUTE, force: true });
    await turns(fleet, 60);
    expect(agentOn(fleet, agent)).toBeUndefined();
    expect((await memoryOf(fleet)).drained).toMatchObject([
      { end: 'escalated', why: expect.stringContaining('of /shop (its owner allows no disruption)') },
    ]);
    expect(await settled(fleet)).toEqual(OVER);
  });

  test('of a pool that says `drain: kill` starts no copies and is over at once', async () => {
    const spec = aSpec({
      pools: [
        aPool({
          drain: 'kill',
          disruption: { budget: { percent: 100 }, windows: [], emptyForMs: 60 * MINUTE },
        }),
      ],
    });
    const fleet = await busyFleet([appIn('web', '/shop', 6)], { spec });
    const agent = busiest(fleet);
    const calls: string[] = [];
    fleet.world.marathon.subscribe(({ eventType }) => void calls.push(eventType));
    await requestDrain(fleet, agent);
    await turns(fleet, 12);
    expect(agentOn(fleet, agent)).toBeUndefined();
    expect(calls).not.toContain('deployment_success');
    expect((await memoryOf(fleet)).drained).toMatchObject([{ agent, end: 'done' }]);
    await fleet.minutes(4);
    expect(fleet.world.marathon.app('/shop').tasksRunning).toBe(6);
    expect(await settled(fleet)).toEqual(OVER);
  });

  test('moves the instances of a pod one after the other', async () => {
    const fleet = await busyFleet([]);
    fleet.world.marathon.createPod({
      id: '/pod',
      containers: [{ name: 'one', resources: { cpus: 1, mem: 1024 }, exec: { command: { shell: 'sleep' } } }],
      scaling: { kind: 'fixed', instances: 4 },
    });
    await fleet.minutes(8);
    const [first] = fleet.world.marathon.podStatus('/pod').instances;
    const agent = first?.agentId ?? '';
    await requestDrain(fleet, agent);
    await turns(fleet, 80);
    expect(agentOn(fleet, agent)).toBeUndefined();
    expect(fleet.world.marathon.podStatus('/pod').instances.map(({ status }) => status)).toEqual(
      Array.from({ length: 4 }, () => 'STABLE'),
    );
    expect(await settled(fleet)).toEqual(OVER);
  });
});

describe('a drain is refused before it begins', () => {
  test.each([['of what no machine is called', 'i-nothing', 'no machine of this cluster has that name']])(
    '%s',
    async (_what, subject, why) => {
      const fleet = await busyFleet([appIn('web', '/shop', 3)]);
      await requestDrain(fleet, subject);
      const report = await fleet.minute();
      expect(report).toMatchObject({
        plans: [{ blocked: [{ step: 'drain', subject, why: `it is not drained: ${why}` }] }],
      });
    },
  );

  test('where the budget is zero', async () => {
    const none = { budget: { agents: 0 }, windows: [], emptyForMs: 60 * MINUTE };
    const fleet = await busyFleet([appIn('web', '/shop', 3)], {
      spec: aSpec({ pools: [aPool({ disruption: none })] }),
    });
    const agent = busiest(fleet);
    await requestDrain(fleet, agent);
    await turns(fleet, 20);
    expect(agentOn(fleet, agent)).toMatchObject({ deactivated: false });
  });

  test('where somebody else has deactivated the agent, which stays theirs', async () => {
    const fleet = await busyFleet([appIn('web', '/shop', 3)]);
    const agent = busiest(fleet);
    fleet.world.mesos.deactivateAgent(agent);
    await requestDrain(fleet, agent);
    await turns(fleet, 20);
    expect(agentOn(fleet, agent)).toMatchObject({ deactivated: true });
    expect((await memoryOf(fleet)).leaving.filter(({ drain }) => drain !== undefined)).toEqual([]);
  });
});
