import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { formatFault } from '../../lib/config/fault';
import { parseSpec } from '../../lib/config/parse';

const read = (name: string) => readFileSync(new URL(`../../examples/${name}.yaml`, import.meta.url), 'utf8');
const MINIMAL = read('aws-minimal');
const FULL = read('aws-full');

const specOf = (text: string) => {
  const parsed = parseSpec(text, 'muster.yaml');
  if ('faults' in parsed) throw new Error(parsed.faults.map(formatFault).join('\n'));
  return parsed.spec;
};
const faultsOf = (text: string): readonly string[] => {
  const parsed = parseSpec(text, 'muster.yaml');
  return 'faults' in parsed ? parsed.faults.map(formatFault) : [];
};
/** The faults after one replacement, which must change the text. */
const after = (from: string, to: string, text = FULL): readonly string[] => {
  expect(text).toContain(from);
  return faultsOf(text.replace(from, to));
};

describe('a spec', () => {
  test('has its units in those of the model', () => {
    const [web, analytics] = specOf(FULL).pools;
    expect(web).toMatchObject({
      account: 'default',
      zones: [
        { name: 'us-east-1a', subnet: 'subnet-0a1b2c3d4e5f60718' },
        { name: 'us-east-1b', subnet: 'subnet-1a1b2c3d4e5f60718' },
      ],
      shapes: {
        cpuMilli: { min: 4000, max: 32_000 },
        memMib: { min: 8192, max: 262_144 },
        gpus: { min: 0, max: 0 },
      },
      headroom: { agents: 0, percent: 10, shapes: [{ count: 2, cpuMilli: 4000, memMib: 16_384 }] },
      targetUtilisationPercent: 85,
      attributes: { role: { kind: 'text', value: 'compute' } },
      rootDiskGib: 100,
      registerWithinMs: 600_000,
      disruption: {
        budget: { percent: 10 },
        windows: [{ deny: '0 8 * * 1-5', forMs: 36_000_000, zone: 'Europe/Berlin' }],
        expireAfterMs: 2_592_000_000,
        emptyForMs: 300_000,
      },
    });
    expect(analytics).toMatchObject({
      account: '123456789012',
      shapes: { arch: 'arm64', memMib: { min: 65_536 } },
      size: { min: 0, max: 50 },
      disruption: { budget: { agents: 5 } },
    });
  });

  test('has the documented defaults', () => {
    const spec = specOf(MINIMAL.replace('    market: [spot, on-demand]\n', ''));
    expect(spec).toMatchObject({
      marathon: { groupBy: '1.11' },
      network: { reach: 'direct', subnets: [] },
      schedules: [],
      webhooks: [],
      notify: [],
    });
    expect(spec.pools[0]).toMatchObject({
      role: '*',
      markets: ['on-demand'],
      drain: 'surge',
      registerWithinMs: 900_000,
      rootDiskGib: 50,
      disruption: { budget: { percent: 10 }, windows: [], emptyForMs: 300_000 },
      shapes: { arch: 'amd64', memMib: { min: 0 } },
    });
  });

  test('takes the account of a pool on Google Cloud from its project', () => {
    expect(specOf(read('gce-and-on-premises')).pools[0]).toMatchObject({
      account: 'acme',
      zones: [{ name: 'europe-west1-b' }, { name: 'europe-west1-c' }],
    });
  });

  test('has a hash that follows its meaning and not its layout', () => {
    const { hash } = specOf(FULL);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(specOf(`# another comment\n${FULL}`).hash).toBe(hash);
    expect(specOf(stringify(backwards(parse(FULL)))).hash).toBe(hash);
    expect(specOf(FULL.replace('machines: 400', 'machines: 401')).hash).not.toBe(hash);
  });
});

const backwards = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).reverse())
    : value;

describe('a fault', () => {
  test('comes with all others, in the order of the file, each with line, column and path', () => {
    const text = FULL.replace('cluster: prod', 'cluster: Prod!')
      .replace('drain: surge', 'drian: surge')
      .replace('for: 12h', 'for: 12 h')
      .replace('pool: web, by: 20%', 'pool: wbe, by: 20%');
    expect(faultsOf(text)).toEqual([
      'muster.yaml:3:10: cluster: the text is not a name of at most 40 small letters, digits and dashes that begins with a letter. Write for example web-1.',
      'muster.yaml:32:5: pools[0].drian: this key is not known. Did you mean drain?',
      'muster.yaml:51:68: schedules[0].for: "12 h" is not a duration. Write for example 30s, 5m, 10h or 30d.',
      'muster.yaml:58:33: webhooks[0].rules[0].do.scaleOut.pool: there is no pool wbe. Did you mean web?',
    ]);
  });

  test.each<readonly [string, string, string, string]>([
    ['an unknown version', 'version: 1', 'version: 2', 'version: 2 is not 1'],
    ['a source that is missing', '  source: { kind: baked }\n', '', 'mesos.source: this is missing'],
    ['a source of an unknown kind', 'kind: baked', 'kind: bakd', 'Did you mean baked?'],
    [
      'a pool without a subnet in AWS',
      'zones: { us-east-1a: subnet-0a1b2c3d4e5f60718 }',
      'zones: [us-east-1a]',
      'needs a subnet for each zone',
    ],
    [
      'a zone of another region',
      'us-east-1b:',
      'us-east-2b:',
      'us-east-2b is not a zone of the region us-east-1',
    ],
    ['min above max', 'min: 2, max: 200', 'min: 201, max: 200', 'min 201 is above max 200'],
    ['minimum sizes above the limit', 'machines: 400', 'machines: 1', 'add up to 2'],
    ['a name used twice', 'name: analytics', 'name: web', 'the name web is taken by pools[0]'],
    [
      'a public image with Mesos baked in',
      'ssm:/muster/prod/agent-image\n',
      'ssm:/aws/service/ami-amazon-linux-latest/al2023\n',
      'has no Mesos in it',
    ],
    [
      'a cron expression of six fields',
      '"0 7 * * 1-5"',
      '"0 0 7 * * 1-5"',
      'is not a cron expression of five fields',
    ],
    ['a cron expression that never comes', '"0 7 * * 1-5"', '"0 7 30 2 *"', 'is not a cron expression'],
    [
      'a time zone that does not exist',
      'zone: Europe/Berlin, for: 12h',
      'zone: Europe/Bonn, for: 12h',
      'is not a named time zone',
    ],
    [
      'an offset as time zone',
      'zone: Europe/Berlin, for: 12h',
      'zone: "+01:00", for: 12h',
      'is not a named time zone',
    ],
    ['a range the wrong way round', '4..32', '32..4', 'whose first number is the smaller'],
    ['memory without a unit', '8GiB..256GiB', '8..256', 'is not a range of memory'],
    [
      'an account that is a number',
      '"123456789012"',
      '123456789012',
      'account: 123456789012 is not an AWS account of twelve digits in quotes',
    ],
    ['a version that YAML reads as a number', '"1.10"', '1.10', 'groupBy: 1.1 is not one of'],
    [
      'an attribute that every agent has',
      'role: compute',
      'zone: compute',
      'every agent announces zone by itself',
    ],
    [
      'an attribute that Mesos takes for a number',
      'storage: ssd',
      'storage: inf',
      'storage: "inf" is not a text',
    ],
    ['a schedule above the pool', 'min: 20', 'min: 201', '201 is above size.max of the pool web'],
    [
      'an alert rule that matches everything',
      '{ alertname: HighLatency }',
      '{}',
      'is not a map of at least one alert label',
    ],
    ['a signed Alertmanager', 'kind: alertmanager', 'kind: alertmanager\n    auth: hmac', 'cannot sign'],
    [
      'a vpc without its subnets',
      'subnets: [subnet-0a1b2c3d4e5f60718, subnet-1a1b2c3d4e5f60718]',
      'subnets: []',
      'at least one subnet',
    ],
    ['a merge key', 'drain: kill', '<<: {}', 'no merge key'],
    ['a percentage above its limit', '85%', '101%', 'is not a percentage from 1% to 100%'],
    ['a root disk without room', '100GiB', '4GiB', 'has no room'],
  ])('is found in %s', (_what, from, to, expected) => {
    const faults = after(from, to);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(expected);
  });

  test('hides no other fault of the same pool', () => {
    const text = FULL.replace('drain: surge', 'drian: surge').replace(
      'min: 2, max: 200',
      'min: 201, max: 200',
    );
    expect(faultsOf(text)).toHaveLength(2);
  });

  test('of one key is not followed by one about its default', () => {
    expect(after('by: 20%', 'by: 5000%')).toHaveLength(1);
  });

  test('never repeats a secret that was written where a reference belongs', () => {
    const secret = 'hunter2';
    for (const text of [
      FULL.replace('ssm:/muster/prod/mesos', secret),
      FULL.replace('ssm:/muster/prod/alertmanager', secret),
      FULL.replace('http://10.0.0.10:5050', `http://admin:${secret}@10.0.0.10:5050`),
      FULL.replace('zk://10.0.0.10', `zk://admin:${secret}@10.0.0.10`),
      FULL.replace('notify: [{ kind: webhook, url: ssm:/muster/prod/slack }]', `notify: ${secret}`),
      FULL.replace('url: ssm:/muster/prod/slack', `url: ${secret}`),
      FULL.replace('auth: ssm:/muster/prod/mesos', `password: ${secret}`),
      FULL.replace('ssm:/muster/prod/mesos', `"${secret}`),
      FULL.replace('ssm:/muster/prod/mesos', `*${secret}`),
    ]) {
      const faults = faultsOf(text);
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.join('\n')).not.toContain(secret);
    }
  });

  test('is the answer to any text whatsoever, never an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(faultsOf(text).length).toBeGreaterThan(0);
      }),
    );
  });

  test('is the answer to any value in any place of a file', () => {
    const keys = ['mesos', 'marathon', 'network', 'limits', 'pools', 'schedules', 'webhooks', 'notify'];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        const parsed = parseSpec(stringify({ ...Object(parse(FULL)), [key]: value }), 'muster.yaml');
        expect('spec' in parsed || parsed.faults.length > 0).toBe(true);
      }),
    );
  });
});

describe('text that is not the YAML it should be', () => {
  test.each<readonly [string, string, string]>([
    ['an empty file', '', 'muster.yaml:1:1: the file is empty.'],
    ['a list', '- 1\n', 'muster.yaml:1:1: the file does not hold a map of keys.'],
    ['a tab', 'version: 1\nmesos:\n\tzk: x\n', 'muster.yaml:3:1: a tab is used as indentation.'],
    ['a wrong indentation', 'version: 1\n   cluster: a\n', 'muster.yaml:1:10: the indentation does not fit'],
    ['an open bracket', 'version: [1\ncluster: a\n', 'muster.yaml:2:1: a list or map is not closed'],
    [
      'two documents',
      'version: 1\n---\nversion: 1\n',
      'muster.yaml:2:1: the file holds more than one YAML document.',
    ],
    ['an alias without anchor', 'version: *one\n', 'muster.yaml:1:10: an alias names no anchor above it.'],
  ])('%s is named with its place', (_what, text, expected) => {
    expect(faultsOf(text)[0]).toContain(expected);
  });

  test('a key that is written twice is a fault beside the others', () => {
    const faults = faultsOf(`${MINIMAL}cluster: again\nlimit: 1\n`);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain('this key is written twice');
    expect(faults[1]).toContain('Did you mean limits?');
  });

  test('aliases that unfold without end are refused', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((key, i) => {
        const before = 'abcdefg'[i];
        return `${key}: &${key} [${Array(9).fill(`*${before}`).join(',')}]`;
      }),
    ];
    expect(faultsOf(bomb.join('\n'))[0]).toContain('aliases unfold');
  });
});
