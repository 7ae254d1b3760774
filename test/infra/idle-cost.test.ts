// What the control plane costs while nothing happens: the units of an idle tick are counted on the real engine, the
// prices are list prices of us-east-1 (docs/deploy.md shows the same arithmetic).
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, rmSync } from 'node:fs';
import type { Item, Store } from '../../lib/engine/ports';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { ingest } from '../../lib/engine/ingest';
import { reconcile } from '../../lib/engine/reconcile';
import { METRICS } from '../../lib/telemetry/names';
import { collecting, emulatedFleet } from '../builders/emulated-fleet';
import { aPool, aSpec, MINUTE } from '../builders/fleet';
import { emptyAsset, MINIMAL, propertiesOf, synthesised } from './synthesised';

/** DynamoDB bills a write by the KiB of its item, and a strong read by 4 KiB. */
const units = (value: unknown, kib: number): number =>
  Math.max(1, Math.ceil(Buffer.byteLength(JSON.stringify(value ?? '')) / 1024 / kib));

const metered = (inner: Store) => {
  const used = { writes: 0, reads: 0 };
  const wrote = <T>(item: T): T => {
    used.writes += units(item, 1);
    return item;
  };
  const read = <T>(items: T): T => {
    used.reads += units(items, 4);
    return items;
  };
  const store: Store = {
    get: async (key) => read(await inner.get(key)),
    list: async (pk, options) => read(await inner.list(pk, options)),
    put: (item: Item, condition) => inner.put(wrote(item), condition),
    update: async (key, change, condition) => wrote(await inner.update(key, change, condition)),
    remove: (key, condition) => inner.remove(wrote(key), condition),
  };
  return { store, used };
};

/** One tick through ingest and a turn, of a cluster that has what it needs. */
const idleTick = async () => {
  const { store, used } = metered(createMemoryStore());
  const fleet = emulatedFleet({ store, spec: aSpec({ pools: [aPool({ size: { min: 2, max: 10 } })] }) });
  await fleet.minutes(10);
  const { clock, engine, world } = fleet;
  const [wakes, looks]: [string[], string[]] = [[], []];
  Object.assign(used, { writes: 0, reads: 0 });
  fleet.lines.splice(0);
  world.advance(MINUTE);
  const tick = {
    kind: 'tick',
    subject: 'tick',
    urgency: 'tick',
    at: clock.now(),
    clusters: ['prod'],
  } as const;
  const around = { log: engine.log, meter: engine.meter };
  const routes = [{ cluster: 'prod', scopes: [] }];
  await ingest([tick], false, { ...around, store, clock, routes, wake: collecting(wakes) });
  await reconcile({ ...engine, wake: collecting(looks) });
  return { used, sent: wakes.length + looks.length, lines: fleet.lines.length };
};

const asset = emptyAsset();
let tick: Awaited<ReturnType<typeof idleTick>>;
beforeAll(async () => {
  tick = await idleTick();
});
afterAll(() => rmSync(asset, { recursive: true }));

test('an idle tick is one wake, two lines, four writes and sixteen reads', () => {
  // A read for each thing that is remembered, and three more.
  expect(tick).toEqual({ used: { writes: 4, reads: 16 }, sent: 1, lines: 2 });
});

test('an idle month costs at most $3 with every metric, and the documentation says how much', () => {
  const ticks = 43_800;
  const million = 1_000_000;
  const alarms = propertiesOf(synthesised(MINIMAL, asset), 'AWS::CloudWatch::Alarm').length;
  // Each message is sent, received and deleted; two pollers of each queue ask every 20 s.
  const sqsCalls = ticks * (1 + tick.sent) * 3 + 2 * 2 * ticks * 3;
  const usd = {
    gigabyteSeconds: ticks * (0.05 * 0.25 + 0.2 * 1) * 0.0000133334,
    invocations: (ticks * 2 * 0.2) / million,
    dynamo: (ticks * (tick.used.writes * 0.625 + tick.used.reads * 0.125)) / million,
    sqs: (sqsCalls * 0.4) / million,
    scheduler: ticks / million,
    metrics: Object.keys(METRICS).length * 0.3,
    alarms: alarms * 0.1,
    // Two invocations of some 700 bytes of Lambda's own lines, and our lines of some 400 (GB).
    logs: ((ticks * (2 * 700 + tick.lines * 400)) / 1e9) * 0.5,
  };
  const sum = Object.values(usd).reduce((total, part) => total + part, 0);
  expect(alarms).toBeLessThanOrEqual(8);
  expect(Object.keys(METRICS).length).toBeLessThanOrEqual(4);
  expect(sum).toBeLessThan(3);
  expect(readFileSync('docs/deploy.md', 'utf8')).toContain(`| **sum** | | **${sum.toFixed(2)}** |`);
});
