import { describe, expect, test } from '@jest/globals';
import type { AuditEntry, MetadataChange } from '../../lib/emulator/gce/api';
import { GoogleFailure } from '../../lib/emulator/gce/failure';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { translate } from '../../lib/events/translate';
import { bothClouds, GCE_ZONES, insertOne } from './gce-world';
import { MINUTE } from './small-world';

const [B, C] = GCE_ZONES;
const place = { project: 'acme', zone: B } as const;

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof GoogleFailure) return `${error.status} ${error.reason}`;
    throw error;
  }
  return 'done';
};

const statusOf = (world: EmulatedWorld, instance: string): string => {
  const found = world.gce.instances.list(place).items.find(({ name }) => name === instance);
  return found?.status ?? 'absent';
};

/** What a subscription would push, through the translators. */
const signalsOf = (entries: readonly AuditEntry[]) =>
  entries.map((entry) => {
    const data = Buffer.from(JSON.stringify(entry)).toString('base64');
    const push = { message: { data, messageId: '1' }, subscription: 'projects/acme/subscriptions/events' };
    const translation = translate(push, { receivedAt: 0 });
    return 'malformed' in translation ? translation : translation.signals[0];
  });

const watch = (world: EmulatedWorld): { entries: AuditEntry[]; metadata: MetadataChange[] } => {
  const seen = { entries: [] as AuditEntry[], metadata: [] as MetadataChange[] };
  world.onAuditEntry((entry) => seen.entries.push(entry));
  world.onMetadata((change) => seen.metadata.push(change));
  return seen;
};

describe('insert on Compute Engine', () => {
  test('refuses a name that exists, and answers the same request id with the same operation', () => {
    const world = bothClouds();
    const request = {
      ...place,
      requestId: '11111111-1111-5111-8111-111111111111',
      sourceInstanceTemplate: 'projects/acme/global/instanceTemplates/web-1',
      body: { name: 'a-1', machineType: `zones/${B}/machineTypes/n2-standard-4` },
    };
    const operation = world.gce.instances.insert({ ...request, body: { ...request.body, ...ON_DEMAND } });
    expect(world.gce.instances.insert({ ...request, body: { ...request.body, ...ON_DEMAND } })).toEqual(
      operation,
    );
    expect(refusal(() => insertOne(world, 'a-1'))).toBe('409 alreadyExists');
    expect(insertOne(world, 'a-1', C).error).toBeUndefined();
    expect(refusal(() => insertOne(world, 'A_1'))).toBe('400 invalid');
    expect(refusal(() => insertOne(world, 'a-2', 'mars-1a'))).toBe('404 notFound');
  });

  test('fails inside a 200 for want of capacity or quota', () => {
    const world = bothClouds();
    const enough = world.troubles.gce.capacityError({ zone: B, left: 1 });
    expect(insertOne(world, 'a-1').error).toBeUndefined();
    expect(insertOne(world, 'a-2')).toMatchObject({
      status: 'DONE',
      error: { errors: [{ code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS' }] },
    });
    enough();
    const lift = world.troubles.gce.quota('spot', 4);
    expect(insertOne(world, 'a-3').error?.errors[0]?.code).toBe('QUOTA_EXCEEDED');
    lift();
    expect(insertOne(world, 'a-3').error).toBeUndefined();
  });

  test('that takes time lists a machine until its operation fails', () => {
    const world = bothClouds({ settings: { gce: { operationMs: [3_000, 3_000] } } });
    world.troubles.gce.capacityError({ zone: B });
    const { name, status } = insertOne(world, 'a-1');
    expect([status, statusOf(world, 'a-1')]).toEqual(['RUNNING', 'PROVISIONING']);
    world.advance(3_000);
    const operation = world.gce.zoneOperations.get({ ...place, operation: name });
    expect([operation.status, operation.error?.errors.length, statusOf(world, 'a-1')]).toEqual([
      'DONE',
      1,
      'absent',
    ]);
  });

  test.each([
    ['1', ['a-1', 'a-2']],
    ['3', []],
  ])('in bulk with at least %s makes %j of three where two are left', (minCount, made) => {
    const world = bothClouds();
    world.troubles.gce.capacityError({ zone: B, left: 2 });
    const { operationGroupId } = world.gce.instances.bulkInsert({
      ...place,
      body: {
        count: '3',
        minCount,
        sourceInstanceTemplate: 'projects/acme/global/instanceTemplates/web-1',
        instanceProperties: { scheduling: { provisioningModel: 'SPOT' } },
        perInstanceProperties: { 'a-1': {}, 'a-2': {}, 'a-3': {} },
      },
    });
    expect(world.gce.instances.list(place).items.map(({ name }) => name)).toEqual(made);
    const { items } = world.gce.zoneOperations.list({
      ...place,
      filter: `operationGroupId="${operationGroupId}"`,
    });
    expect(items.filter(({ operationType }) => operationType === 'insert')).toHaveLength(3);
  });
});

const ON_DEMAND = { scheduling: { provisioningModel: 'STANDARD' } } as const;

describe('lists and labels', () => {
  test('are filtered and paged; a fingerprint that is old is refused', () => {
    const world = bothClouds();
    for (const name of ['a-1', 'a-2', 'a-3']) insertOne(world, name);
    const filter = 'labels.muster-cluster="prod"';
    const page = world.gce.instances.list({ ...place, filter, maxResults: 2 });
    const token = page.nextPageToken ?? '';
    const rest = world.gce.instances.list({ ...place, filter, pageToken: token });
    expect([...page.items, ...rest.items].map(({ name }) => name)).toEqual(['a-1', 'a-2', 'a-3']);
    const [first] = page.items;
    const change = {
      ...place,
      instance: 'a-1',
      body: { labels: { owner: 'ada' }, labelFingerprint: first?.labelFingerprint ?? '' },
    };
    world.gce.instances.setLabels(change);
    expect(refusal(() => world.gce.instances.setLabels(change))).toBe('412 conditionNotMet');
    expect(world.gce.instances.list({ ...place, filter }).items).toHaveLength(2);
  });

  test('of all zones leave out one that does not answer, with a warning', () => {
    const world = bothClouds();
    insertOne(world, 'a-1', B);
    insertOne(world, 'a-2', C);
    world.troubles.gce.unreachableZone(B);
    expect(refusal(() => world.gce.instances.aggregatedList({ project: 'acme' }))).toBe('503 backendError');
    const partial = world.gce.instances.aggregatedList({ project: 'acme', returnPartialSuccess: true });
    expect(partial).toMatchObject({
      items: {
        [`zones/${B}`]: { warning: { code: 'UNREACHABLE' } },
        [`zones/${C}`]: { instances: [{ name: 'a-2' }] },
      },
      unreachables: [`zones/${B}`],
    });
  });
});

describe('what Google does to machines', () => {
  test('a preemption: the guest hears at once, the audit log when the 30 seconds are over', () => {
    const world = bothClouds();
    insertOne(world, 'a-1');
    world.advance(2 * MINUTE);
    const seen = watch(world);
    world.troubles.gce.preempt('a-1');
    expect(seen.metadata).toMatchObject([{ instance: 'a-1', key: 'instance/preempted', value: 'TRUE' }]);
    world.advance(29_999);
    expect([statusOf(world, 'a-1'), seen.entries, world.mesos.agents()[0]?.connected]).toEqual([
      'STOPPING',
      [],
      true,
    ]);
    world.advance(1);
    expect(world.mesos.agents()[0]?.connected).toBe(false);
    expect(signalsOf(seen.entries)).toMatchObject([
      {
        kind: 'gce.preempted',
        subject: 'a-1',
        urgency: 'now',
        fact: {
          scope: { cloud: 'gce', account: 'acme', region: 'europe-west1' },
          body: { kind: 'interruption', action: 'terminate', deadline: world.now() },
        },
      },
    ]);
    world.advance(MINUTE);
    expect(statusOf(world, 'a-1')).toBe('absent');
  });

  test('maintenance moves an on-demand machine and ends a spot one', () => {
    const world = bothClouds();
    insertOne(world, 'kept', B, false);
    insertOne(world, 'lost');
    world.advance(2 * MINUTE);
    const seen = watch(world);
    for (const name of ['kept', 'lost']) world.troubles.gce.hostMaintenance(name);
    world.advance(MINUTE);
    expect([statusOf(world, 'kept'), statusOf(world, 'lost')]).toEqual(['RUNNING', 'TERMINATED']);
    expect(signalsOf(seen.entries)).toMatchObject([
      { kind: 'gce.migrateOnHostMaintenance', subject: 'kept', urgency: 'soon' },
      { kind: 'gce.terminateOnHostMaintenance', subject: 'lost', urgency: 'now' },
    ]);
  });

  test('a host error takes the machine hard, and starts an on-demand one again', () => {
    const world = bothClouds();
    insertOne(world, 'kept', B, false);
    world.advance(2 * MINUTE);
    const seen = watch(world);
    world.troubles.gce.hostError('kept');
    expect(signalsOf(seen.entries)).toMatchObject([
      { kind: 'gce.hostError' },
      { kind: 'gce.automaticRestart' },
    ]);
    expect(statusOf(world, 'kept')).toBe('RUNNING');
  });

  test('a machine whose agent never starts says so on its serial port', () => {
    const world = bothClouds();
    world.troubles.gce.neverRegister(1);
    insertOne(world, 'a-1');
    world.advance(2 * MINUTE);
    const { contents, next } = world.gce.instances.getSerialPortOutput({ ...place, instance: 'a-1' });
    expect([world.mesos.agents().length, /FAILED/.test(contents), Number(next)]).toEqual([
      0,
      true,
      contents.length,
    ]);
  });
});

test('a world with two clouds has one history, to the byte', () => {
  const history = (): string => {
    const world = bothClouds();
    const entries: AuditEntry[] = [];
    world.onAuditEntry((entry) => entries.push(entry));
    for (const name of ['a-1', 'a-2']) insertOne(world, name);
    world.advance(2 * MINUTE);
    world.troubles.gce.preempt('a-2');
    world.advance(2 * MINUTE);
    return JSON.stringify([world.chronicle.entries(), entries, world.gce.instances.list(place)]);
  };
  expect(history()).toBe(history());
});
