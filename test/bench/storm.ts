// A storm: 10,000 events within a second, through the real ingest and reconcile doors, on the emulated world.
import type { Context, SQSEvent } from 'aws-lambda';
import { ingestDoor } from '../../lib/doors/ingest';
import { reconcileDoor } from '../../lib/doors/reconcile';
import { openQueue } from '../../lib/embedded/queue';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import type { Item, Store } from '../../lib/engine/ports';
import { silentLog } from '../../lib/telemetry/log';
import { countingMeter } from '../../lib/telemetry/meter';
import { emulatedFleet, SCOPE } from '../builders/emulated-fleet';
import type { Figures } from './figures';

const EVENTS = 10_000;
const BATCH = 10;

const stateChange = (nth: number, time: string): string =>
  JSON.stringify({
    version: '0',
    id: `event-${nth}`,
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    source: 'aws.ec2',
    account: '123456789012',
    time,
    region: 'us-east-1',
    resources: [],
    detail: { 'instance-id': `i-${nth.toString(16).padStart(17, '0')}`, 'instance-action': 'terminate' },
  });

const countWrites = (inner: Store): { readonly store: Store; readonly writes: () => number } => {
  let writes = 0;
  const counted =
    <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> => {
      writes += 1;
      return work(...args);
    };
  const store: Store = {
    get: (key) => inner.get(key),
    list: (pk, options) => inner.list(pk, options),
    put: counted((item: Item, condition?: Parameters<Store['put']>[1]) => inner.put(item, condition)),
    update: counted((...args: Parameters<Store['update']>) => inner.update(...args)),
    remove: counted((...args: Parameters<Store['remove']>) => inner.remove(...args)),
  };
  return { store, writes: () => writes };
};

export const stormBench = async (): Promise<Figures> => {
  const { store, writes } = countWrites(createMemoryStore());
  const fleet = emulatedFleet({ store });
  const { clock, engine } = fleet;
  const wake = openQueue({ store: createMemoryStore(), clock, name: 'wake', visibilityMs: 180_000 });
  const around = { log: silentLog, meter: countingMeter() };
  let turns = 0;
  const ingest = ingestDoor(
    async () => ({
      ...around,
      store,
      wake,
      clock,
      routes: [{ cluster: 'prod', scopes: [SCOPE] }],
      webhooks: {},
    }),
    around,
  );
  const reconcile = reconcileDoor(
    async () => ({
      ...around,
      engine: () => ({ ...engine, wake, store }),
      onTurn: (_cluster, report) => (turns += report.kind === 'done' ? 1 : 0),
    }),
    around,
  );
  const turn = async (): Promise<void> => {
    for (const delivery of await wake.receive({ max: 10, waitMs: 0 })) {
      await reconcile(batchOf([delivery.body]), {} as Context);
      await wake.acknowledge([delivery]);
    }
  };
  const started = performance.now();
  for (let from = 0; from < EVENTS; from += BATCH) {
    const time = new Date(clock.now()).toISOString();
    await ingest(
      batchOf(Array.from({ length: BATCH }, (_, nth) => stateChange(from + nth, time))),
      {} as Context,
    );
    if (from % 1000 === 0) fleet.world.advance(100);
    await turn();
  }
  fleet.world.advance(2_000);
  await turn();
  const ms = performance.now() - started;
  const facts = (await store.list('facts#aws#default#us-east-1')).length;
  if (facts !== EVENTS) throw new Error(`${facts} of ${EVENTS} facts are stored.`);
  if (turns > 5) throw new Error(`${turns} turns for one storm.`);
  return {
    name: 'A storm of 10,000 interruption events within a second',
    figures: {
      turns,
      'store writes': writes(),
      'writes / event': writes() / EVENTS,
      'facts stored': facts,
      ms,
    },
    note: 'Each event is a fact that must not be lost, hence one write each; the rest is counting and turns.',
  };
};

const batchOf = (bodies: readonly string[]): SQSEvent => ({
  Records: bodies.map((body, nth) => ({
    messageId: `m${nth}`,
    receiptHandle: 'r',
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '0',
      SenderId: 's',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn',
    awsRegion: 'us-east-1',
  })),
});
