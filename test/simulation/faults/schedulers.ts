// F39 to F55: Mesos and Marathon.
import type { Source } from '../../../lib/core/model/world';
import { Failure } from '../../../lib/engine/failure';
import type { AgentRow } from '../../../lib/emulator/mesos/api';
import type { Scene } from '../scene';
import { type Fault, oneOf } from './fault';

const MINUTE = 60_000;

const someAgent = (scene: Scene, kind: string): AgentRow | undefined =>
  oneOf(
    scene,
    kind,
    (scene.truth.agents() ?? []).filter(
      ({ id, active }) => active && scene.truth.machineOf(id) !== undefined,
    ),
  );

const cut = (scene: Scene, agents: readonly AgentRow[], forMs: number) => {
  const ends = agents.map(({ id }) => scene.world.troubles.partition(id));
  return {
    subject: agents.map(({ id }) => id.slice(-4)).join(' '),
    heal: () => {
      for (const end of ends) end();
    },
    forMs,
  };
};

export const schedulerFaults: readonly Fault[] = [
  {
    kind: 'world',
    name: 'F39',
    what: 'an agent is cut off, and comes back under the same id',
    everyMs: 40 * MINUTE,
    strike: (scene) => {
      const agent = someAgent(scene, 'F39');
      return agent === undefined
        ? undefined
        : cut(scene, [agent], scene.dice.int('F39 for', 5000, 30 * MINUTE));
    },
  },
  {
    kind: 'world',
    name: 'F40',
    what: 'an agent ends and comes back',
    everyMs: 40 * MINUTE,
    strike: (scene) => {
      const agent = someAgent(scene, 'F40');
      if (agent === undefined) return undefined;
      scene.world.troubles.killAgent(agent.id, {
        returnsAfterMs: scene.dice.int('F40 for', 2000, 10 * MINUTE),
      });
      return { subject: agent.id };
    },
  },
  {
    kind: 'world',
    name: 'F41',
    what: 'a machine boots and never registers',
    everyMs: 40 * MINUTE,
    strike: ({ world }) => {
      world.troubles.neverRegister({ nth: 1 });
      return { subject: 'the next machine' };
    },
  },
  {
    kind: 'world',
    name: 'F42',
    what: 'a machine registers with another pool',
    everyMs: 120 * MINUTE,
    strike: ({ world }) => {
      world.troubles.wrongPool({ nth: 1 }, 'elsewhere');
      return { subject: 'the next machine' };
    },
  },
  {
    kind: 'world',
    name: 'F44',
    what: 'the leading master is lost',
    everyMs: 90 * MINUTE,
    strike: ({ world }) => {
      world.troubles.masterFailover();
      return { subject: 'master' };
    },
  },
  {
    kind: 'world',
    name: 'F43',
    what: "an app's tasks fail right after their start",
    everyMs: 60 * MINUTE,
    strike: (scene) => {
      const app = oneOf(scene, 'F43', scene.world.marathon.isUp() ? scene.world.marathon.apps() : []);
      if (app === undefined) return undefined;
      scene.world.marathon.crash(app.id, { afterMs: 2000 });
      const heal = (): void => scene.world.marathon.crash(app.id, undefined);
      return { subject: app.id, heal, forMs: scene.dice.int('F43 for', MINUTE, 20 * MINUTE) };
    },
  },
  {
    kind: 'world',
    name: 'F52',
    what: 'two of five agents are cut off at once',
    everyMs: 4 * 60 * MINUTE,
    strike: (scene) => {
      const all = (scene.truth.agents() ?? []).filter(({ id }) => scene.truth.machineOf(id) !== undefined);
      const some = scene.dice.shuffle('F52', all).slice(0, Math.floor((all.length * 2) / 5));
      return some.length === 0 ? undefined : cut(scene, some, scene.dice.int('F52 for', MINUTE, 15 * MINUTE));
    },
  },
  {
    kind: 'call',
    name: 'F45',
    what: 'no master answers',
    mostPermille: 40,
    strikes: ({ name }) => name.startsWith('mesos.'),
    verdict: () => ({ kind: 'refuse', error: new Failure('transient', 'No master leads.', { code: '503' }) }),
  },
  {
    kind: 'call',
    name: 'F46',
    what: 'Marathon answers 503',
    mostPermille: 40,
    strikes: ({ name }) => name.startsWith('marathon.'),
    verdict: () => ({
      kind: 'refuse',
      error: new Failure('transient', 'Marathon has no leader.', { code: '503' }),
    }),
  },
  {
    kind: 'call',
    name: 'F47',
    what: "the master's list is cut off, and says so, or comes 30 s late",
    mostPermille: 200,
    strikes: ({ name }) => name === 'mesos.agents',
    verdict: ({ dice }) =>
      dice.int('F47', 0, 1) === 0
        ? { kind: 'slow', ms: 30_000 }
        : {
            kind: 'alter',
            alter: (value) => cutOff(value as Source<readonly unknown[]>, dice.int('F47 left', 0, 100)),
          },
  },
  {
    kind: 'call',
    name: 'F53',
    what: 'the master does what it is asked, and its answer is lost',
    mostPermille: 100,
    strikes: ({ name }) => name.startsWith('mesos.') && name !== 'mesos.agents',
    verdict: () => ({ kind: 'lose', error: new Failure('unknown-outcome', 'The connection timed out.') }),
  },
];

const cutOff = (source: Source<readonly unknown[]>, percent: number): Source<readonly unknown[]> => ({
  ...source,
  complete: false,
  faults: ['The answer ended in the middle.'],
  value: source.value.slice(0, Math.floor((source.value.length * percent) / 100)),
});
