import { expect, test } from '@jest/globals';
import { appIn, emulatedFleet, running } from '../builders/emulated-fleet';
import { aSpec, some } from '../builders/fleet';

test('room in another region than the masters hides no demand: machines are bought where apps can go', async () => {
  const fleet = emulatedFleet({ spec: aSpec(), settings: { mesos: { region: 'us-east-1' } } });
  for (const nth of [1, 2, 3])
    fleet.world.mesos.addAgent({
      hostname: `far-${nth}`,
      ip: `10.8.0.${nth}`,
      attributes: {},
      total: some(8, 16_384),
      domain: { region: 'eu-west-1', zone: 'eu-west-1a' },
    });
  fleet.world.marathon.createApp(appIn('web', '/a', 3, { constraints: [] }));
  await fleet.minutes(4);
  expect(running(fleet.world, '/a')).toBe(3);
  expect(fleet.failures).toEqual([]);
});
