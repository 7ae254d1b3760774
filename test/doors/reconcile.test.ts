import { describe, expect, test } from '@jest/globals';
import { reconcileDoor, type ReconcileDoor } from '../../lib/doors/reconcile';
import { memoryKey } from '../../lib/engine/keys';
import { claim, wakeBody } from '../../lib/engine/head';
import { Failure } from '../../lib/engine/failure';
import { METRICS } from '../../lib/telemetry/names';
import { countingMeter } from '../../lib/telemetry/meter';
import { silentLog } from '../../lib/telemetry/log';
import { aroundPorts, failing } from '../builders/around-ports';
import { emulatedFleet, LEASE_MS } from '../builders/emulated-fleet';
import { aPool, aSpec } from '../builders/fleet';
import { CONTEXT, sqsEvent } from '../builders/lambda';

const two = () => ({
  prod: emulatedFleet({ spec: aSpec({ pools: [aPool({ size: { min: 1, max: 3 } })] }) }),
  stage: emulatedFleet({ spec: aSpec({ cluster: 'stage', pools: [aPool({ size: { min: 2, max: 3 } })] }) }),
});

const open = (more: Partial<ReconcileDoor> = {}) => {
  const fleets = two();
  const meter = countingMeter();
  const turns: string[] = [];
  const door: ReconcileDoor = {
    log: silentLog,
    meter,
    engine: (cluster) => {
      const fleet = cluster === 'prod' ? fleets.prod : cluster === 'stage' ? fleets.stage : undefined;
      if (fleet === undefined) throw new Failure('permanent', `There is no cluster ${cluster}.`);
      return fleet.engine;
    },
    onTurn: (cluster, report) => void turns.push(`${cluster} ${report.kind}`),
    ...more,
  };
  const handler = reconcileDoor(async () => door, door);
  const wake = async (...bodies: readonly string[]): Promise<readonly string[]> =>
    (
      await handler(sqsEvent(bodies.map((body, nth) => ({ id: `m${nth}`, body }))), CONTEXT)
    ).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  return { fleets, meter, turns, wake };
};

describe('the door of the wake queue', () => {
  test('makes one turn a cluster of all the wakes of a batch', async () => {
    const { fleets, turns, wake } = open();
    expect(await wake(wakeBody('prod'), wakeBody('stage'), wakeBody('prod'))).toEqual([]);
    expect(turns.sort()).toEqual(['prod done', 'stage done']);
    expect([fleets.prod.machines().length, fleets.stage.machines().length]).toEqual([1, 2]);
  });

  test('fails only the wakes of the cluster whose turn failed', async () => {
    const { fleets, meter, wake } = open();
    await fleets.prod.engine.store.put({ ...memoryKey('prod', 'cold'), version: 1, value: '?' });
    expect(await wake(wakeBody('prod'), wakeBody('stage'), wakeBody('prod'), wakeBody('gone'))).toEqual([
      'm0',
      'm2',
      'm3',
    ]);
    expect(fleets.stage.machines().length).toBe(2);
    expect(meter.counts.get(METRICS.turnsFailed)).toBe(2);
  });

  test('lets a message that is no wake fail alone', async () => {
    const { fleets, wake } = open();
    expect(await wake('{', wakeBody('prod'), '{"muster":"tick"}', 'null')).toEqual(['m0', 'm2', 'm3']);
    expect(fleets.prod.machines().length).toBe(1);
  });

  test('does nothing while another turn holds the lease, and acknowledges', async () => {
    const { fleets, turns, wake } = open();
    await claim(fleets.prod.engine.store, 'prod', fleets.prod.world.now(), LEASE_MS);
    expect(await wake(wakeBody('prod'))).toEqual([]);
    expect(turns).toEqual(['prod held']);
    expect(fleets.prod.machines()).toEqual([]);
  });

  test('acknowledges the wake of a turn that was deposed: the later one does the work', async () => {
    const fleets = two();
    const deposed = new Failure('conflict', 'lost its lease', { code: 'deposed' });
    const engine = aroundPorts(fleets.prod.engine, failing('store.update', [undefined, deposed]));
    const { meter, wake } = open({ engine: () => engine });
    expect(await wake(wakeBody('prod'))).toEqual([]);
    expect(meter.counts.get(METRICS.turnsFailed)).toBeUndefined();
  });
});
