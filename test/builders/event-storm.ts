// Ten thousand events in one second, through the real doors, on the virtual clock: every store and far-end call takes
// its time there, as it does on AWS.
import type { SQSBatchResponse } from 'aws-lambda';
import type { Webhook } from '../../lib/core/model/spec';
import { sealEnvelope } from '../../lib/doors/envelope';
import { ingestDoor, type IngestDoor } from '../../lib/doors/ingest';
import { reconcileDoor } from '../../lib/doors/reconcile';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { openQueue } from '../../lib/embedded/queue';
import { scopesOf } from '../../lib/engine/engine';
import type { TurnReport } from '../../lib/engine/reconcile';
import { type Around, aroundPorts, aroundStore, counting } from './around-ports';
import { type EmulatedFleet, emulatedFleet, LEASE_MS } from './emulated-fleet';
import { aPool, aSpec } from './fleet';
import { CONTEXT, type Message, sqsEvent } from './lambda';

const BATCH = 10;
/** A conditional write to DynamoDB, in milliseconds. */
const STORE_MS = 5;

export type Storm = {
  readonly fleet: EmulatedFleet;
  readonly turns: number;
  /** Wakes that found the lease held, and did nothing. */
  readonly held: number;
  readonly messages: number;
  readonly ingestWrites: number;
  readonly turnWrites: number;
  /** Batches that came back as failed. */
  readonly failures: number;
};

const HOOK: Webhook = {
  name: 'alerts',
  kind: 'alertmanager',
  auth: 'bearer',
  secret: 'secret',
  rules: [
    { when: { alertname: 'Slow' }, do: { scaleOut: { pool: 'web', by: { agents: 2 }, forMs: 600_000 } } },
  ],
};

export const stormSpec = aSpec({
  pools: [aPool({ zones: [{ name: 'us-east-1a' }], size: { min: 1, max: 20 } })],
  webhooks: [HOOK],
});

/** Lets a second of arrivals and ten more pass. `farEndMs` is what each call to a cloud or a scheduler takes. */
export const playStorm = async (messages: readonly Message[], farEndMs: number): Promise<Storm> => {
  const fleet = emulatedFleet({ spec: stormSpec });
  const { clock, engine } = fleet;
  const [ingesting, turning] = [counting(), counting()];
  const slow: Around = async (name, call) => {
    await clock.sleep(name.startsWith('store.') || name.startsWith('wake.') ? STORE_MS : farEndMs);
    return call();
  };
  const wake = openQueue({ store: createMemoryStore(), clock, name: 'wake', visibilityMs: LEASE_MS });
  const turns: TurnReport[] = [];
  const store = aroundStore(engine.store, (name, call) => ingesting(name, () => slow(name, call)));
  const door: IngestDoor = {
    ...engine,
    store,
    wake,
    routes: [{ cluster: engine.spec.cluster, scopes: scopesOf(engine.spec.pools) }],
    webhooks: { [HOOK.name]: { cluster: engine.spec.cluster, webhook: HOOK } },
  };
  const ingest = ingestDoor(async () => door, door);
  const slowEngine = aroundPorts({ ...engine, wake }, (name, call) => turning(name, () => slow(name, call)));
  const reconciling = reconcileDoor(
    async () => ({
      ...engine,
      engine: () => slowEngine,
      onTurn: (_cluster, report) => void turns.push(report),
    }),
    engine,
  );
  // Lambda polls a queue with several receivers.
  const workers = [0, 1, 2].map(async () => {
    for (;;) {
      const deliveries = await wake.receive({ max: BATCH, waitMs: 20_000 });
      if (deliveries.length === 0) return;
      const answer = await reconciling(sqsEvent(deliveries), CONTEXT);
      if (answer.batchItemFailures.length === 0) await wake.acknowledge(deliveries);
    }
  });
  const batches = inBatches(messages);
  const answers = batches.map(async (batch, nth) => {
    await clock.sleep(Math.floor((nth * 1000) / batches.length));
    return ingest(sqsEvent(batch), CONTEXT);
  });
  await clock.pass(11_000);
  const done: readonly SQSBatchResponse[] = await Promise.all(answers);
  wake.close();
  await clock.pass(1000);
  await Promise.all(workers);
  return {
    fleet,
    turns: turns.filter(({ kind }) => kind === 'done').length,
    held: turns.filter(({ kind }) => kind === 'held').length,
    messages: messages.length,
    ingestWrites: writesOf(ingesting.counts),
    turnWrites: writesOf(turning.counts),
    failures: done.filter(({ batchItemFailures }) => batchItemFailures.length > 0).length,
  };
};

const writesOf = (counts: ReadonlyMap<string, number>): number =>
  ['store.put', 'store.update', 'store.remove'].reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);

const inBatches = (messages: readonly Message[]): readonly (readonly Message[])[] =>
  Array.from({ length: Math.ceil(messages.length / BATCH) }, (_, nth) =>
    messages.slice(nth * BATCH, (nth + 1) * BATCH),
  );

/** The nth event of the storm: notices, recommendations and changes of state of as many machines, alarms, and one alert
 *  that fires over and over. */
export const stormBody = (nth: number, at: number): string => {
  const id = `i-${nth.toString(16).padStart(17, '0')}`;
  const time = new Date(Math.floor(at / 1000) * 1000).toISOString();
  const event = (detailType: string, source: string, detail: Readonly<Record<string, unknown>>): string =>
    JSON.stringify({
      version: '0',
      id: `event-${nth}`,
      'detail-type': detailType,
      source,
      account: '123456789012',
      time,
      region: 'us-east-1',
      resources: [],
      detail,
    });
  const about = { 'instance-id': id };
  switch (nth % 5) {
    case 0:
      return event('EC2 Spot Instance Interruption Warning', 'aws.ec2', {
        ...about,
        'instance-action': 'terminate',
      });
    case 1:
      return event('EC2 Instance Rebalance Recommendation', 'aws.ec2', about);
    case 2:
      return event('EC2 Instance State-change Notification', 'aws.ec2', { ...about, state: 'stopping' });
    case 3:
      return event('CloudWatch Alarm State Change', 'aws.cloudwatch', {
        alarmName: `alarm-${nth}`,
        state: { value: 'ALARM', timestamp: time },
      });
    default:
      return sealEnvelope(HOOK.name, alert(), at);
  }
};

const alert = () => ({
  version: '4',
  groupKey: '{}:{alertname="Slow"}',
  status: 'firing',
  receiver: 'muster',
  groupLabels: { alertname: 'Slow' },
  commonLabels: { alertname: 'Slow' },
  commonAnnotations: {},
  externalURL: 'http://alertmanager.example.com',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'Slow' },
      annotations: {},
      startsAt: '2026-11-24T07:59:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint: 'f00d',
    },
  ],
});
