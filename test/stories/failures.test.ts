// What goes wrong with a fleet, as an operator would read it. After a wanted change, `UPDATE_GOLDEN=1 npm test --
// test/stories` writes the transcripts again; look at what changed before it is committed.
import { describe, expect, test } from '@jest/globals';
import { fullest, golden, live, ON_DEMAND, OVER, shopAndApi, SPOT, tale } from '../builders/tale';

describe('what the cloud does', () => {
  test('a spot storm takes a fifth of the machines with two minutes of notice', async () => {
    const told = await tale(shopAndApi, SPOT);
    const machines = live(told);
    const taken = machines.slice(0, Math.ceil(machines.length / 5));
    told.say(`EC2 takes ${taken.length} of ${machines.length} machines back`);
    for (const { id } of taken) told.fleet.world.troubles.spotNotice(id);
    await told.seconds(240);
    golden('spot-storm', told);
    const ending = await told.ending();
    expect(ending).toMatchObject({ ...OVER, running: { '/shop': 20, '/api': 8 } });
    expect(ending.ends).toEqual(taken.map(() => 'done'));
    expect(ending.lowest['/shop']).toBeGreaterThanOrEqual(19);
    expect(ending.lowest['/api']).toBeGreaterThanOrEqual(7);
  });

  test('a spot storm touches everything that the pool may buy, and the machines come from there all the same', async () => {
    const told = await tale(shopAndApi, SPOT);
    const zones = new Map(live(told).map((machine) => [machine.zone, machine]));
    told.say(`EC2 takes one machine back in each of ${zones.size} zones`);
    for (const { id } of zones.values()) told.fleet.world.troubles.spotNotice(id);
    await told.seconds(240);
    golden('spot-storm-everywhere', told);
    const ending = await told.ending();
    expect(zones.size).toBe(3);
    expect(ending).toMatchObject({ ...OVER, running: { '/shop': 20, '/api': 8 } });
    expect(ending.ends).toEqual(['done', 'done', 'done']);
    expect(ending.lowest['/shop']).toBeGreaterThanOrEqual(19);
    expect(ending.lowest['/api']).toBeGreaterThanOrEqual(7);
  });

  test('a zone is lost, and comes back', async () => {
    const told = await tale(shopAndApi, ON_DEMAND);
    const back = told.fleet.world.troubles.zoneLost('us-east-1a');
    await told.seconds(180);
    back();
    await told.seconds(60);
    golden('zone-lost', told);
    expect(await told.ending()).toMatchObject({ ...OVER, running: { '/shop': 20, '/api': 8 } });
    expect(live(told).filter(({ zone }) => zone === 'us-east-1a')).toEqual([]);
  });

  test('a person ends two machines', async () => {
    const told = await tale(shopAndApi, ON_DEMAND);
    const [one, two] = live(told);
    const before = live(told).length;
    for (const machine of [one, two]) told.fleet.world.troubles.humanTerminates(machine?.id ?? '');
    await told.seconds(180);
    golden('human-ends-machines', told);
    expect(await told.ending()).toMatchObject({ ...OVER, running: { '/shop': 20, '/api': 8 } });
    expect(live(told).length).toBe(before);
  });
});

describe('a network that is cut', () => {
  test.each([60, 120])('and heals after %i s', async (seconds) => {
    const told = await tale(shopAndApi, ON_DEMAND);
    const machines = live(told).map(({ id }) => id);
    const agent = fullest(told);
    const heal = told.fleet.world.troubles.partition(agent);
    await told.seconds(seconds);
    heal();
    await told.seconds(180);
    golden(`partition-${seconds}`, told);
    const ending = await told.ending();
    expect(ending).toMatchObject({ ...OVER, running: { '/shop': 20, '/api': 8 } });
    // Nobody has the proof that its machine is dead, so it is neither marked gone nor ended.
    expect(told.fleet.world.mesos.agents().some(({ id }) => id === agent)).toBe(true);
    expect(live(told).map(({ id }) => id)).toEqual(expect.arrayContaining(machines));
  });
});
