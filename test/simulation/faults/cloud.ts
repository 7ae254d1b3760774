// F23 to F38: the cloud.
import type { Machine } from '../../../lib/core/model/machine';
import type { Source } from '../../../lib/core/model/world';
import { Failure } from '../../../lib/engine/failure';
import type { Scene } from '../scene';
import type { TrueMachine } from '../truth';
import { type Fault, oneOf, type Struck } from './fault';

const MINUTE = 60_000;

const someMachine = (
  scene: Scene,
  kind: string,
  is: (machine: TrueMachine) => boolean,
): TrueMachine | undefined =>
  oneOf(
    scene,
    kind,
    scene.truth.ours().filter((machine) => machine.state === 'running' && is(machine)),
  );

const isEffect = ({ name }: { readonly name: string }): boolean =>
  name === 'cloud.launch' || name === 'cloud.terminate';

const callFaults: readonly Fault[] = [
  {
    kind: 'call',
    name: 'F23',
    what: 'the cloud throttles',
    mostPermille: 60,
    strikes: ({ name }) => name.startsWith('cloud.'),
    verdict: () => ({
      kind: 'refuse',
      error: new Failure('throttled', 'Request limit exceeded.', { code: 'RequestLimitExceeded' }),
    }),
  },
  {
    kind: 'call',
    name: 'F11c',
    what: 'an effect takes place and its answer is lost',
    mostPermille: 120,
    strikes: isEffect,
    verdict: () => ({ kind: 'lose', error: new Failure('unknown-outcome', 'The connection timed out.') }),
  },
  {
    kind: 'call',
    name: 'F35',
    what: 'the cloud answers 503 before anything is done',
    mostPermille: 60,
    strikes: ({ name }) => name.startsWith('cloud.') || name === 'catalogue.offerings',
    verdict: (_scene, call) => ({
      kind: 'refuse',
      error: new Failure(isEffect(call) ? 'unknown-outcome' : 'transient', 'Service unavailable.', {
        code: '503',
      }),
    }),
  },
  {
    kind: 'call',
    name: 'F36',
    what: 'one call is denied',
    mostPermille: 30,
    strikes: ({ name }) => name.startsWith('cloud.'),
    verdict: () => ({
      kind: 'refuse',
      error: new Failure('permanent', 'Not authorised.', { code: 'UnauthorizedOperation' }),
    }),
  },
  {
    kind: 'call',
    name: 'F28',
    what: 'a listing is torn between two pages, and says so',
    mostPermille: 300,
    strikes: ({ name }) => name === 'cloud.machines' || name === 'cloud.launched',
    verdict: ({ dice }) => ({
      kind: 'alter',
      alter: (value) => torn(value as Source<readonly Machine[]>, dice.int('F28', 0, 100)),
    }),
  },
  {
    kind: 'call',
    name: 'F11d',
    what: 'a call to the cloud takes up to twenty seconds',
    mostPermille: 60,
    strikes: ({ name }) => name.startsWith('cloud.'),
    verdict: ({ dice }) => ({ kind: 'slow', ms: dice.int('F11d', 1000, 19_000) }),
  },
];

const torn = (source: Source<readonly Machine[]>, percent: number): Source<readonly Machine[]> => ({
  ...source,
  complete: false,
  faults: ['The second page could not be read.'],
  value: source.value.slice(0, Math.floor((source.value.length * percent) / 100)),
});

const worldFaults: readonly Fault[] = [
  {
    kind: 'world',
    name: 'F24',
    what: 'a shape has no capacity in a zone, or anywhere',
    everyMs: 25 * MINUTE,
    strike: (scene) => short(scene, 0),
  },
  {
    kind: 'world',
    name: 'F25',
    what: 'only some of what is asked for can be had',
    everyMs: 20 * MINUTE,
    strike: (scene) => short(scene, scene.dice.int('F25 left', 1, 3)),
  },
  {
    kind: 'world',
    name: 'F26',
    what: 'a machine ends right after its launch',
    everyMs: 45 * MINUTE,
    strike: (scene) => {
      const young = oneOf(
        scene,
        'F26',
        scene.truth.ours().filter(({ state }) => state === 'pending'),
      );
      if (young === undefined) return undefined;
      scene.world.troubles.killMachine(young.id);
      return { subject: young.id };
    },
  },
  {
    kind: 'world',
    name: 'F30',
    what: 'a spot machine is taken back with two minutes of notice',
    everyMs: 20 * MINUTE,
    strike: (scene) => {
      const machine = someMachine(
        scene,
        'F30',
        ({ market, id }) => market === 'spot' && scene.truth.condemnedAt(id) === undefined,
      );
      if (machine === undefined) return undefined;
      scene.world.troubles.spotNotice(machine.id);
      return { subject: machine.id };
    },
  },
  {
    kind: 'world',
    name: 'F30b',
    what: 'a host dies without notice',
    everyMs: 40 * MINUTE,
    strike: (scene) => {
      const machine = someMachine(scene, 'F30b', () => true);
      if (machine === undefined) return undefined;
      scene.world.troubles.killMachine(machine.id);
      return { subject: machine.id };
    },
  },
  {
    kind: 'world',
    name: 'F32',
    what: 'all machines of a zone die at once, and it sells none',
    everyMs: 6 * 60 * MINUTE,
    strike: (scene) => {
      const zone = oneOf(scene, 'F32', ['us-east-1a', 'us-east-1b', 'us-east-1c']);
      if (zone === undefined) return undefined;
      for (const machine of scene.truth.ours())
        if (machine.zone === zone && machine.isLive) scene.world.troubles.killMachine(machine.id);
      return { subject: zone, heal: scene.world.troubles.capacityError({ zone }), forMs: 40 * MINUTE };
    },
  },
  {
    kind: 'world',
    name: 'F33',
    what: 'a quota is used up',
    everyMs: 90 * MINUTE,
    strike: (scene) => ({
      subject: 'spot quota',
      heal: scene.world.troubles.capacityError({ market: 'spot', code: 'MaxSpotInstanceCountExceeded' }),
      forMs: scene.dice.int('F33', MINUTE, 40 * MINUTE),
    }),
  },
  {
    kind: 'world',
    name: 'F37',
    what: 'a person ends a machine by hand',
    everyMs: 60 * MINUTE,
    strike: (scene) => {
      const machine = someMachine(scene, 'F37', () => true);
      if (machine === undefined) return undefined;
      scene.world.ec2.TerminateInstances({ InstanceIds: [machine.id] });
      return { subject: machine.id };
    },
  },
];

const short = (scene: Scene, left: number): Struck | undefined => {
  const { dice, world } = scene;
  const shape = oneOf(scene, 'short shape', [
    'm7i.large',
    'm7i.xlarge',
    'm7i.2xlarge',
    'c7i.xlarge',
    'r7i.xlarge',
  ]);
  if (shape === undefined) return undefined;
  const zone = oneOf(scene, 'short zone', ['us-east-1a', 'us-east-1b', 'us-east-1c', undefined]);
  const heal = world.troubles.capacityError({ shape, left, ...(zone === undefined ? {} : { zone }) });
  return {
    subject: `${shape} in ${zone ?? 'every zone'}`,
    heal,
    forMs: dice.int('short for', MINUTE, 45 * MINUTE),
  };
};

export const cloudFaults: readonly Fault[] = [...callFaults, ...worldFaults];
