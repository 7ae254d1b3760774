// The next move of every app that has tasks on agents that are being emptied, or copies left over from it.
import type { AppState } from '../model/app';
import type { Leaving, Surge } from '../model/memory';
import type { AppAction, Action, Blocked } from '../model/plan';
import { heldApps } from '../overrides';
import type { View } from '../view';
import type { Draining } from './entries';
import { moveOf } from './moves';
import { roomOf } from './room';
import { emptied, standingOf } from './standing';

export type Moves = {
  readonly actions: readonly AppAction[];
  readonly surges: readonly Surge[];
  readonly blocked: readonly Blocked[];
  /** Why the tasks of a run spec cannot move now. */
  readonly blockedBy: ReadonlyMap<string, string>;
};

export const movesFor = (entries: readonly Draining[], view: View, before: readonly Action[]): Moves => {
  const { apps } = view.world;
  const surges = new Map(view.memory.surges.map((surge) => [surge.runSpec, surge]));
  const known = new Map(apps.value.map((app) => [app.runSpec.id, app]));
  const room = roomOf(view, before);
  const actions: AppAction[] = [];
  const blocked: Blocked[] = [];
  const around = {
    open: emptied(entries),
    dying: dyingAgents(entries, view),
    surges,
    now: view.now,
    heldApp: heldApps(view),
  };
  for (const app of known.values()) {
    const standing = standingOf(app, around);
    // What returns has to be offered again before copies are killed for it.
    if (standing.moving.length === 0 && isReturning(app, entries)) continue;
    const { moves, surge, blocked: held } = moveOf(standing, room, view.now);
    surges.delete(app.runSpec.id);
    if (surge !== undefined) surges.set(app.runSpec.id, surge);
    if (held !== undefined) blocked.push(held);
    for (const { request, why } of moves)
      actions.push({
        kind: 'app',
        id: `${view.turn}.${view.round}.a${actions.length}`,
        step: 'drain',
        request,
        why,
      });
  }
  // An app that is gone has nothing to undo; one that could not be read is left as it is.
  const kept = [...surges.values()].filter(({ runSpec }) => known.has(runSpec) || !apps.complete);
  return {
    actions,
    surges: kept.sort((a, b) => (a.runSpec < b.runSpec ? -1 : 1)),
    blocked,
    blockedBy: new Map(blocked.map(({ subject, why }) => [subject, why])),
  };
};

const isReturning = ({ runSpec }: AppState, entries: readonly Draining[]): boolean =>
  entries.some(
    ({ phase, drain }) => phase === 'returning' && drain.runSpecs?.some(({ id }) => id === runSpec.id),
  );

/** Agents on which everything is being killed: their tasks are neither healthy nor to be moved. */
const dyingAgents = (entries: readonly Leaving[], view: View): ReadonlySet<string> =>
  new Set([
    ...entries.flatMap(({ agent, drain }) => (drain?.killedAt === undefined ? [] : [agent])),
    ...view.memory.buried.map(({ agent }) => agent),
  ]);
