import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFailure } from '../../lib/engine/failure';
import { labelOf, textOf } from '../../lib/emulator/gce/labels';
import { cloudPort, markMachines as markOnEc2 } from '../../lib/emulator/ports-cloud';
import { gcePort, markMachines as markOnGce } from '../../lib/emulator/ports-gce';
import { bothClouds, GCE_SCOPE, gceRequest, insertOne } from './gce-world';
import { grow, MINUTE } from './small-world';

const failure = async (run: Promise<unknown>): Promise<string> => {
  try {
    await run;
  } catch (error) {
    return isFailure(error) ? `${error.kind} ${error.code}` : 'another error';
  }
  return 'done';
};

describe('the Cloud port over Compute Engine', () => {
  test('launches, lists, reads back and ends, and its machines register', async () => {
    const world = bothClouds();
    const cloud = gcePort(world);
    world.troubles.gce.capacityError({ zone: 'europe-west1-b' });
    const asked = gceRequest();
    const answer = await cloud.launch(asked);
    expect(answer.machines.map(({ offering }) => offering.zone)).toEqual([
      'europe-west1-c',
      'europe-west1-c',
    ]);
    expect(answer.errors).toMatchObject([
      {
        code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
        kind: 'capacity',
        offering: { zone: 'europe-west1-b' },
      },
    ]);
    world.advance(2 * MINUTE);
    const { value, complete } = await cloud.launched(GCE_SCOPE, 'prod', asked.launch);
    expect([complete, value.map(({ id }) => id)]).toEqual([true, answer.machines.map(({ id }) => id).sort()]);
    expect(value[0]).toMatchObject({
      cloud: 'gce',
      account: 'acme',
      pool: 'web',
      launch: asked.launch,
      bootstrap: 'v1.2',
      market: 'spot',
      state: 'running',
      shape: 'n2-standard-4',
      image: 'projects/acme/global/images/a',
    });
    const agents = world.mesos.agents();
    expect(agents.map(({ attributes }) => attributes['cloud'])).toEqual(
      [0, 1].map(() => ({ kind: 'text', value: 'gce' })),
    );
    expect(new Set(agents.map(({ ip }) => ip))).toEqual(new Set(value.map(({ privateIp }) => privateIp)));
    expect((await cloud.machines(GCE_SCOPE, 'other')).value).toEqual([]);
    const machines = [...value.map(({ id }) => id), 'muster-web-0000'];
    expect(await cloud.terminate({ cluster: 'prod', scope: GCE_SCOPE, machines })).toEqual({
      done: machines,
      failed: [],
    });
    world.advance(MINUTE);
    expect((await cloud.machines(GCE_SCOPE, 'prod')).value).toEqual([]);
    expect(world.mesos.agents().map(({ connected }) => connected)).toEqual([false, false]);
  });

  test('makes nothing twice, even when a zone has room again that had none', async () => {
    const world = bothClouds();
    const cloud = gcePort(world);
    const enough = world.troubles.gce.capacityError({ zone: 'europe-west1-b' });
    const first = await cloud.launch(gceRequest());
    enough();
    expect((await cloud.launch(gceRequest())).machines).toEqual(first.machines);
    expect((await cloud.machines(GCE_SCOPE, 'prod')).value).toHaveLength(2);
  });

  test('never ends what belongs to no pool', async () => {
    const world = bothClouds();
    insertOne(world, 'control-1');
    const answer = await gcePort(world).terminate({
      cluster: 'prod',
      scope: GCE_SCOPE,
      machines: ['control-1'],
    });
    expect(answer).toMatchObject({ done: [], failed: [{ id: 'control-1' }] });
  });

  test('is incomplete while a zone cannot be reached, and then ends nothing it does not see', async () => {
    const world = bothClouds();
    const cloud = gcePort(world);
    const { machines } = await cloud.launch(gceRequest());
    const ids = machines.map(({ id }) => id);
    const back = world.troubles.gce.unreachableZone('europe-west1-b');
    const seen = await cloud.machines(GCE_SCOPE, 'prod');
    expect([seen.complete, seen.value]).toEqual([false, []]);
    const ended = await cloud.terminate({ cluster: 'prod', scope: GCE_SCOPE, machines: ids });
    expect(ended).toMatchObject({ done: [], failed: ids.map((id) => ({ id })) });
    back();
    expect((await cloud.machines(GCE_SCOPE, 'prod')).complete).toBe(true);
  });

  test('says in the terms of the engine why a call was refused', async () => {
    const world = bothClouds();
    const cloud = gcePort(world);
    world.troubles.gce.apiError({ status: 403, reason: 'rateLimitExceeded', calls: 1 });
    expect(await failure(cloud.launch(gceRequest()))).toBe('throttled rateLimitExceeded');
    const template = { ...gceRequest().template, id: 'none' };
    expect(await failure(cloud.launch(gceRequest({ template })))).toBe('permanent notFound');
  });

  test('leaves the outcome open while an operation runs', async () => {
    const world = bothClouds({ settings: { gce: { operationMs: [5_000, 5_000] } } });
    const cloud = gcePort(world);
    expect(await failure(cloud.launch(gceRequest({ count: 1 })))).toBe('unknown-outcome unknown-outcome');
    expect((await cloud.launched(GCE_SCOPE, 'prod', gceRequest().launch)).value).toHaveLength(1);
  });
});

describe('marks', () => {
  test('are set on machines of the cluster only, on both clouds', async () => {
    const world = bothClouds();
    const mark = 'draining';
    const [first = '', second = ''] = grow(world, 2);
    world.troubles.humanTags(second, { 'muster:cluster': 'other' });
    const aws = { cloud: 'aws', account: 'default', region: 'us-east-1' } as const;
    const onAws = markOnEc2(world, { cluster: 'prod', scope: aws, machines: [second, first], mark });
    expect(await failure(onAws)).toBe('gone gone');
    const marks = async (cluster: string) =>
      (await cloudPort(world).machines(aws, cluster)).value.map((machine) => machine.mark);
    expect([await marks('prod'), await marks('other')]).toEqual([['draining'], [undefined]]);

    const { machines } = await gcePort(world).launch(gceRequest());
    const [one = ''] = machines.map(({ id }) => id);
    const wish = { cluster: 'prod', scope: GCE_SCOPE, machines: [one], mark };
    await markOnGce(world, wish);
    await markOnGce(world, wish);
    expect(await failure(markOnGce(world, { ...wish, cluster: 'other' }))).toBe('gone gone');
    const listed = (await gcePort(world).machines(GCE_SCOPE, 'prod')).value;
    const marked = (isOne: boolean) => listed.find(({ id }) => (id === one) === isOne);
    expect(marked(true)).toMatchObject({ mark: 'draining', pool: 'web' });
    expect(marked(false)?.mark).toBeUndefined();
  });
});

describe('labels', () => {
  test('hold any short text and give it back', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        const value = labelOf(text);
        expect(value).toMatch(/^[a-z0-9_-]*$/);
        expect(textOf(value)).toBe(text);
      }),
    );
    expect(() => labelOf('x'.repeat(64))).toThrow(/too long/);
  });
});
