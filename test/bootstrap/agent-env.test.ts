import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import type { AgentConfig } from '../../lib/bootstrap/agent-config';
import { agentEnv } from '../../lib/bootstrap/agent-env';
import type { MesosSource } from '../../lib/core/model/spec';

const SOURCED = `set -eu; while IFS= read -r -d '' text; do eval "$text"
  for name in \${!MUSTER_*}; do printf '%s=%s\\0' "$name" "\${!name}"; done; printf '\\0'; done`;

// One bash for all files: each is sourced and its variables are printed back.
const sourced = (files: readonly string[]): readonly Readonly<Record<string, string>>[] =>
  execFileSync('bash', ['-c', SOURCED], {
    input: files.map((file) => `${file}\0`).join(''),
    encoding: 'utf8',
  })
    .split('\0\0')
    .slice(0, -1)
    .map((block) =>
      Object.fromEntries(
        block
          .split('\0')
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ),
    );

const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom(' ', "'", '"', '$', '`', '\\', '!', '*', '~', '#', ';', '&', '(', 'a', '\t', '\n'),
  }),
  fc.constantFrom('$(reboot)', '`reboot`', "'; reboot; '", '${HOME}', '\\', "'", '$$'),
);
const words = fc.array(value, { maxLength: 3 });
const source: fc.Arbitrary<MesosSource> = fc.oneof(
  fc.record({ kind: fc.constant('baked' as const) }),
  fc.record({ kind: fc.constant('repository' as const), url: value, key: value, packages: words }),
  fc.record({ kind: fc.constant('tarball' as const), url: value, sha256: value }),
  fc.record({ kind: fc.constant('image' as const), image: value }),
);
const config: fc.Arbitrary<AgentConfig> = fc.record(
  {
    cluster: value,
    pool: value,
    zk: value,
    masters: words,
    role: value,
    attributes: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), value, { maxKeys: 4 }),
    resources: value,
    bootstrap: value,
    source,
    auth: value,
  },
  { requiredKeys: ['cluster', 'pool', 'masters', 'role', 'attributes', 'bootstrap', 'source'] },
);

const written = z.object({
  cluster: z.string(),
  pool: z.string(),
  zk: z.string().optional(),
  role: z.string(),
  attributes: z.record(z.string(), z.string()),
  resources: z.string().optional(),
  bootstrap: z.string(),
  auth: z.string().optional(),
  source: z.object({
    kind: z.string(),
    url: z.string().optional(),
    key: z.string().optional(),
    packages: z.array(z.string()).optional(),
    sha256: z.string().optional(),
    image: z.string().optional(),
  }),
});

// Written out by hand from the JSON, not by the code under test.
const expected = (json: string): Readonly<Record<string, string>> => {
  const read = written.parse(JSON.parse(json));
  const pairs: string[] = [];
  for (const [name, text] of Object.entries(read.attributes)) pairs.push(`${name}:${text}`);
  return {
    MUSTER_CLUSTER: read.cluster,
    MUSTER_POOL: read.pool,
    MUSTER_CLOUD: read.attributes['cloud'] ?? '',
    MUSTER_REGION: read.attributes['region'] ?? '',
    MUSTER_ZK: read.zk ?? '',
    MUSTER_ROLE: read.role,
    MUSTER_ATTRIBUTES: pairs.join(';'),
    MUSTER_RESOURCES: read.resources ?? '',
    MUSTER_BOOTSTRAP: read.bootstrap,
    MUSTER_SOURCE_KIND: read.source.kind,
    MUSTER_SOURCE_URL: read.source.url ?? '',
    MUSTER_SOURCE_KEY: read.source.key ?? '',
    MUSTER_SOURCE_PACKAGES: (read.source.packages ?? []).join(' '),
    MUSTER_SOURCE_SHA256: read.source.sha256 ?? '',
    MUSTER_SOURCE_IMAGE: read.source.image ?? '',
    MUSTER_AUTH: read.auth ?? '',
  };
};

const holdsControl = (config: AgentConfig): boolean => {
  let found = false;
  JSON.stringify(config, (_, each: unknown) => {
    if (typeof each === 'string' && /\p{Cc}/u.test(each)) found = true;
    return each;
  });
  return found;
};

describe('agent.env', () => {
  test('gives a shell exactly the values of agent.json, or is not written at all', () => {
    const configs = fc.sample(config, { numRuns: 400, seed: 20_261 });
    const files: { file: string; json: string }[] = [];
    for (const each of configs) {
      if (holdsControl(each)) expect(() => agentEnv(each)).toThrow('control character');
      else files.push({ file: agentEnv(each), json: JSON.stringify(each) });
    }
    expect(files.length).toBeGreaterThan(50);
    const read = sourced(files.map(({ file }) => file));
    expect(read).toHaveLength(files.length);
    files.forEach(({ json }, index) => expect(read[index]).toMatchObject(expected(json)));
  });

  test.each(['a\nb', 'a\rb', '\u0000', 'a\tb', '\u0085'])(
    'refuses a value with a control character: %j',
    (bad) => {
      const config: AgentConfig = {
        cluster: 'prod',
        pool: 'web',
        masters: ['http://10.0.0.1:5050'],
        role: '*',
        attributes: { rack: bad },
        bootstrap: '',
        source: { kind: 'baked' },
      };
      expect(() => agentEnv(config)).toThrow(/MUSTER_ATTRIBUTES holds a line break/);
    },
  );

  test('names masters as an agent takes them', () => {
    const config: AgentConfig = {
      cluster: 'prod',
      pool: 'web',
      masters: ['http://10.0.0.1:5050', 'https://master.example.com:5050/'],
      role: '*',
      attributes: {},
      bootstrap: '',
      source: { kind: 'baked' },
    };
    expect(sourced([agentEnv(config)])[0]).toMatchObject({
      MUSTER_MASTERS: '10.0.0.1:5050,master.example.com:5050',
    });
  });
});
