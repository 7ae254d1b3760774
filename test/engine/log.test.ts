import { expect, test } from '@jest/globals';
import type { LogFields } from '../../lib/engine/ports';
import { reconcile } from '../../lib/engine/reconcile';
import { aroundPorts, failing, timedOut } from '../builders/around-ports';
import { appIn, emulatedFleet } from '../builders/emulated-fleet';

test('every line of a turn bears its cluster and its name, and the last says how long it took', async () => {
  const fleet = emulatedFleet();
  fleet.world.marathon.createApp(appIn('web', '/a', 2));
  fleet.world.advance(30_000);
  const lines: (LogFields & { readonly message: string })[] = [];
  const write = (message: string, fields: LogFields = {}): void => void lines.push({ message, ...fields });
  const log = { info: write, warn: write, error: write };
  const report = await reconcile({
    ...aroundPorts(fleet.engine, failing('mesos.agents', [timedOut()])),
    log,
  });
  expect(lines.length).toBeGreaterThan(2);
  const turn = report.kind === 'done' ? report.turn : '';
  expect(lines.every((line) => line.cluster === 'prod' && line.turn === turn)).toBe(true);
  expect(lines.at(-1)).toMatchObject({
    message: 'the turn is done',
    ms: expect.any(Number),
    count: expect.any(Number),
  });
});
