import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderFaults } from '../../lib/bootstrap/faults';
import { render } from '../../lib/bootstrap/render';
import { agentConfigOf } from '../../lib/bootstrap/user-data';
import { parseAttributes, parseAttributeValue, text } from '../../lib/core/model/attributes';
import type { MesosSource } from '../../lib/core/model/spec';
import { attributeLine } from '../../lib/bootstrap/agent-env';
import { pool, spec, SUM } from './pools';

describe('an attribute that Mesos would change or die of', () => {
  test.each([
    ['', 'is empty'],
    ['two words', 'which Mesos deletes'],
    ['a;b:c', 'begins the next attribute'],
    ['a\nb', 'line break'],
    ['[1-2', 'bracket'],
    ['{a,b}', 'bracket'],
    ['12e5', 'registered as a number'],
    ['inf', 'registered as a number'],
    ['NaN', 'registered as a number'],
    ['0x1f', 'registered as a number'],
  ])('is refused: text %j', (value, why) => {
    expect(() => render({ pool: pool({ attributes: { rack: text(value) } }), spec: spec() })).toThrow(why);
  });

  test('is refused: a number beyond all bounds', () => {
    const faults = renderFaults(pool({ attributes: { size: parseAttributeValue('1e999') } }), spec());
    expect(faults).toEqual(['the attribute size is no finite number']);
  });

  test.each(['instance_id', 'lifecycle', 'zone', 'cloud', 'pool'])('is refused: a second %s', (name) => {
    const faults = renderFaults(pool({ attributes: { [name]: text('mine') } }), spec());
    expect(faults).toEqual([`the attribute ${name} is set by the bootstrap itself`]);
  });

  test('is refused where a pool, cluster or region reads as a number', () => {
    const faults = renderFaults(pool({ name: '12', region: '1e3' }), { ...spec(), cluster: 'inf' });
    expect(faults).toHaveLength(3);
  });

  test('is never let through: what is rendered registers as what was configured', () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9.+-]{1,8}$/)).map(parseAttributeValue);
    const attributes = fc.dictionary(fc.stringMatching(/^[a-z][a-z_]{0,8}$/), value, { maxKeys: 4 });
    fc.assert(
      fc.property(attributes, (given) => {
        const candidate = pool({ attributes: given });
        if (renderFaults(candidate, spec()).length > 0) return;
        const line = attributeLine(
          agentConfigOf(render({ pool: candidate, spec: spec() }).userData).attributes,
        );
        const own = { cloud: text('aws'), region: text('us-east-1'), pool: text('web') };
        // Through JSON, which knows no minus nought.
        expect(parseAttributes(line)).toEqual(JSON.parse(JSON.stringify({ ...own, ...given })));
      }),
      { numRuns: 200 },
    );
  });
});

describe('a configuration from which no agent could come up', () => {
  const faultsOf = (source: MesosSource): readonly string[] => renderFaults(pool(), spec({ source }));

  test('names all its faults at once', () => {
    const mesos = spec({ source: { kind: 'package', url: 'ftp://x/mesos.zip', sha256: 'AB' } });
    expect(renderFaults(pool({ name: 'a b', role: 'two words' }), mesos)).toHaveLength(5);
  });

  test('is refused without ZooKeeper and with several masters, and allowed with one', () => {
    const several = {
      ...spec(),
      mesos: { masters: ['http://a:5050', 'http://b:5050'], source: { kind: 'baked' } },
    } as const;
    expect(renderFaults(pool(), several)).toEqual([
      expect.stringContaining('cannot find the leader among 2 masters'),
    ]);
    const one = { ...several, mesos: { ...several.mesos, masters: ['http://a:5050'] } } as const;
    expect(renderFaults(pool(), one)).toEqual([]);
  });

  test('is refused where the credential lies in a cloud that the machine cannot read', () => {
    const faults = renderFaults(pool({ cloud: 'gce' }), spec({ auth: 'ssm:/muster/prod/mesos' }));
    expect(faults).toEqual([expect.stringContaining('a machine on gce can read: "gcp:projects/')]);
  });

  test('is refused on a cloud without a metadata service', () => {
    expect(renderFaults(pool({ cloud: 'command' }), spec())).toEqual([
      expect.stringContaining('no metadata service'),
    ]);
  });

  test.each<[string, MesosSource]>([
    ['package', { kind: 'package', url: 'https://example.com/mesos_1.11.deb', sha256: SUM }],
    ['tarball', { kind: 'tarball', url: 'https://example.com/mesos.tar.gz', sha256: SUM }],
    ['repository', { kind: 'repository', url: 'https://example.com/apt', packages: ['mesos=1.11.0-2.0.1'] }],
    ['image', { kind: 'image', image: `registry.example.com:5000/mesos@sha256:${SUM}` }],
    ['baked', { kind: 'baked' }],
  ])('is none of these sources: %s', (_, source) => {
    expect(faultsOf(source)).toEqual([]);
  });

  test.each<[string, MesosSource, string]>([
    ['package', { kind: 'package', url: 'https://example.com/mesos.zip', sha256: SUM }, '.deb or .rpm'],
    ['tarball', { kind: 'tarball', url: 's3://bucket/mesos.tgz', sha256: SUM }, 'http or https'],
    ['tarball', { kind: 'tarball', url: 'https://example.com/mesos.tgz', sha256: 'abc' }, '64 digits'],
    ['repository', { kind: 'repository', url: 'example', packages: ['mesos'] }, 'must be an address'],
    ['repository', { kind: 'repository', url: 'https://e.com', key: 'abc', packages: ['mesos'] }, 'armoured'],
    ['repository', { kind: 'repository', url: 'https://e.com', packages: [] }, 'is empty'],
    ['repository', { kind: 'repository', url: 'https://e.com', packages: ['--force'] }, 'is no package'],
    ['image', { kind: 'image', image: '--privileged' }, 'no name of an image'],
  ])('is a source of kind %s that cannot be used', (_, source, why) => {
    expect(faultsOf(source)).toEqual([expect.stringContaining(why)]);
  });
});
