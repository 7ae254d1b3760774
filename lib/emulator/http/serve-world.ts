// The emulated world over loopback, in the wire formats of the real things: EC2 and SSM on one port, each Mesos master
// on its own, each Marathon node on its own. One state behind all of them, the same that the ports face has.
import type { EmulatedWorld } from '../world';
import type { AwsOptions } from './aws';
import { createAwsHandler, describeAwsCall } from './aws';
import type { ClockChoice, WorldClock } from './clocks';
import { createClock } from './clocks';
import type { Credentials } from './credentials';
import type { HttpCall } from './exchange';
import type { Faults } from './faults';
import { createFaults } from './faults';
import type { Listening } from './listen';
import { listen } from './listen';
import { createEventStreams } from './marathon-events';
import type { MarathonNodes } from './marathon-nodes';
import { createMarathonHandler, marathonOperation, stepDown } from './marathon-nodes';
import { chronosOperation, createChronosHandler } from './mesos-chronos';
import { createMasterHandler, mesosOperation } from './mesos-master';
import { createSubscribers } from './mesos-subscribe';

export type ServeOptions = {
  /** Stepped when absent. */
  readonly clock?: ClockChoice;
  /** 0, or absence, is any free port. Lists may be shorter than the number of masters or nodes. */
  readonly ports?: {
    readonly aws?: number;
    readonly masters?: readonly number[];
    readonly marathon?: readonly number[];
    readonly chronos?: number;
  };
  /** Marathon nodes; 1 when absent. How many masters there are is the world's own option. */
  readonly marathonNodes?: number;
  readonly aws?: AwsOptions;
  readonly mesos?: {
    readonly credentials?: Credentials;
    /** How long a newly elected leader still recovers, in virtual milliseconds; 100 when absent. */
    readonly recoveryMs?: number;
    /** Event streams at once before the oldest is ended; 1000 when absent. */
    readonly maxSubscribers?: number;
  };
  readonly marathon?: { readonly credentials?: Credentials };
};

export type ServedWorld = {
  readonly ec2Url: string;
  readonly ssmUrl: string;
  readonly masterUrls: readonly string[];
  readonly marathonUrls: readonly string[];
  readonly chronosUrl: string;
  readonly clock: WorldClock;
  readonly faults: Faults;
  /** Stops the clock, ends every connection and frees the ports. The world itself stays as it is. */
  close(): Promise<void>;
};

/**
 * Serves the world on 127.0.0.1. Rejects with Error naming the port when one cannot be had; whatever was listening by
 * then is closed again.
 */
export const serveWorld = async (world: EmulatedWorld, options: ServeOptions = {}): Promise<ServedWorld> => {
  const clock = createClock(world, options.clock ?? { kind: 'stepped' });
  const faults = createFaults();
  const open: Listening[] = [];
  const ends: (() => void)[] = [clock.stop];
  const close = async (): Promise<void> => {
    for (const end of ends) end();
    await Promise.all(open.map((listening) => listening.close()));
  };
  const setup: Setup = { world, options, clock, faults, open, ends };
  try {
    const aws = await listenAws(setup);
    const masters = await listenMasters(setup);
    const marathon = await listenMarathon(setup);
    const chronos = await listenChronos(setup);
    return {
      ec2Url: aws.url,
      ssmUrl: aws.url,
      masterUrls: masters.map(({ url }) => url),
      marathonUrls: marathon.map(({ url }) => url),
      chronosUrl: chronos.url,
      clock,
      faults,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

type Setup = {
  readonly world: EmulatedWorld;
  readonly options: ServeOptions;
  readonly clock: WorldClock;
  readonly faults: Faults;
  readonly open: Listening[];
  readonly ends: (() => void)[];
};

const listenAws = async ({ world, options, faults, open }: Setup): Promise<Listening> => {
  const listening = await listen({
    name: 'EC2 and SSM',
    port: options.ports?.aws ?? 0,
    handler: createAwsHandler(world, options.aws),
    faults,
    describe: describeAwsCall,
  });
  open.push(listening);
  return listening;
};

const listenChronos = async ({ world, options, faults, open }: Setup): Promise<Listening> => {
  const listening = await listen({
    name: 'Chronos',
    port: options.ports?.chronos ?? 0,
    handler: createChronosHandler(world.chronos),
    faults,
    describe: (call: HttpCall) => ({ service: 'chronos', operation: chronosOperation(call) }),
  });
  open.push(listening);
  return listening;
};

const listenMasters = async (setup: Setup): Promise<readonly Listening[]> => {
  const { world, options, clock, faults } = setup;
  const masters: Listening[] = [];
  const subscribers = createSubscribers(world, clock, options.mesos?.maxSubscribers);
  const startedAt = world.now();
  for (let index = 0; index < world.mesos.masters; index += 1) {
    const listening = await listen({
      name: `Mesos master ${index + 1}`,
      port: options.ports?.masters?.[index] ?? 0,
      handler: createMasterHandler({
        world,
        index,
        addresses: () => masters.map(({ address }) => address),
        credentials: options.mesos?.credentials,
        recoveryMs: options.mesos?.recoveryMs ?? 100,
        subscribers,
        clock,
        startedAt,
      }),
      faults,
      describe: (call: HttpCall) => ({ service: 'mesos', operation: mesosOperation(call) }),
    });
    masters.push(listening);
    setup.open.push(listening);
  }
  return masters;
};

const listenMarathon = async (setup: Setup): Promise<readonly Listening[]> => {
  const { world, options, clock, faults } = setup;
  const listenings: Listening[] = [];
  const nodes: MarathonNodes = {
    world,
    addresses: () => listenings.map(({ address }) => address),
    credentials: options.marathon?.credentials,
    events: createEventStreams(world.marathon, clock),
    leader: { index: 0 },
  };
  for (let index = 0; index < Math.max(1, options.marathonNodes ?? 1); index += 1) {
    const listening = await listen({
      name: `Marathon node ${index + 1}`,
      port: options.ports?.marathon?.[index] ?? 0,
      handler: createMarathonHandler(nodes, index),
      faults,
      describe: (call: HttpCall) => ({ service: 'marathon', operation: marathonOperation(call) }),
    });
    listenings.push(listening);
    setup.open.push(listening);
  }
  // The leader's process exits with the Mesos master that it was connected to; another node takes over.
  setup.ends.push(
    world.chronicle.subscribe(({ kind }) => {
      if (kind === 'marathon-down') stepDown(nodes);
    }),
  );
  return listenings;
};
