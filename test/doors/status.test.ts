import { describe, expect, test } from '@jest/globals';
import { attributeText } from '../../lib/core/model/attributes';
import { statusOf } from '../../lib/doors/status';
import { appIn, type EmulatedFleet, emulatedFleet } from '../builders/emulated-fleet';
import { busyFleet, requestDrain, turns } from '../builders/draining';
import { MINUTE } from '../builders/fleet';

const status = (fleet: EmulatedFleet) => statusOf(fleet.engine.store, 'prod', fleet.world.now());

const first = (fleet: EmulatedFleet) => {
  const [task] = fleet.world.marathon.tasks();
  const agent = fleet.world.mesos.agents().find(({ id }) => id === task?.slaveId);
  const id = agent?.attributes['instance_id'];
  return { agent: agent?.id ?? '', machine: id === undefined ? '' : attributeText(id) };
};

describe('the status of a drain', () => {
  test('says who wants it, until when, and what is left and waits for what', async () => {
    const labels = { 'muster/max-disruption': '0' };
    const fleet = await busyFleet([appIn('web', '/shop', 3, { labels })]);
    const { agent, machine } = first(fleet);
    await requestDrain(fleet, agent);
    await turns(fleet, 4);
    const told = await status(fleet);
    expect(told.drains).toMatchObject([
      {
        agent,
        machine,
        cause: 'asked',
        by: 'ada',
        reason: 'a new kernel',
        stage: 'moving',
        left: [{ runSpec: '/shop', why: 'its owner allows no disruption' }],
      },
    ]);
    expect(told.drains[0]?.left[0]?.count).toBeGreaterThan(0);
    expect(told.brakes).toMatchObject([{ step: 'drain', code: 'budget', subject: '/shop' }]);
    expect(told.doing).toContainEqual(expect.stringContaining(`${machine} of pool web is emptied since`));
    expect(told.waitsFor).toEqual([
      `The drain of ${machine} waits for /shop: its owner allows no disruption.`,
    ]);
  });

  test('shows the copies while there are some, and the end by its name afterwards', async () => {
    const fleet = await busyFleet([appIn('web', '/shop', 3)]);
    const { agent, machine } = first(fleet);
    await requestDrain(fleet, agent);
    let most = 0;
    for (let nth = 0; nth < 60 && (await status(fleet)).drained.length === 0; nth += 1) {
      await turns(fleet, 1);
      const { surges } = await status(fleet);
      most = Math.max(most, ...surges.flatMap(({ written }) => written));
    }
    expect(most).toBeGreaterThan(3);
    const told = await status(fleet);
    expect(told).toMatchObject({ drains: [], surges: [], drained: [{ machine, end: 'done' }] });
    expect(told.wrong).toEqual([]);
    fleet.world.advance(61 * MINUTE);
    expect((await status(fleet)).drained).toEqual([]);
  });

  test('that failed is something wrong', async () => {
    const labels = { 'muster/max-disruption': '0' };
    const fleet = await busyFleet([appIn('web', '/shop', 3, { labels })]);
    const { agent, machine } = first(fleet);
    await requestDrain(fleet, agent, { withinMs: 2 * MINUTE });
    await turns(fleet, 30);
    const told = await status(fleet);
    expect(told.drained).toMatchObject([{ machine, end: 'failed' }]);
    expect(told.wrong).toEqual([expect.stringContaining(`The drain of ${machine} failed: in time`)]);
  });
});

test('what is not bought is a brake with its reason', async () => {
  const fleet = emulatedFleet();
  fleet.world.marathon.createApp(appIn('web', '/huge', 1, { cpus: 64 }));
  await fleet.minutes(2);
  const { brakes } = await status(fleet);
  expect(brakes).toMatchObject([{ step: 'scale-out', subject: '/huge' }]);
});
