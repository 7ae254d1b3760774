// One seed: a fleet, its load, its faults and its invariants, all from one heap of events in virtual time. First
// everything goes wrong at once; then the faults end, and what must come to rest is given time to.
import { plan as makePlan } from '../../lib/core/plan';
import type { PlanInput } from '../../lib/core/view';
import type { Engine } from '../../lib/engine/engine';
import { type Answer, type Call, isDeed, type Process, type Verdict } from './call';
import { FAULTS } from './faults/all';
import type { CallFault, EventFault, Fault } from './faults/fault';
import { outageOf } from './faults/outages';
import { startWorldFaults } from './faults/world-faults';
import { type Functions, startFunctions } from './functions';
import { closeGlobals, settled } from './globals';
import { INVARIANTS } from './invariants/all';
import type { Breach, Watch } from './invariants/invariant';
import { describe } from './describe';
import type { Line } from './journal';
import type { Wires } from './ports';
import { chance, createScene, type Scene } from './scene';
import { startWorkload } from './workload';

/** What is wrong on purpose: beneath the wires, where the faults do not see it, or above them, where the engine hears
 *  something else than the far end said. */
export type Mutant = {
  readonly beneath?: (engine: Engine, scene: Scene) => Engine;
  readonly above?: (engine: Engine, scene: Scene) => Engine;
};

export type SimOptions = {
  readonly seed: number;
  /** Of the time with faults. */
  readonly hours: number;
  /** Turns at once. */
  readonly processes: number;
  /** Hours after the faults have ended. */
  readonly calmHours?: number;
  /** What is wrong with the engine on purpose. */
  readonly mutant?: Mutant;
  /** How far clocks may be from the true time, in milliseconds (F16). */
  readonly skewMs?: number;
  /** Names of the faults that may strike; every one when absent. */
  readonly faults?: readonly string[];
};

export type Violation = {
  readonly invariant: string;
  readonly sentence: string;
  readonly at: number;
  readonly subject: string;
  readonly text: string;
};

export type SimResult = {
  readonly seed: number;
  readonly digest: string;
  readonly violation?: Violation;
  readonly lines: readonly Line[];
  readonly steps: number;
  readonly simulatedMs: number;
  readonly turns: number;
  readonly agents: number;
  readonly faults: ReadonlyMap<string, number>;
  /** What reached the world, by the name of the call. */
  readonly deeds: ReadonlyMap<string, number>;
  readonly deadLetters: number;
};

const TICK_MS = 60_000;
const HOUR_MS = 60 * TICK_MS;
/** Of a hundred seeds so many have a given fault. */
const SEEDS_WITH_FAULT_PERMILLE = 400;

type Named = { readonly name: string; readonly sentence: string; readonly watch: Watch };

export const simulate = async (options: SimOptions): Promise<SimResult> => {
  const scene = createScene(options.seed);
  const run = createRun(scene, options);
  const open = closeGlobals((what) =>
    run.fail('reality', 'A simulation asks nothing of the real world.', {
      subject: what,
      text: `${what} was called`,
    }),
  );
  try {
    return await play(scene, options, run);
  } finally {
    open();
  }
};

const play = async (scene: Scene, options: SimOptions, run: Run): Promise<SimResult> => {
  const { heap, journal, world } = scene;
  const start = heap.now();
  const calmAt = start + options.hours * HOUR_MS;
  const end = calmAt + (options.calmHours ?? 2) * HOUR_MS;
  heap.at(calmAt, () => {
    journal.write(heap.now(), 'calm', 'faults', 'have ended');
    scene.calmDown();
    run.heal();
  });
  while (run.violation() === undefined) {
    const next = heap.nextAt();
    if (next === undefined || next > end) break;
    // What happens in the world may put something on the heap that comes sooner.
    const own = world.nextAt();
    if (own !== undefined && own <= next) {
      heap.passTo(own);
      world.advanceTo(own);
      continue;
    }
    world.advanceTo(next);
    heap.step();
    await settled();
  }
  if (run.violation() === undefined) await run.atEnd();
  return {
    seed: options.seed,
    digest: journal.digest(),
    ...given(run.violation()),
    lines: journal.lines(),
    steps: heap.steps(),
    simulatedMs: heap.now() - start,
    turns: scene.counts.get('Turns') ?? 0,
    agents: scene.truth.ours().filter(({ isLive }) => isLive).length,
    faults: run.faults,
    deeds: run.deeds,
    deadLetters: run.functions.wakes.dead().length + run.functions.events.dead().length,
  };
};

const given = (violation: Violation | undefined): { readonly violation?: Violation } =>
  violation === undefined ? {} : { violation };

type Run = {
  readonly functions: Functions;
  readonly faults: ReadonlyMap<string, number>;
  readonly deeds: ReadonlyMap<string, number>;
  readonly violation: () => Violation | undefined;
  readonly fail: (invariant: string, sentence: string, found: Breach) => void;
  readonly heal: () => void;
  readonly atEnd: () => Promise<void>;
};

const createRun = (scene: Scene, options: SimOptions): Run => {
  const { heap, journal } = scene;
  const faults = new Map<string, number>();
  const deeds = new Map<string, number>();
  let violation: Violation | undefined;
  const fail: Run['fail'] = (invariant, sentence, { subject, text }) => {
    if (violation !== undefined) return;
    violation = { invariant, sentence, at: heap.now(), subject, text };
    journal.write(heap.now(), 'broken', subject, `${invariant}: ${text}`);
  };
  const struck = (fault: Fault, subject: string): void => {
    faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1);
    journal.write(heap.now(), fault.name, subject, fault.what);
  };
  const named: readonly Named[] = INVARIANTS.map((one) => ({ ...one, watch: one.watch(scene) }));
  const ask = (look: (watch: Watch) => Breach | undefined): void => {
    for (const { name, sentence, watch } of named) {
      const found = look(watch);
      if (found !== undefined) fail(name, sentence, found);
    }
  };
  const doses = dosesOf(scene, options);
  const wires = wiresOf(scene, {
    ask,
    struck,
    doses,
    deeds,
    died: (process) => functions.died(process),
  });
  const functions = startFunctions({
    scene,
    wires,
    processes: options.processes,
    skewMs: skews(scene, options),
    ...(options.mutant?.above === undefined
      ? {}
      : { above: (engine) => options.mutant?.above?.(engine, scene) ?? engine }),
    engineOf: (process) => watchedEngine(scene, options, process, ask),
    wakeCopies: () => [scene.dice.int('wake', 5, 60)],
    eventCopies: () => [scene.dice.int('event', 5, 200)],
  });
  const heal = startWorldFaults(scene, doses, struck);
  publishing(scene, functions, doses, struck);
  scene.world.chronicle.subscribe(({ at, kind, subject, text }) => journal.write(at, kind, subject, text));
  scene.onError((message, why) => {
    journal.write(heap.now(), 'engine', message, why);
    if (message === 'plan refused')
      fail('check', 'No plan is refused by the check of its own core.', { subject: 'plan', text: why });
    if (/is not a function|Cannot read|is not iterable|is not defined/.test(why))
      fail('error', 'The engine never fails by a fault of its own.', { subject: 'engine', text: why });
  });
  startWorkload(scene, scene.publish);
  tick(scene);
  minutely(scene, ask);
  return {
    functions,
    faults,
    deeds,
    violation: () => violation,
    fail,
    heal,
    atEnd: async () => {
      for (const { name, sentence, watch } of named) {
        const found = await watch.end?.();
        if (found !== undefined) fail(name, sentence, found);
      }
    },
  };
};

/** By the fault: its chance in a thousand in this seed, 0 where it never strikes. */
export type Doses = ReadonlyMap<Fault, number>;

const dosesOf = (scene: Scene, options: SimOptions): Doses =>
  new Map(
    FAULTS.map((fault) => {
      const isOn = chance(scene, `on ${fault.name}`, SEEDS_WITH_FAULT_PERMILLE);
      const most = fault.kind === 'world' ? 1000 : fault.mostPermille;
      const dose = scene.dice.int(`dose ${fault.name}`, 1, most);
      const isWanted = options.faults === undefined || options.faults.includes(fault.name);
      return [fault, isOn && isWanted ? dose : 0];
    }),
  );

/** F16: most clocks are right to a second or two; in the seeds of a run that asks for it they are minutes apart. */
const skews = (scene: Scene, options: SimOptions): (() => number) => {
  const most = options.skewMs ?? 2000;
  return () => scene.dice.int('F16', -most, most);
};

type Ask = (look: (watch: Watch) => Breach | undefined) => void;
type Struck = (fault: Fault, subject: string) => void;

const wiresOf = (
  scene: Scene,
  on: {
    readonly ask: Ask;
    readonly struck: Struck;
    readonly doses: Doses;
    readonly deeds: Map<string, number>;
    readonly died: (process: Process) => void;
  },
): Wires => {
  const { heap, journal, dice } = scene;
  const active = [...on.doses].filter(
    (entry): entry is [CallFault, number] => entry[0].kind === 'call' && entry[1] > 0,
  );
  const verdict = (call: Call): Verdict | undefined => {
    if (scene.isCalm()) return undefined;
    const out = outageOf(scene, call.name);
    if (out !== undefined) return out;
    for (const [fault, permille] of active) {
      if (!fault.strikes(call) || !chance(scene, fault.name, permille)) continue;
      on.struck(fault, `${call.process.id} ${call.name}`);
      return fault.verdict(scene, call);
    }
    return undefined;
  };
  return {
    heap,
    latency: (name) => dice.span('latency', latencyOf(name)),
    verdict,
    before: (call) => on.ask((watch) => watch.before?.(call)),
    after: (call, answer) => {
      if (isDeed(call) && answer.kind === 'answered')
        on.deeds.set(call.name, (on.deeds.get(call.name) ?? 0) + 1);
      noteEpoch(call, answer);
      const text = describe(call, answer);
      if (text !== undefined) journal.write(heap.now(), call.process.id, call.name, text);
      on.ask((watch) => watch.after?.(call, answer));
    },
    told: (call, answer) => on.ask((watch) => watch.told?.(call, answer)),
    died: (process, why) => {
      journal.write(heap.now(), process.id, 'process', `dies ${why}`);
      on.died(process);
    },
  };
};

const latencyOf = (name: string): readonly [number, number] => {
  if (name.startsWith('store.') || name.startsWith('wake.')) return [2, 12];
  return name.startsWith('cloud.') ? [30, 500] : [5, 120];
};

const noteEpoch = (call: Call, answer: Answer): void => {
  if (call.name !== 'store.update' || answer.kind !== 'answered') return;
  const change = call.args[1] as { readonly set?: { readonly epoch?: number } } | undefined;
  if (change?.set?.epoch !== undefined) call.process.epoch = change.set.epoch;
};

const watchedEngine = (scene: Scene, options: SimOptions, process: Process, ask: Ask): Engine => {
  const engine = options.mutant?.beneath?.(scene.engine, scene) ?? scene.engine;
  const planning = engine.plan ?? makePlan;
  return {
    ...engine,
    plan: (input: PlanInput) => {
      const plan = planning(input);
      for (const action of plan.actions)
        scene.journal.write(scene.heap.now(), process.id, action.id, `plans ${action.kind}: ${action.why}`);
      for (const { code, subject, why } of plan.blocked)
        scene.journal.write(scene.heap.now(), process.id, subject, `waits, ${code}: ${why}`);
      ask((watch) => watch.planned?.(input, plan, process));
      return plan;
    },
  };
};

const publishing = (scene: Scene, { events }: Functions, doses: Doses, struck: Struck): void => {
  const active = [...doses].filter(
    (entry): entry is [EventFault, number] => entry[0].kind === 'event' && entry[1] > 0,
  );
  scene.onPublish((body) => {
    const hit = scene.isCalm()
      ? undefined
      : active.find(([fault, permille]) => chance(scene, fault.name, permille));
    if (hit !== undefined) struck(hit[0], body.slice(0, 60));
    for (const delayMs of hit === undefined ? [0] : hit[0].copies(scene)) void events.send(body, { delayMs });
  });
  scene.world.onEvent((event) => scene.publish(JSON.stringify(event)));
};

const tick = (scene: Scene): void => {
  scene.publish('{"muster":"tick"}');
  scene.heap.after(TICK_MS, () => tick(scene));
};

const minutely = (scene: Scene, ask: Ask): void => {
  ask((watch) => watch.minute?.());
  scene.heap.after(TICK_MS, () => minutely(scene, ask));
};
