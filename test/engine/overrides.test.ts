import { describe, expect, test } from '@jest/globals';
import { isLive } from '../../lib/core/model/machine';
import { recall } from '../../lib/engine/recall';
import { busyFleet, lowest, requestDrain, tell, turns, watchHealth } from '../builders/draining';
import { appIn, type EmulatedFleet } from '../builders/emulated-fleet';
import { MINUTE } from '../builders/fleet';

const WORD = { by: 'ada', reason: 'a bad disk' } as const;
const memoryOf = async (fleet: EmulatedFleet) => (await recall(fleet.engine.store, 'prod')).memory;
const isThere = (fleet: EmulatedFleet, id: string): boolean =>
  fleet.world.mesos.agents().some((agent) => agent.id === id);
const isOffered = (fleet: EmulatedFleet, id: string): boolean =>
  fleet.world.mesos.agents().some((agent) => agent.id === id && !agent.deactivated);
const firstAgent = (fleet: EmulatedFleet): string => fleet.world.mesos.agents()[0]?.id ?? '';

describe('a machine that is replaced', () => {
  test('is offered until the one in its place has registered, and then emptied and ended', async () => {
    const fleet = await busyFleet([appIn('web', '/shop', 6)]);
    const agent = firstAgent(fleet);
    const before = fleet.world.mesos.agents().length;
    const health = watchHealth(fleet);
    const deadline = fleet.world.now() + 60 * MINUTE;
    await tell(fleet, agent, { kind: 'drain', ...WORD, deadline, force: false, replacementFirst: true });
    await turns(fleet, 2);
    expect(isOffered(fleet, agent)).toBe(true);
    let least = Infinity;
    for (let nth = 0; nth < 100 && isThere(fleet, agent); nth += 1) {
      await turns(fleet, 1);
      least = Math.min(least, fleet.world.mesos.agents().filter(({ deactivated }) => !deactivated).length);
    }
    expect(isThere(fleet, agent)).toBe(false);
    expect(least).toBe(before);
    expect(lowest(health, '/shop')).toBe(6);
    await turns(fleet, 10);
    expect(fleet.machines().filter(isLive)).toHaveLength(before);
    expect(fleet.failures).toEqual([]);
    const { drained, floors } = await memoryOf(fleet);
    expect(drained).toMatchObject([{ agent, end: 'done' }]);
    expect(floors).toEqual([]);
  });
});

describe('an app that is protected', () => {
  test('stays where it is until then, though its agent is drained', async () => {
    const fleet = await busyFleet([appIn('web', '/shop', 6)]);
    const agent = firstAgent(fleet);
    await tell(fleet, '/shop', { kind: 'protect', ...WORD }, 10 * MINUTE);
    await requestDrain(fleet, agent);
    const tasks = () => fleet.world.marathon.tasks().filter(({ slaveId }) => slaveId === agent).length;
    const before = tasks();
    await turns(fleet, 30);
    expect(tasks()).toBe(before);
    await turns(fleet, 130);
    expect(isThere(fleet, agent)).toBe(false);
    expect(fleet.failures).toEqual([]);
  });
});

describe('an app that names its window', () => {
  test.each([
    ['* * * * * 1h Europe/Berlin', true],
    ['0 0 29 2 * 1m Europe/Berlin', false],
    ['61 0 1 1 * 1h Europe/Berlin', false],
    ['* * * * * 1h Europe/Atlantis', false],
  ])('as %s is moved: %p', async (window, isMoved) => {
    const labels = { 'muster/window': window };
    const fleet = await busyFleet([appIn('web', '/shop', 6, { labels })]);
    const agent = firstAgent(fleet);
    await requestDrain(fleet, agent);
    await turns(fleet, 60);
    expect(isThere(fleet, agent)).toBe(!isMoved);
    expect(fleet.failures).toEqual([]);
  });
});
