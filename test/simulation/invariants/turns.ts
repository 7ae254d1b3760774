// S13, S20, S25, S26: plans, and how much is asked of others.
import type { Launch } from '../../../lib/core/model/plan';
import { hashOf, latestRounds, recordedInput } from '../../../lib/engine/history';
import { plan } from '../../../lib/core/plan';
import { breach, type Breach, type Invariant } from './invariant';
import { launchIn } from './requests';

/** Rounds that are played again at the end of a run. */
const REPLAYED = 3;
/** Those of a fleet at rest have no input to play again. */
const MOST_LOOKED_AT = 500;

const samePlan: Invariant = {
  name: 'S13',
  sentence: 'The recorded input of a round gives the recorded plan, to the byte.',
  watch: ({ store, spec }) => ({
    end: async (): Promise<Breach | undefined> => {
      let left = REPLAYED;
      for (const round of await latestRounds(store, spec.cluster, MOST_LOOKED_AT)) {
        const input = left === 0 ? undefined : await recordedInput(store, spec.cluster, round);
        if (input === undefined) continue;
        left -= 1;
        if (hashOf(plan(input)) !== round.planHash)
          return breach(
            round.turn,
            `round ${round.round} of turn ${round.turn} is planned otherwise when played again`,
          );
      }
      return undefined;
    },
  }),
};

/** EC2 refills two to five mutating and twenty to fifty describing calls a second; a fiftieth of that a minute. */
const CALLS_A_MINUTE = 120;

const fewCalls: Invariant = {
  name: 'S20',
  sentence: 'No more calls a minute reach a cloud than our share of its quota.',
  watch: ({ heap }) => {
    let minute = 0;
    let count = 0;
    return {
      before: (call) => {
        if (!call.name.startsWith('cloud.')) return undefined;
        const now = Math.floor(heap.now() / 60_000);
        count = now === minute ? count + 1 : 1;
        minute = now;
        return count > CALLS_A_MINUTE
          ? breach('cloud', `${count} calls in one minute, of at most ${CALLS_A_MINUTE}`)
          : undefined;
      },
    };
  },
};

const replacedOnce: Invariant = {
  name: 'S26',
  sentence: 'A machine that is lost is replaced once, whatever number of events tells of it.',
  watch: () => {
    /** By launch, what it replaces; by machine, how many machines were bought for it. */
    const planned = new Map<string, readonly string[]>();
    const bought = new Map<string, Set<string>>();
    return {
      planned: (_input, made) => {
        for (const action of made.actions) if (isReplacement(action)) planned.set(action.id, action.replaces);
        return undefined;
      },
      after: (call, answer) => {
        const request = launchIn(call);
        if (request === undefined || answer.kind !== 'answered') return undefined;
        const got = (answer.value as { machines: readonly unknown[] }).machines.length;
        for (const machine of got === 0 ? [] : (planned.get(request.launch) ?? [])) {
          const launches = (bought.get(machine) ?? new Set()).add(request.launch);
          bought.set(machine, launches);
          if (launches.size > 1)
            return breach(machine, `${machine} is replaced by ${[...launches].join(' and ')}`);
        }
        return undefined;
      },
    };
  },
};

const isReplacement = (action: { readonly kind: string }): action is Launch =>
  action.kind === 'launch' && 'replaces' in action;

export const turnInvariants = [samePlan, fewCalls, replacedOnce] as const;
