// Agents that are being emptied, as a person asks about them: why, since when, until when, what is left there and what that
// waits for. Made from a plan and what it saw, so that every face shows the same rows.
import type { AppState } from './model/app';
import type { Millis } from './model/machine';
import type { Drain, DrainCause, Leaving, Surge } from './model/memory';
import type { Blocked, Plan } from './model/plan';

export type LeftThere = {
  readonly runSpec: string;
  /** Its tasks that Marathon lists on the agent. */
  readonly count: number;
  /** What it waits for; absent while it moves. */
  readonly why?: string;
};

export type Departure = {
  readonly agent: string;
  readonly machine: string;
  readonly pool: string;
  readonly cause: DrainCause;
  readonly by: string;
  readonly reason: string;
  readonly since: Millis;
  readonly deadline: Millis;
  /** `asking`: its master has yet to offer it no more and its tasks are to be read. `emptied`: nothing of Marathon is left.
   *  `killing`: its time is nearly over. `returning`: it stays after all. */
  readonly stage: 'asking' | 'moving' | 'emptied' | 'killing' | 'returning';
  readonly left: readonly LeftThere[];
};

export const departures = (
  { memory, blocked }: Pick<Plan, 'memory' | 'blocked'>,
  apps: readonly AppState[],
): readonly Departure[] =>
  memory.leaving.flatMap((entry) => {
    const { agent, machine, pool, since, drain } = entry;
    if (drain === undefined) return [];
    const { cause, by, reason, deadline } = drain;
    const left = leftOn(agent, drain, { apps, blocked });
    return [
      { agent, machine, pool, cause, by, reason, since, deadline, stage: stageOf(entry, drain, left), left },
    ];
  });

const stageOf = ({ phase }: Leaving, drain: Drain, left: readonly LeftThere[]): Departure['stage'] => {
  if (phase === 'returning') return 'returning';
  if (drain.killedAt !== undefined) return 'killing';
  if (drain.runSpecs === undefined) return 'asking';
  return left.length > 0 ? 'moving' : 'emptied';
};

const leftOn = (
  agent: string,
  drain: Drain,
  { apps, blocked }: { readonly apps: readonly AppState[]; readonly blocked: readonly Blocked[] },
): readonly LeftThere[] =>
  (drain.runSpecs ?? []).flatMap(({ id }) => {
    const app = apps.find(({ runSpec }) => runSpec.id === id);
    const count = app?.tasks.filter((task) => task.agentId === agent).length ?? 0;
    const why = blocked.find(({ step, subject }) => step === 'drain' && subject === id)?.why;
    return count === 0 ? [] : [{ runSpec: id, count, ...(why === undefined ? {} : { why }) }];
  });

const CAUSES: Readonly<Record<DrainCause, string>> = {
  asked: 'asked for',
  schedule: 'scheduled',
  interruption: 'its cloud takes it',
  rebalance: 'its cloud may take it',
  maintenance: 'its cloud maintains its host',
  'lifecycle-hook': 'its group takes it',
  consolidation: 'the rest has room',
  drift: 'it is out of date',
};

export const causeText = (cause: DrainCause): string => CAUSES[cause];

/** What is left and what that waits for, in a few words. */
export const leftText = ({ stage, left }: Departure): string => {
  switch (stage) {
    case 'asking':
      return 'its tasks are about to be read';
    case 'returning':
      return 'it is offered again';
    case 'emptied':
      return 'nothing of Marathon; read empty twice, it is ended';
    case 'killing':
    case 'moving':
      return left
        .map(({ runSpec, count, why }) => `${count} of ${runSpec}${why === undefined ? '' : ` (${why})`}`)
        .join(', ');
    default:
      return stage satisfies never;
  }
};

/** Instances that we added and that the app has not lost again. */
export const surgeText = ({ runSpec, base, written }: Surge): string =>
  `${runSpec} may have up to ${Math.max(base, ...written)} instances while tasks of it move; it wants ${base}.`;
