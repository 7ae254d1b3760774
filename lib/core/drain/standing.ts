// How a run spec stands between its drains: which of its tasks have to move, which stay, what it wants without us, and what
// we added to it.
import type { AppState, AppTask } from '../model/app';
import type { Leaving, Surge } from '../model/memory';
import type { Millis } from '../model/machine';
import type { AppHeld } from '../overrides';

/** A task that we asked to be killed and that is listed unchanged after this long was not killed. */
const KILLED_FOR_MS = 60_000;

export type Standing = {
  readonly app: AppState;
  /** Tasks on agents that are being emptied, unless they end already; those that are not healthy first. */
  readonly moving: readonly AppTask[];
  /** Healthy tasks, wherever they are, without those that were asked to end. */
  readonly healthy: readonly AppTask[];
  readonly base: number;
  /** Instances beyond the base. */
  readonly extra: number;
  readonly surge: Surge;
  /** A machine under one of the tasks is ended by its cloud, whatever anybody does. */
  readonly isForced: boolean;
  /** Somebody holds the app where it is, for now. */
  readonly held?: AppHeld;
};

/** Entries whose tasks have to move: not those that return, nor those whose rest was killed. */
export const emptied = (leaving: readonly Leaving[]): readonly Leaving[] =>
  leaving.filter(
    ({ phase, drain }) => phase === 'closing' && drain !== undefined && drain.killedAt === undefined,
  );

export type Around = {
  readonly open: readonly Leaving[];
  /** Agents on which everything is being killed. */
  readonly dying: ReadonlySet<string>;
  readonly surges: ReadonlyMap<string, Surge>;
  readonly now: Millis;
  readonly heldApp: (app: AppState) => AppHeld | undefined;
};

export const standingOf = (app: AppState, around: Around): Standing => {
  const { open, dying, surges, now, heldApp } = around;
  const held = heldApp(app);
  const surge = rebased(app, surges.get(app.runSpec.id), now);
  const byAgent = new Map(open.map((entry) => [entry.agent, entry]));
  const asked = new Set(surge.killed.map(({ id }) => id));
  const live = app.tasks.filter((task) => !asked.has(task.id) && !isOver(task) && !dying.has(task.agentId));
  const moving = live
    .filter(({ agentId }) => byAgent.has(agentId))
    .sort((a, b) => Number(a.healthy) - Number(b.healthy) || (a.id < b.id ? -1 : 1));
  return {
    app,
    moving,
    healthy: live.filter(({ healthy }) => healthy),
    base: surge.base,
    extra: Math.max(0, app.runSpec.instances - surge.base),
    surge,
    isForced: moving.some(({ agentId }) => byAgent.get(agentId)?.drain?.condemned === true),
    ...(held === undefined ? {} : { held }),
  };
};

const OVER: ReadonlySet<string> = new Set([
  'Killing',
  'Killed',
  'Failed',
  'Finished',
  'Error',
  'Gone',
  'Dropped',
  'Unknown',
  'Unreachable',
  'UnreachableInactive',
]);

const isOver = ({ condition }: AppTask): boolean => OVER.has(condition);

/** The record as the app's present number shows it: a value that none of our writes made is somebody else's and becomes the
 *  base (DESIGN §5). */
const rebased = (app: AppState, known: Surge | undefined, now: Millis): Surge => {
  const { id, instances } = app.runSpec;
  const fresh = { runSpec: id, base: instances, written: [], deployments: [], killed: [], since: now };
  if (known === undefined) return fresh;
  const listed = new Set(app.tasks.filter((task) => !isOver(task)).map((task) => task.id));
  const killed = known.killed.filter((kill) => listed.has(kill.id) && now - kill.at < KILLED_FOR_MS);
  const isOurs = instances === known.base || known.written.includes(instances);
  return isOurs ? { ...known, killed } : { ...fresh, killed };
};
