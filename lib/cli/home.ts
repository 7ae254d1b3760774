// A fleet at home: the emulated world behind its HTTP faces, and Muster in front of it with the real clients, handlers
// and planner. What `npm start` runs and what stories in the terminal are played on.
import type { Spec } from '../core/model/spec';
import { shippedCatalogue } from '../catalogue/shipped';
import { parseSpec } from '../config/parse';
import { type ClockChoice } from '../emulator/http/clocks';
import { serveWorld, type ServedWorld } from '../emulator/http/serve-world';
import { createWorld, type EmulatedWorld } from '../emulator/world';
import { type Local, openLocal } from '../wiring/local';
import type { Outside } from '../wiring/engine';
import { putParameters } from './parameters';

export type Home = {
  readonly spec: Spec;
  readonly world: EmulatedWorld;
  readonly served: ServedWorld;
  readonly local: Local;
  readonly outside: Outside;
  readonly close: () => Promise<void>;
};

export type HomeOptions = {
  readonly yaml: string;
  readonly seed: number;
  readonly startAt: number;
  readonly clock: ClockChoice;
  readonly directory: string;
  readonly onLine: (line: string) => void;
};

/** The bearer token that the emulated Alertmanager sends. */
export const TOKEN = 'home-alertmanager-token';
const CREDENTIALS = { accessKeyId: 'home', secretAccessKey: 'home' };
/** Nobody believes a master that has just been elected and lists no agent; a minute later it is believed. */
const SETTLED_MS = 61_000;

export const openHome = async (options: HomeOptions): Promise<Home> => {
  const written = specIn(options.yaml);
  const catalogue = shippedCatalogue();
  const goods = await catalogue.offerings(written.pools);
  const world = createWorld({
    seed: options.seed,
    startAt: options.startAt,
    shapes: goods.shapes.value,
    prices: goods.offerings.value,
    subnets: written.pools.flatMap(({ zones }) =>
      zones.map(({ name, subnet }) => ({ id: subnet ?? name, zone: name })),
    ),
    clusterName: written.cluster,
    marathonVersion: '1.11',
  });
  putParameters(world, written, TOKEN);
  world.advance(SETTLED_MS);
  const served = await serveWorld(world, { clock: options.clock });
  const spec: Spec = {
    ...written,
    mesos: { ...written.mesos, masters: served.masterUrls },
    marathon: { ...written.marathon, urls: served.marathonUrls },
  };
  const local = await openLocal({
    specs: [spec],
    directory: options.directory,
    clock: served.clock,
    aws: { endpoint: served.ec2Url, credentials: CREDENTIALS },
    catalogue,
    onLine: options.onLine,
    quiet: true,
    pace: options.clock.kind === 'paced' ? options.clock.factor : 1,
  });
  const outside = await local.prepare();
  return {
    spec,
    world,
    served,
    local,
    outside,
    close: async () => {
      await local.close();
      await served.close();
    },
  };
};

const specIn = (yaml: string): Spec => {
  const parsed = parseSpec(yaml, 'examples/local.yaml');
  if ('spec' in parsed) return parsed.spec;
  throw new Error(
    `examples/local.yaml has faults: ${parsed.faults.map(({ problem }) => problem).join('; ')}`,
  );
};
