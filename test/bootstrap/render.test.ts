import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { z } from 'zod';
import { BOOT_SCRIPT } from '../../lib/bootstrap/boot-script';
import { render } from '../../lib/bootstrap/render';
import { assemble } from '../../lib/bootstrap/scripts/embed';
import { agentConfigOf } from '../../lib/bootstrap/user-data';
import { text } from '../../lib/core/model/attributes';
import { GOLDEN, pool, spec, SUM } from './pools';

const document = z.object({
  write_files: z.array(
    z.object({
      path: z.string(),
      permissions: z.string(),
      owner: z.string(),
      encoding: z.string().optional(),
      content: z.string(),
    }),
  ),
});
const filesOf = (userData: string): z.infer<typeof document>['write_files'] =>
  document.parse(parse(userData, { version: '1.1' })).write_files;

describe('the user data', () => {
  test.each(Object.entries(GOLDEN))('of %s is what was last read and agreed to', (name, input) => {
    const golden = readFileSync(new URL(`golden/${name}.yaml`, import.meta.url), 'utf8');
    expect(render(input).userData).toBe(golden);
  });

  test('has the same bytes however the attributes were written down', () => {
    const attributes = { a: text('1a'), b: text('2b') };
    const turned = { b: text('2b'), a: text('1a') };
    expect(render({ pool: pool({ attributes }), spec: spec() })).toEqual(
      render({ pool: pool({ attributes: turned }), spec: spec() }),
    );
  });

  test('carries the shell files as they are today (else run lib/bootstrap/scripts/embed.ts)', () => {
    expect(gunzipSync(Buffer.from(BOOT_SCRIPT, 'base64')).toString('utf8')).toBe(assemble());
  });

  test('needs no file beside it once it is bundled', async () => {
    const bundle = await build({
      entryPoints: ['lib/bootstrap/render.ts'],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
    });
    const [file] = bundle.outputFiles;
    expect(file?.text).toContain(BOOT_SCRIPT);
    expect(file?.text).not.toMatch(/readFileSync|from ["'](node:)?fs["']/);
  });

  test('writes agent.json and agent.env as plain text that anybody may read and root owns', () => {
    const files = filesOf(render({ pool: pool(), spec: spec() }).userData);
    for (const path of ['/etc/muster/agent.json', '/etc/muster/agent.env']) {
      const file = files.find((candidate) => candidate.path === path);
      expect(file).toMatchObject({ owner: 'root:root', permissions: '0644' });
      expect(file?.encoding).toBeUndefined();
    }
  });

  test('leaves two kilobytes of what EC2 takes to whatever comes next', () => {
    for (const input of Object.values(GOLDEN)) {
      const { userData, bytes } = render(input);
      expect(bytes).toBe(Buffer.byteLength(userData));
      expect(bytes).toBeLessThan(16_384 - 2048);
    }
  });

  test('that EC2 would not take is refused with its size', () => {
    const attributes = { note: text('x'.repeat(5000)) };
    expect(() => render({ pool: pool({ attributes }), spec: spec() })).toThrow(
      /user data of pool "web" has \d{5} bytes, aws takes 16384/,
    );
  });
});

describe('the version', () => {
  test('stands in agent.json and is that of the tag', () => {
    const { userData, version } = render({ pool: pool(), spec: spec() });
    expect(version).toMatch(/^[0-9a-f]{12}$/);
    expect(agentConfigOf(userData).bootstrap).toBe(version);
  });

  test('changes with whatever a machine would be told', () => {
    const inputs = [
      { pool: pool(), spec: spec() },
      { pool: pool(), spec: spec(), image: 'ami-1' },
      { pool: pool({ role: 'batch' }), spec: spec() },
      { pool: pool({ attributes: {} }), spec: spec() },
      { pool: pool(), spec: spec({ auth: 'ssm:/a' }) },
      { pool: pool(), spec: spec({ source: { kind: 'image', image: 'mesos:1.11' } }) },
      { pool: pool(), spec: spec({ zk: 'zk://10.0.0.9:2181/mesos' }) },
    ];
    expect(new Set(inputs.map((input) => render(input).version)).size).toBe(inputs.length);
  });

  test('stays when only what a running machine never sees has changed', () => {
    const before = render({ pool: pool(), spec: spec() }).version;
    const after = render({
      pool: pool({ size: { min: 3, max: 9 } }),
      spec: { ...spec(), hash: 'other' },
    }).version;
    expect(after).toBe(before);
  });
});

describe('agent.json', () => {
  test('tells an agent who it is, in values as text', () => {
    const { userData, version } = render({
      pool: pool({ role: 'batch' }),
      spec: spec({ auth: 'ssm:/muster/a' }),
    });
    expect(agentConfigOf(userData)).toEqual({
      cluster: 'prod',
      pool: 'web',
      zk: 'zk://10.0.0.10:2181,10.0.1.10:2181,10.0.2.10:2181/mesos',
      masters: ['http://10.0.0.10:5050', 'http://10.0.1.10:5050', 'http://10.0.2.10:5050'],
      role: 'batch',
      attributes: {
        cloud: 'aws',
        region: 'us-east-1',
        pool: 'web',
        rack: '2',
        storage: 'ssd',
        tier: 'compute',
      },
      bootstrap: version,
      source: { kind: 'baked' },
      auth: 'ssm:/muster/a',
    });
  });

  test('of no user data of ours is missed with a reason', () => {
    expect(() => agentConfigOf('#!/bin/sh\n')).toThrow('no #cloud-config');
    expect(() => agentConfigOf('#cloud-config\nwrite_files: []\n')).toThrow(
      'writes no /etc/muster/agent.json',
    );
    const broken = render({ pool: pool(), spec: spec() }).userData.replace('"cluster"', '"clusters"');
    expect(() => agentConfigOf(broken)).toThrow(/agent\.json in the user data: .*clusters/s);
  });
});

describe('a secret', () => {
  test.each([
    ['a password in the address of ZooKeeper', { zk: 'zk://muster:hunter2@10.0.0.1:2181/mesos' }],
    ['a password in the address of a master', { masters: ['http://muster:hunter2@10.0.0.1:5050'] }],
    ['a credential in the place of its reference', { auth: 'muster:hunter2' }],
    ['a name in the environment of somewhere else', { auth: 'env:hunter2' }],
    [
      'a password in the address of a download',
      { source: { kind: 'tarball', url: 'https://u:hunter2@example.com/mesos.tgz', sha256: SUM } as const },
    ],
  ])('never reaches user data: %s is refused, and not repeated in the refusal', (_, mesos) => {
    let said = '';
    try {
      render({ pool: pool(), spec: spec(mesos) });
    } catch (error) {
      said = String(error);
    }
    expect(said).toMatch(/No bootstrap can be rendered for pool "web"/);
    if (!('source' in mesos)) expect(said).not.toContain('hunter2');
  });
});
