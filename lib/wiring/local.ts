// The outside of a process of one's own: queues and store embedded, the clouds and schedulers the same as on AWS. With
// an endpoint of the emulated world instead of AWS it is what `npm start` runs.
import { Ec2Connections, type AwsOptions } from '../aws/client';
import { Ec2Cloud } from '../aws/cloud';
import { resolveImage, SsmSecrets } from '../aws/secrets';
import { ensureTemplate } from '../aws/templates';
import { render } from '../bootstrap/render';
import { shippedCatalogue } from '../catalogue/shipped';
import { environmentVariable } from '../config/env';
import type { Pool, Spec } from '../core/model/spec';
import { TURN_WORK } from '../core/plan';
import { openFileStore } from '../embedded/file-store';
import { createMemoryStore } from '../embedded/memory-store';
import { openQueue, type Queue } from '../embedded/queue';
import { systemClock } from '../engine/clock';
import type { Catalogue, Clock, LaunchTemplate, Log, Secrets, Store } from '../engine/ports';
import { plainLog, silentLog } from '../telemetry/log';
import { countingMeter } from '../telemetry/meter';
import { createDirect } from '../transport/direct';
import type { Outside } from './engine';
import { checkTogether } from '../config/together';
import { notifiersOf } from './notifiers';
import { references } from './references';

export type LocalOptions = {
  readonly specs: readonly Spec[];
  /** Where the state is kept; in memory when absent. */
  readonly directory?: string;
  readonly clock?: Clock;
  /** Another place than AWS itself. */
  readonly aws?: Pick<AwsOptions, 'endpoint' | 'credentials'>;
  readonly catalogue?: Catalogue;
  readonly onLine: (line: string) => void;
  /** How much faster than real time the clock runs; leases are held as long in real time. */
  readonly pace?: number;
  /** Say only what goes wrong with the state. */
  readonly quiet?: boolean;
  /** Where the handlers log to, instead of `onLine`. */
  readonly log?: Log;
};

export type Local = {
  readonly outside: Outside;
  readonly events: Queue;
  readonly wake: Queue;
  readonly deadLetters: Queue;
  /** Makes or finds the launch templates of all AWS pools; needed before anything can be bought. */
  readonly prepare: () => Promise<Outside>;
  /** Drops what has expired from the store; called now and then, since nothing is dropped unasked. */
  readonly dropExpired: () => Promise<number>;
  readonly close: () => Promise<void>;
};

const LEASE_MS = 130_000;
/** Longer than a turn, so that a wake is not handed out twice while its turn runs. */
const VISIBILITY_MS = 180_000;
const MOST_RECEIVES = 5;

/** @throws Error when the specs cannot be served together; Failure when the store cannot be opened. */
export const openLocal = async (options: LocalOptions): Promise<Local> => {
  checkTogether(options.specs);
  const clock = options.clock ?? systemClock;
  const log: Log = options.log ?? (options.quiet === true ? silentLog : plainLog(options.onLine));
  const { store, dropExpired, close } = await openStore(options);
  const queue = (name: string): Queue =>
    openQueue({
      store,
      clock,
      name,
      visibilityMs: VISIBILITY_MS * (options.pace ?? 1),
      deadLetter: { name: 'dead', maxReceives: MOST_RECEIVES },
    });
  const events = queue('events');
  const wake = queue('wake');
  const deadLetters = openQueue({ store, clock, name: 'dead', visibilityMs: VISIBILITY_MS });
  const connections = new Ec2Connections({ clock, ...options.aws });
  const outside = outsideOf(options, { clock, log, store, events, wake, connections });
  return {
    outside,
    events,
    wake,
    deadLetters,
    prepare: async () => ({
      ...outside,
      templates: await templatesOf(options.specs, connections, outside.secrets),
    }),
    dropExpired: () => dropExpired(clock.now()),
    close: async () => {
      for (const open of [events, wake, deadLetters]) open.close();
      await connections.close();
      await close();
    },
  };
};

type Opened = {
  readonly store: Store;
  readonly dropExpired: (now: number) => Promise<number>;
  readonly close: () => Promise<void>;
};

const openStore = async (options: LocalOptions): Promise<Opened> => {
  if (options.directory === undefined) {
    const store = createMemoryStore();
    return { store, dropExpired: (now) => store.dropExpired(now), close: async () => undefined };
  }
  const store = await openFileStore({ directory: options.directory, onWarning: options.onLine });
  return { store, dropExpired: (now) => store.dropExpired(now), close: () => store.close() };
};

type Inside = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly events: Queue;
  readonly wake: Queue;
  readonly connections: Ec2Connections;
};

const outsideOf = (options: LocalOptions, inside: Inside): Outside => {
  const { clock, log, store, events, wake, connections } = inside;
  const region =
    options.specs.flatMap(({ pools }) => pools).find(({ cloud }) => cloud === 'aws')?.region ?? 'us-east-1';
  const ssm = new SsmSecrets({ clock, region, ...options.aws });
  const secrets = references({ ssm, variable: environmentVariable });
  const transport = createDirect();
  return {
    specs: options.specs,
    templates: {},
    store,
    events,
    wake,
    clouds: { aws: new Ec2Cloud({ clock, ...options.aws }, connections) },
    catalogue: options.catalogue ?? shippedCatalogue(),
    secrets,
    transport,
    notifiers: (spec) => notifiersOf(spec, log, { secrets, transport }),
    clock,
    log,
    meter: countingMeter(),
    leaseMs: LEASE_MS * (options.pace ?? 1),
    work: TURN_WORK,
  };
};

const templatesOf = async (
  specs: readonly Spec[],
  connections: Ec2Connections,
  secrets: Secrets,
): Promise<Outside['templates']> => {
  const clusters = specs.map(async (spec) => {
    const pools = spec.pools.filter(({ cloud }) => cloud === 'aws');
    const templates = await Promise.all(
      pools.map(async (pool) => [pool.name, await templateOf(spec, pool, connections, secrets)] as const),
    );
    return [spec.cluster, Object.fromEntries(templates)] as const;
  });
  return Object.fromEntries(await Promise.all(clusters));
};

const templateOf = async (
  spec: Spec,
  pool: Pool,
  connections: Ec2Connections,
  secrets: Secrets,
): Promise<LaunchTemplate> => {
  const image = await resolveImage(secrets, pool.image);
  const { userData, version } = render({ pool, spec, image });
  return ensureTemplate(connections, {
    cluster: spec.cluster,
    pool: pool.name,
    region: pool.region,
    image,
    userData,
    bootstrap: version,
    // The name that the CDK stack gives it too; `serve` without the stack expects the operator to have made it.
    instanceProfile: `muster-${spec.cluster}-agent`,
    securityGroups: [],
    rootDiskGib: pool.rootDiskGib,
  });
};
