// Every promise of a port is resolved from the simulation's one heap: the call arrives after a while, takes effect at one
// instant, and its answer comes back after another while, unless the process is dead or stands still by then.
import type { Engine } from '../../lib/engine/engine';
import type { Answer, Call, Process, Verdict } from './call';
import type { Heap } from './heap';

export type Wires = {
  readonly heap: Heap;
  /** Milliseconds of one way. */
  readonly latency: (name: string) => number;
  /** What goes wrong with this call. */
  readonly verdict: (call: Call) => Verdict | undefined;
  /** At the instant of its effect: before, and after with what the far end said. */
  readonly before: (call: Call) => void;
  readonly after: (call: Call, answer: Answer) => void;
  /** What the process will hear, which a fault may have made something else. */
  readonly told: (call: Call, answer: Answer) => void;
  /** The process has died. */
  readonly died: (process: Process, why: string) => void;
};

type Through = (name: string, args: readonly unknown[], call: () => Promise<unknown>) => Promise<unknown>;

/** The engine as one process sees it. */
export const wired = (engine: Engine, process: Process, wires: Wires): Engine => {
  const through: Through = (name, args, call) =>
    travel(wires, { name, args, process, sentAt: skewed() }, call);
  const skewed = (): number => wires.heap.now() + process.skewMs;
  return {
    ...engine,
    clock: { now: skewed, sleep: async (ms) => waitFor(wires, process, ms) },
    store: around('store', engine.store, through),
    wake: around('wake', engine.wake, through),
    clouds: Object.fromEntries(
      Object.entries(engine.clouds).map(([name, cloud]) => [name, around('cloud', cloud, through)]),
    ),
    catalogue: around('catalogue', engine.catalogue, through),
    mesos: around('mesos', engine.mesos, through),
    marathon: around('marathon', engine.marathon, through),
    notifiers: engine.notifiers.map((notifier) => around('notifier', notifier, through)),
  };
};

/** Every method of the port, also those that a later version has. */
const around = <P extends object>(name: string, port: P, through: Through): P =>
  new Proxy(port, {
    get: (target, method) => {
      const run: unknown = Reflect.get(target, method);
      if (typeof run !== 'function') return run;
      return async (...args: unknown[]) =>
        through(`${name}.${String(method)}`, args, async () => Reflect.apply(run, target, args) as unknown);
    },
  });

const waitFor = async ({ heap }: Wires, process: Process, ms: number): Promise<void> =>
  new Promise((resolve) => {
    heap.after(ms, () => goOn(heap, process, resolve));
  });

/** A process that stands still hears of it later; a dead one never. */
const goOn = (heap: Heap, process: Process, what: () => void): void => {
  if (process.isDead) return;
  if (heap.now() < process.frozenUntil) heap.at(process.frozenUntil, () => goOn(heap, process, what));
  else what();
};

const travel = async (wires: Wires, call: Call, run: () => Promise<unknown>): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const { heap } = wires;
    const { process } = call;
    const verdict = wires.verdict(call);
    const extra = verdict?.kind === 'slow' ? verdict.ms : 0;
    const answer = (told: Answer): void => {
      wires.told(call, told);
      heap.after(wires.latency(call.name), () =>
        goOn(heap, process, () => (told.kind === 'answered' ? resolve(told.value) : reject(told.error))),
      );
    };
    heap.after(wires.latency(call.name) + extra, () => {
      if (process.isDead) return;
      if (verdict?.kind === 'crash' && verdict.when === 'before')
        return wires.died(process, `before ${call.name}`);
      if (verdict?.kind === 'refuse') return answer({ kind: 'failed', error: verdict.error });
      if (verdict?.kind === 'freeze') {
        process.frozenUntil = heap.now() + verdict.ms;
        process.isZombie = verdict.isZombie;
      }
      wires.before(call);
      const real = (told: Answer): void => {
        wires.after(call, told);
        if (verdict?.kind === 'crash') wires.died(process, `after ${call.name}`);
        else answer(heard(verdict, told));
      };
      run().then(
        (value) => real({ kind: 'answered', value }),
        (error: unknown) => real({ kind: 'failed', error }),
      );
    });
  });

const heard = (verdict: Verdict | undefined, real: Answer): Answer => {
  if (verdict?.kind === 'lose') return { kind: 'failed', error: verdict.error };
  if (verdict?.kind === 'alter' && real.kind === 'answered')
    return { kind: 'answered', value: verdict.alter(real.value) };
  return real;
};
