// Random fleets from which machines are taken, at any moment of it, for properties of the steps that do so.
import * as fc from 'fast-check';
import type { Agent } from '../../lib/core/model/agent';
import type { AppState, AppTask } from '../../lib/core/model/app';
import type { Machine } from '../../lib/core/model/machine';
import type { Drain, Leaving, Surge } from '../../lib/core/model/memory';
import { times } from '../../lib/core/model/resources';
import type { Fact, FactBody } from '../../lib/core/model/signal';
import type { PlanInput } from '../../lib/core/view';
import {
  aMachine,
  anAgent,
  anApp,
  anInput,
  aWorld,
  MINUTE,
  NOW,
  remembering,
  some,
  source,
  ZONES,
} from './fleet';

const EACH = some(0.5, 512);

const appSeed = fc.record({
  instances: fc.integer({ min: 1, max: 8 }),
  over: fc.constantFrom(0, 0.5, 1),
  kind: fc.constantFrom('app' as const, 'app' as const, 'pod' as const),
  resident: fc.constantFrom(false, false, false, true),
  label: fc.constantFrom({}, {}, { 'muster/min-healthy': '100%' }, { 'muster/max-disruption': '1' }),
  locked: fc.constantFrom(false, false, true),
  /** Where each task is, and whether it is healthy. */
  tasks: fc.array(fc.record({ on: fc.nat(5), healthy: fc.constantFrom(true, true, true, false) }), {
    maxLength: 12,
  }),
  extra: fc.constantFrom(0, 0, 1, 3),
});

const machineSeed = fc.record({
  zone: fc.nat(2),
  drains: fc.constantFrom('no', 'no', 'closing', 'closing', 'returning', 'killed'),
  inMs: fc.constantFrom(-MINUTE, 10_000, MINUTE, 60 * MINUTE),
  force: fc.boolean(),
  condemned: fc.boolean(),
  emptyAt: fc.constantFrom<readonly number[]>([], [NOW - 10_000], [NOW - 20_000, NOW - 10_000]),
  state: fc.constantFrom('running', 'running', 'running', 'terminated' as const),
  isRecovered: fc.constantFrom(false, false, false, true),
});

const fact = fc.record({
  on: fc.nat(5),
  age: fc.constantFrom(0, MINUTE),
  body: fc.constantFrom<FactBody>(
    { kind: 'interruption', action: 'terminate', deadline: NOW + 2 * MINUTE },
    { kind: 'interruption', action: 'terminate' },
    { kind: 'rebalance' },
    { kind: 'scheduled-maintenance', code: 'retire', startsAt: NOW + 24 * 60 * MINUTE },
    { kind: 'lifecycle-hook', group: 'g', hook: 'h', token: 't', transition: 'terminating' },
    { kind: 'drain', by: 'ada', reason: 'a look', deadline: NOW + 60 * MINUTE, force: false },
    { kind: 'undrain', by: 'ada', reason: 'it can wait' },
  ),
});

type AppSeed = typeof appSeed extends fc.Arbitrary<infer T> ? T : never;
type MachineSeed = typeof machineSeed extends fc.Arbitrary<infer T> ? T : never;

const stateOf = (nth: number, seed: AppSeed, agents: readonly Agent[]): AppState => {
  const runSpec = anApp(`/app-${nth}`, {
    kind: seed.kind,
    instances: seed.instances + seed.extra,
    each: EACH,
    resident: seed.resident,
    labels: seed.label,
  });
  const tasks = seed.tasks.slice(0, runSpec.instances).map((task, which): AppTask => {
    const agent = agents[task.on % agents.length];
    return {
      id: `${runSpec.id}.${which}`,
      runSpec: runSpec.id,
      version: '1',
      condition: 'Running',
      host: agent?.hostname ?? '',
      agentId: agent?.id ?? '',
      healthy: task.healthy,
      startedAt: NOW - which * MINUTE,
    };
  });
  const deployments = seed.locked && seed.kind === 'app' ? ['d1'] : [];
  return { runSpec, maximumOverCapacity: seed.kind === 'pod' ? 0 : seed.over, deployments, tasks };
};

const drainOf = (seed: MachineSeed, runSpecs: Drain['runSpecs']): Drain => ({
  cause: seed.condemned ? 'interruption' : 'asked',
  by: 'ada',
  reason: 'a look',
  deadline: NOW + seed.inMs,
  graceMs: 30_000,
  force: seed.force || seed.condemned,
  condemned: seed.condemned,
  ...(runSpecs === undefined ? {} : { runSpecs }),
  ...(seed.drains === 'killed' ? { killedAt: NOW - 30_000 } : {}),
  ...(seed.drains === 'returning' ? { undone: { end: 'cancelled' as const, why: 'it can wait' } } : {}),
});

const leavingOf = (
  seed: MachineSeed,
  machine: Machine,
  agent: Agent,
  apps: readonly AppState[],
): Leaving[] => {
  if (seed.drains === 'no') return [];
  const runSpecs = apps
    .filter(({ tasks }) => tasks.some(({ agentId }) => agentId === agent.id))
    .map(({ runSpec: { id, kind } }) => ({ id, kind }));
  return [
    {
      agent: agent.id,
      machine: machine.id,
      pool: 'web',
      phase: seed.drains === 'returning' ? 'returning' : 'closing',
      since: NOW - 5 * MINUTE,
      emptyAt: seed.emptyAt,
      drain: drainOf(seed, runSpecs),
    },
  ];
};

const surgeOf = (state: AppState, { extra, instances }: AppSeed): Surge[] =>
  extra === 0
    ? []
    : [
        {
          runSpec: state.runSpec.id,
          base: instances,
          written: [instances + extra],
          deployments: ['d1'],
          killed: [],
          since: NOW - 2 * MINUTE,
        },
      ];

/** One to six agents with one to four apps on them, some of them on their way out, with the events that bear on it. */
export const drainingFleets: fc.Arbitrary<PlanInput> = fc
  .record({
    machines: fc.array(machineSeed, { minLength: 1, maxLength: 6 }),
    apps: fc.array(appSeed, { minLength: 1, maxLength: 4 }),
    facts: fc.array(fact, { maxLength: 4 }),
    isComplete: fc.constantFrom(true, true, true, false),
  })
  .map(({ machines: seeds, apps: appSeeds, facts, isComplete }) => {
    const machines = seeds.map(({ zone, state }, nth) =>
      aMachine(`i-${nth}`, { zone: ZONES[zone] ?? '', state: state === 'terminated' ? state : 'running' }),
    );
    const bare = machines.map((machine, nth) =>
      anAgent(machine, {
        deactivated: seeds[nth]?.drains !== 'no',
        active: seeds[nth]?.drains === 'no',
        recovered: seeds[nth]?.isRecovered === true,
      }),
    );
    const apps = appSeeds.map((seed, nth) => stateOf(nth, seed, bare));
    const count = (id: string): number =>
      apps.flatMap(({ tasks }) => tasks).filter(({ agentId }) => agentId === id).length;
    const agents = bare.map((agent) => ({ ...agent, used: times(EACH, count(agent.id)) }));
    const leaving = seeds.flatMap((seed, nth) => {
      const [machine, agent] = [machines[nth], agents[nth]];
      return machine === undefined || agent === undefined ? [] : leavingOf(seed, machine, agent, apps);
    });
    const world = aWorld(
      { machines, agents },
      {
        agents: source(agents, { complete: isComplete }),
        apps: source(apps),
        hosted: source(agents.map(({ id }) => ({ agent: id, runSpecs: hostedOn(id, apps) }))),
        facts: source(facts.map((one, nth) => factOf(one, nth, machines))),
      },
    );
    const surges = apps.flatMap((state, nth) => {
      const seed = appSeeds[nth];
      return seed === undefined || seed.kind === 'pod' ? [] : surgeOf(state, seed);
    });
    return anInput({ world, memory: remembering({ leaving, surges }) });
  });

const hostedOn = (agent: string, apps: readonly AppState[]) =>
  apps
    .filter(({ tasks }) => tasks.some(({ agentId }) => agentId === agent))
    .map(({ runSpec: { id, kind } }) => ({ id, kind }));

const factOf = (
  { on, age, body }: { readonly on: number; readonly age: number; readonly body: FactBody },
  nth: number,
  machines: readonly Machine[],
): Fact => ({
  scope: { kind: 'cloud', cloud: 'aws', account: 'default', region: 'us-east-1' },
  subject: machines[on % machines.length]?.id ?? '',
  dedupeKey: String(nth),
  at: NOW - age,
  expiresAt: NOW + 60 * MINUTE,
  body,
});
