// What goes wrong with a fleet, as an operator would read it. After a wanted change, `UPDATE_GOLDEN=1 npm test --
// test/stories` writes the transcripts again; look at what changed before it is committed.
import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isLive } from '../../lib/core/model/machine';
import { appIn } from '../builders/emulated-fleet';
import { aPool, aSpec, MINUTE } from '../builders/fleet';
import { type Tale, tale } from '../builders/tale';

const golden = (name: string, told: Tale): void => {
  const path = new URL(`${name}.golden.txt`, import.meta.url);
  const text = `${told.lines().join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(path)) writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
};

const CALM = { budget: { percent: 100 }, windows: [], emptyForMs: 24 * 60 * MINUTE } as const;
const SHAPES = { ...aPool().shapes, families: [], names: ['m7i.xlarge'] };
const of = (markets: readonly ('spot' | 'on-demand')[]) => ({
  spec: aSpec({ pools: [aPool({ disruption: CALM, shapes: SHAPES, markets })] }),
});
const ON_DEMAND = of(['on-demand']);
const SPOT = of(['spot']);
const shopAndApi = [appIn('web', '/shop', 20), appIn('web', '/api', 8)];
const OVER = { drains: [], surges: 0, deactivated: 0, failures: [] };

const fullest = ({ fleet: { world } }: Tale): string => {
  const counts = new Map<string, number>();
  for (const { slaveId } of world.marathon.tasks()) counts.set(slaveId, (counts.get(slaveId) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? '';
};

const live = ({ fleet }: Tale) => fleet.machines().filter(isLive);

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
