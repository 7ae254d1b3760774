// The outside of one process, against the emulated world over HTTP.
import { afterEach, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { shippedCatalogue } from '../../lib/catalogue/shipped';
import type { Spec } from '../../lib/core/model/spec';
import { serveWorld } from '../../lib/emulator/http/serve-world';
import { createWorld } from '../../lib/emulator/world';
import { apiParts, engineOf, specOf } from '../../lib/wiring/engine';
import { ingestParts, webhookParts } from '../../lib/wiring/intake';
import { type LocalOptions, openLocal } from '../../lib/wiring/local';
import { aPool, aSpec, NOW } from '../builders/fleet';
import { temporaryDirectories } from '../embedded/temporary-directory';

const IMAGE = 'ami-0123456789abcdef0';
const hook = {
  name: 'alerts',
  kind: 'alertmanager',
  auth: 'bearer',
  secret: 'env:T',
  rules: [],
} as const;
const home = aSpec({
  cluster: 'home',
  mesos: { zk: 'zk://10.0.0.1:2181/mesos', masters: ['http://10.0.0.1:5050'], source: { kind: 'baked' } },
  pools: [aPool({ image: IMAGE }), aPool({ name: 'batch', image: IMAGE })],
  webhooks: [hook],
});

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const newDirectory = temporaryDirectories();

const emulated = async (specs: readonly Spec[]) => {
  const goods = await shippedCatalogue().offerings(specs.flatMap(({ pools }) => pools));
  const world = createWorld({
    seed: 1,
    startAt: NOW,
    shapes: goods.shapes.value,
    prices: goods.offerings.value,
    subnets: aPool().zones.map(({ name, subnet }) => ({ id: subnet ?? name, zone: name })),
  });
  const served = await serveWorld(world);
  ends.push(() => served.close());
  return { world, served };
};

const opened = async (options: Partial<LocalOptions> & Pick<LocalOptions, 'specs'>) => {
  const local = await openLocal({ onLine: () => undefined, quiet: true, ...options });
  ends.push(() => local.close());
  return local;
};

describe('a process of its own', () => {
  test('makes a launch template for each pool, and finds the same ones at its next start', async () => {
    const { world, served } = await emulated([home]);
    const aws = {
      endpoint: served.ec2Url,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    const templates = async () => {
      const { outside } = await (await opened({ specs: [home], aws, clock: served.clock }))
        .prepare()
        .then((prepared) => ({ outside: prepared }));
      return outside.templates;
    };
    const first = await templates();
    expect(Object.keys(first['home'] ?? {}).sort()).toEqual(['batch', 'web']);
    expect(await templates()).toEqual(first);
    const { LaunchTemplates } = world.ec2.DescribeLaunchTemplates({});
    expect(LaunchTemplates.map(({ LatestVersionNumber }) => LatestVersionNumber)).toEqual([1, 1]);
  });

  test('keeps its messages over a restart, and leaves the directory free', async () => {
    const directory = await newDirectory();
    const first = await openLocal({ specs: [home], directory, onLine: () => undefined });
    await first.events.send('one');
    await expect(openLocal({ specs: [home], directory, onLine: () => undefined })).rejects.toThrow(
      `in use by process ${process.pid}`,
    );
    await first.close();
    expect(readdirSync(directory)).toEqual(['store.log']);
    const second = await opened({ specs: [home], directory });
    expect(await second.events.receive({ max: 10, waitMs: 0 })).toMatchObject([{ body: 'one' }]);
  });

  test('refuses files that cannot be served together', async () => {
    await expect(opened({ specs: [home, home] })).rejects.toThrow('Two files are of the cluster home');
    await expect(opened({ specs: [home, { ...home, cluster: 'away' }] })).rejects.toThrow(
      'Two clusters have a webhook alerts',
    );
  });

  test('serves several clusters, each by its own name', async () => {
    const away = { ...home, cluster: 'away', webhooks: [{ ...hook, name: 'others' }] };
    const { outside } = await opened({ specs: [home, away] });
    expect(engineOf(outside, 'away').spec).toBe(away);
    expect(() => specOf(outside, 'nowhere')).toThrow('There is no cluster nowhere in this deployment');
    expect(apiParts(outside).clusters).toEqual(['home', 'away']);
    expect(webhookParts(outside).webhooks).toMatchObject({
      alerts: { cluster: 'home' },
      others: { cluster: 'away' },
    });
    expect(ingestParts(outside).routes.map(({ cluster }) => cluster)).toEqual(['home', 'away']);
  });

  test('makes one engine for each cluster, since its clients remember who leads', async () => {
    const { outside } = await opened({ specs: [home] });
    const parts = apiParts(outside);
    expect(await parts.engine('home')).toBe(await parts.engine('home'));
  });
});
