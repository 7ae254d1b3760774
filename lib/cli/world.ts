// muster world: the emulated cloud, Mesos and Marathon alone, in real time, for trying clients and scripts on.
import { shippedCatalogue } from '../catalogue/shipped';
import { serveWorld } from '../emulator/http/serve-world';
import { createWorld } from '../emulator/world';
import { systemClock } from '../engine/clock';
import { readSpec, INVALID } from './spec-file';
import { isSet, numberOf, UsageError, type Verb } from './verb';

export const world: Verb = {
  name: 'world',
  summary: 'Serve an emulated EC2, SSM, Mesos and Marathon on this machine.',
  operands: 'FILE',
  options: { speed: { type: 'string' }, seed: { type: 'string' }, port: { type: 'string' } },
  help: {
    speed: 'Virtual seconds for each real one (1).',
    seed: 'Seed of everything that is left to chance (1).',
    port: 'First of the ports: EC2 and SSM, then the masters, then Marathon (any free ones).',
  },
  example: 'muster world examples/local.yaml --port 9000',
  codes: { 2: 'the file has faults' },
  run: async (words, terminal) => {
    const [file, ...rest] = words.positionals;
    if (file === undefined || rest.length > 0)
      throw new UsageError('Name one muster.yaml: its pools say which zones and shapes there are.');
    const spec = await readSpec(file, terminal);
    if (spec === undefined) return INVALID;
    const goods = await shippedCatalogue().offerings(spec.pools);
    const made = createWorld({
      seed: numberOf(words, 'seed', 1, [0, 2 ** 31]),
      startAt: systemClock.now(),
      shapes: goods.shapes.value,
      prices: goods.offerings.value,
      subnets: spec.pools.flatMap(({ zones }) =>
        zones.map(({ name, subnet }) => ({ id: subnet ?? name, zone: name })),
      ),
      clusterName: spec.cluster,
    });
    const port = numberOf(words, 'port', 0, [0, 65_000]);
    const served = await serveWorld(made, {
      clock: { kind: 'paced', factor: numberOf(words, 'speed', 1, [1, 1000]) },
      ...(port === 0
        ? {}
        : { ports: { aws: port, masters: [port + 1, port + 2, port + 3], marathon: [port + 4] } }),
    });
    const { ec2Url, ssmUrl, masterUrls, marathonUrls } = served;
    const urls = { ec2: ec2Url, ssm: ssmUrl, masters: masterUrls, marathon: marathonUrls };
    if (isSet(words, 'json')) terminal.out(`${JSON.stringify({ schemaVersion: 1, ...urls })}\n`);
    else
      for (const [name, url] of Object.entries(urls))
        terminal.out(`${name.padEnd(10)}${[url].flat().join(' ')}\n`);
    await terminal.stopped;
    await served.close();
    return 0;
  },
};
