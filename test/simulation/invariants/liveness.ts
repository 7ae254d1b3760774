// L1 to L5: what must have come about once the faults have ended for a while.
import type { Plan } from '../../../lib/core/model/plan';
import { readHead } from '../../../lib/engine/head';
import { recall } from '../../../lib/engine/recall';
import { isDeed } from '../call';
import { breach, type Breach, type Invariant } from './invariant';

const MINUTE = 60_000;
/** The end of the calm in which nothing more is done: everything has come to rest. */
const REST_MS = 20 * MINUTE;

const allPlaced: Invariant = {
  name: 'L2',
  sentence: 'Every task that waits is placed, or the last plan names the reason.',
  watch: ({ world }) => {
    let last: Plan | undefined;
    return {
      planned: (_input, plan) => {
        last = plan;
        return undefined;
      },
      end: () => {
        const lines = new Map(last?.demand.map((line) => [line.runSpec, line]));
        const blocked = new Set(last?.blocked.map(({ subject }) => subject));
        for (const { runSpec, count, since } of world.marathon.isUp() ? world.marathon.queueItems() : []) {
          if (world.now() - since < 5 * MINUTE) continue;
          const line = lines.get(runSpec.id);
          if (line === undefined)
            return breach(
              runSpec.id,
              `${count} of ${runSpec.id} wait since ${since} and no plan speaks of them`,
            );
          const isNamed = line.verdict !== 'capacity' || line.unplaced > 0 || blocked.has(runSpec.id);
          if (!isNamed)
            return breach(
              runSpec.id,
              `${count} of ${runSpec.id} wait for ${Math.round((world.now() - since) / MINUTE)} min and the plan sees them placed`,
            );
        }
        return undefined;
      },
    };
  },
};

const comesToRest: Invariant = {
  name: 'L1',
  sentence: 'Once faults and load have ended, the fleet comes to rest: nothing more is bought or given back.',
  watch: (scene) => {
    let last: { readonly at: number; readonly text: string } | undefined;
    return {
      before: (call) => {
        if (isDeed(call) && scene.isCalm())
          last = { at: scene.heap.now(), text: `${call.name} ${JSON.stringify(call.args[0]).slice(0, 200)}` };
        return undefined;
      },
      end: () =>
        last !== undefined && scene.heap.now() - last.at < REST_MS
          ? breach(
              'fleet',
              `${Math.round((scene.heap.now() - last.at) / 1000)} s before the end still: ${last.text}`,
            )
          : undefined,
    };
  },
};

/** A machine that is judged has its time to register, and a few turns to be ended in. */
const ENDED_WITHIN_MS = 10 * MINUTE;

const noOrphans: Invariant = {
  name: 'L3',
  sentence: 'Every machine that was bought has registered or is ended once its time to register is over.',
  watch: ({ truth, spec, heap }) => ({
    end: () => {
      const limits = new Map(spec.pools.map(({ name, registerWithinMs }) => [name, registerWithinMs]));
      for (const machine of truth.ours()) {
        const within = (limits.get(machine.tags.get('muster:pool') ?? '') ?? 0) + ENDED_WITHIN_MS;
        const age = heap.now() - machine.launchedAt;
        if (machine.isLive && truth.joinedAt(machine.id) === undefined && age > within)
          return breach(
            machine.id,
            `${machine.id} lives for ${Math.round(age / MINUTE)} min and never registered`,
          );
      }
      return undefined;
    },
  }),
};

const nobodyForgotten: Invariant = {
  name: 'L4',
  sentence: 'No agent stays deactivated without somebody who remembers why.',
  watch: ({ truth, store, spec }) => ({
    end: async (): Promise<Breach | undefined> => {
      const { memory } = await recall(store, spec.cluster);
      const known = new Set(memory.leaving.map(({ agent }) => agent));
      const forgotten = truth.agents()?.find(({ id, deactivated }) => deactivated && !known.has(id));
      return forgotten === undefined
        ? undefined
        : breach(forgotten.id, `agent ${forgotten.id} is deactivated and nobody remembers it`);
    },
  }),
};

const nothingHeld: Invariant = {
  name: 'L5',
  sentence: 'No lease outlives its time, and no intent stays open.',
  watch: ({ store, spec, heap }) => ({
    end: async (): Promise<Breach | undefined> => {
      const head = await readHead(store, spec.cluster);
      if (head.leaseUntil > heap.now() + 3 * MINUTE)
        return breach('head', `the lease lasts until ${head.leaseUntil}`);
      const [open] = head.intents;
      const age = open === undefined ? 0 : heap.now() - Number(open.split('.')[0]);
      return age > 10 * MINUTE
        ? breach(open ?? '', `intent ${open} is open for ${Math.round(age / MINUTE)} min`)
        : undefined;
    },
  }),
};

/** Turns are a tick apart; two may fail on the way. */
const SEEN_WITHIN_MS = 4 * MINUTE;

const alwaysTurns: Invariant = {
  name: 'L6',
  sentence: 'With no event but the tick, turns go on: a crash or a lost lease costs at most minutes.',
  watch: (scene) => {
    let last = scene.heap.now();
    return {
      planned: () => {
        last = scene.heap.now();
        return undefined;
      },
      minute: () => {
        if (!scene.isCalm()) last = scene.heap.now();
        const idle = scene.heap.now() - last;
        return idle > SEEN_WITHIN_MS + scene.engine.leaseMs
          ? breach('turn', `no turn has planned for ${Math.round(idle / MINUTE)} min of calm`)
          : undefined;
      },
    };
  },
};

export const livenessInvariants = [
  allPlaced,
  comesToRest,
  noOrphans,
  nobodyForgotten,
  nothingHeld,
  alwaysTurns,
] as const;
