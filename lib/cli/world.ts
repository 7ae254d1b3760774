// muster world: the emulated cloud, Mesos and Marathon alone, in real time, for trying clients and scripts on, and for
// `muster serve` to work against.
import { shippedCatalogue } from '../catalogue/shipped';
import type { Spec } from '../core/model/spec';
import { type ServedWorld, serveWorld } from '../emulator/http/serve-world';
import { createWorld } from '../emulator/world';
import { systemClock } from '../engine/clock';
import { putParameters } from './parameters';
import { readSpec, INVALID } from './spec-file';
import { isSet, numberOf, type Terminal, UsageError, type Verb, type Words } from './verb';

/** What each sender and each scheduler of the file takes for a secret. */
const SECRET = 'emulated-secret';
/** Nobody believes a master that has just been elected and lists no agent; a minute later it is believed. */
const SETTLED_MS = 61_000;

export const world: Verb = {
  name: 'world',
  summary: 'Serve an emulated EC2, SSM, Mesos and Marathon on this machine.',
  operands: 'FILE',
  options: { speed: { type: 'string' }, seed: { type: 'string' }, port: { type: 'string' } },
  help: {
    speed: 'Virtual seconds for each real one (1, which is what `muster serve` needs).',
    seed: 'Seed of everything that is left to chance (1).',
    port: 'Port of EC2 and SSM (any free one). Masters and Marathon listen where the file says that they are, when that is on this machine; else on any free ports.',
  },
  example: 'muster world examples/local.yaml --port 9000',
  codes: { 1: 'a port could not be had', 2: 'the file has faults' },
  run: async (words, terminal) => {
    const [file, ...rest] = words.positionals;
    if (file === undefined || rest.length > 0)
      throw new UsageError('Name one muster.yaml: its pools say which zones and shapes there are.');
    const spec = await readSpec(file, terminal);
    if (spec === undefined) return INVALID;
    const served = await open(spec, words);
    try {
      tell({ file, spec, served, isJson: isSet(words, 'json') }, terminal);
      await terminal.stopped;
    } finally {
      await served.close();
    }
    return 0;
  },
};

const open = async (spec: Spec, words: Words): Promise<ServedWorld> => {
  const factor = numberOf(words, 'speed', 1, [1, 1000]);
  const seed = numberOf(words, 'seed', 1, [0, 2 ** 31]);
  const aws = numberOf(words, 'port', 0, [0, 65_535]);
  const goods = await shippedCatalogue().offerings(spec.pools);
  const masters = localPorts(spec.mesos.masters);
  const marathon = localPorts(spec.marathon.urls);
  const made = createWorld({
    seed,
    startAt: systemClock.now() - SETTLED_MS,
    shapes: goods.shapes.value,
    prices: goods.offerings.value,
    subnets: spec.pools.flatMap(({ zones }) =>
      zones.map(({ name, subnet }) => ({ id: subnet ?? name, zone: name })),
    ),
    clusterName: spec.cluster,
    ...(masters === undefined ? {} : { masters: masters.length }),
  });
  putParameters(made, spec, SECRET);
  made.advance(SETTLED_MS);
  return serveWorld(made, {
    clock: { kind: 'paced', factor },
    ports: { aws, masters: masters ?? [], marathon: marathon ?? [] },
    ...(marathon === undefined ? {} : { marathonNodes: marathon.length }),
  });
};

/** The ports, when all of them are on this machine. */
const localPorts = (urls: readonly string[]): readonly number[] | undefined => {
  const places = urls.map((url) => new URL(url));
  const isLocal = places.every(({ hostname }) => hostname === '127.0.0.1' || hostname === 'localhost');
  return isLocal ? places.map(({ port }) => Number(port || 80)) : undefined;
};

type Told = {
  readonly file: string;
  readonly spec: Spec;
  readonly served: ServedWorld;
  readonly isJson: boolean;
};

const tell = ({ file, spec, served, isJson }: Told, terminal: Terminal): void => {
  const { ec2Url, ssmUrl, masterUrls, marathonUrls } = served;
  const urls = { ec2: ec2Url, ssm: ssmUrl, masters: masterUrls, marathon: marathonUrls };
  if (isJson) {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, ...urls, secret: SECRET })}\n`);
    return;
  }
  for (const [name, url] of Object.entries(urls))
    terminal.out(`${name.padEnd(10)}${[url].flat().join(' ')}\n`);
  const isAsWritten =
    localPorts(spec.mesos.masters) !== undefined && localPorts(spec.marathon.urls) !== undefined;
  terminal.out(
    [
      `Secrets that ${file} refers to in the parameter store are all "${SECRET}" here.`,
      isAsWritten
        ? 'Muster works on it with any credentials in another terminal:'
        : `Write these masters and this Marathon into a copy of ${file}, and Muster works on it with any credentials in another terminal:`,
      `  AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any npm run muster -- serve ${file} --aws-endpoint ${ec2Url}`,
      'Ctrl-C stops it; nothing is kept.',
      '',
    ].join('\n'),
  );
};
