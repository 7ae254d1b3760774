// What becomes of the tasks that have to move, app by app. Where its upgradeStrategy allows more instances and there is room
// for them, copies are started first and then exactly the old ones are killed with scale; else one task at a time, as far
// as the app's floor allows; else nothing, with the reason (DESIGN §5). One record an app serves all drains at once.
import { disruptionLimit, healthyFloor, labelFaults, protectedUntil } from '../labels';
import type { AppTask } from '../model/app';
import type { Millis } from '../model/machine';
import type { Surge } from '../model/memory';
import type { AppRequest, Blocked, BlockedCode } from '../model/plan';
import type { Room } from './room';
import type { Standing } from './standing';

export type Move = { readonly request: AppRequest; readonly why: string };
export type Moved = {
  readonly moves: readonly Move[];
  readonly surge?: Surge;
  readonly blocked?: Blocked;
};

/** What is done next for one app. `room` is asked at most once for each copy that is to be placed. */
export const moveOf = (standing: Standing, room: Room, now: Millis): Moved => {
  const { app, moving, extra } = standing;
  if (moving.length === 0) return undoOf(standing, now);
  const hindered = hindranceOf(standing, now);
  if (hindered !== undefined) return kept(standing, hindered);
  if (app.runSpec.kind === 'app' && extra > 0) return killWithScale(standing, now);
  const copies = copiesOf(standing, room);
  return copies > 0 ? surgeBy(standing, copies) : oneByOne(standing, room, now);
};

/** Whether room for it would help: not where its own agent holds it, or its owner. */
export const isMovable = (standing: Standing, now: Millis): boolean => {
  const code = hindranceOf(standing, now)?.code;
  return code === undefined || code === 'waiting' || code === 'locked';
};

type Held = { readonly code: BlockedCode; readonly why: string; readonly until?: Millis };

const hindranceOf = (standing: Standing, now: Millis): Held | undefined => {
  const { app, isForced, surge, base } = standing;
  if (app.runSpec.resident) return { code: 'volume', why: 'its tasks have volumes on their agents' };
  if (app.deployments.length > 0) return lockedBy(app.deployments, surge);
  if (isForced) return undefined;
  const until = protectedUntil(app.runSpec);
  const [fault] = labelFaults(app.runSpec);
  if (fault !== undefined) return { code: 'protected', why: fault };
  if (until > now) return { code: 'protected', why: 'its owner protects it', until };
  if (standing.held !== undefined) return standing.held;
  if (disruptionLimit(app.runSpec, base) === 0)
    return { code: 'budget', why: 'its owner allows no disruption' };
  return undefined;
};

const lockedBy = (deployments: readonly string[], surge: Surge): Held => {
  const foreign = deployments.find((id) => !surge.deployments.includes(id));
  return foreign === undefined
    ? { code: 'waiting', why: 'its copies are starting' }
    : { code: 'locked', why: `deployment ${foreign} holds it, which is waited for and never forced` };
};

const kept = (standing: Standing, held: Held): Moved => {
  const { app, moving, surge } = standing;
  const blocked: Blocked = { step: 'drain', subject: app.runSpec.id, count: moving.length, ...held };
  return { moves: [], blocked, ...remembered(surge) };
};

/** A record is kept while it says anything that the app itself does not. */
const remembered = (surge: Surge): { readonly surge?: Surge } =>
  surge.written.length > 0 || surge.killed.length > 0 ? { surge } : {};

// ---- copies first ---------------------------------------------------------------------------------------------

const copiesOf = (standing: Standing, room: Room): number => {
  const { app, moving, base, isForced } = standing;
  if (app.runSpec.kind === 'pod' || app.maximumOverCapacity <= 0) return 0;
  const allowed = Math.max(1, Math.floor(base * app.maximumOverCapacity));
  const limit = isForced ? Infinity : disruptionLimit(app.runSpec, base);
  const wanted = Math.min(moving.length, allowed, limit);
  return wanted === 0 ? 0 : room.take(standing, wanted);
};

const surgeBy = ({ app, surge, moving }: Standing, copies: number): Moved => {
  const { id, instances } = app.runSpec;
  const to = instances + copies;
  return {
    moves: [
      {
        request: { call: 'scale', runSpec: id, from: instances, to },
        why: `${copies} more while ${moving.length === 1 ? '1 task of it moves' : `${moving.length} tasks of it move`} to other agents`,
      },
    ],
    surge: { ...surge, written: withValue(surge.written, to) },
  };
};

const withValue = (written: readonly number[], value: number): readonly number[] =>
  written.includes(value) ? written : [...written, value];

/** As many of the old ones as copies that are healthy now take the place of; those that are not healthy are missed by
 *  nobody. */
const killWithScale = (standing: Standing, now: Millis): Moved => {
  const { moving, healthy, base, extra } = standing;
  const sick = moving.filter((task) => !task.healthy).slice(0, extra);
  const spare = Math.max(0, Math.min(healthy.length - base, extra - sick.length));
  const fit = moving.filter((task) => task.healthy).slice(0, spare);
  const tasks = [...sick, ...fit];
  if (tasks.length === 0) return kept(standing, { code: 'unhealthy', why: 'its copies are not healthy yet' });
  const why =
    tasks.length === 1 ? 'a copy of it is healthy elsewhere' : 'copies of them are healthy elsewhere';
  return killing(
    standing,
    tasks,
    { how: 'lower', keeps: Math.min(base, healthy.length - fit.length), why },
    now,
  );
};

type Kill = { readonly how: 'lower' | 'replace'; readonly keeps: number; readonly why: string };

const killing = (
  { app, surge }: Standing,
  tasks: readonly AppTask[],
  { how, keeps, why }: Kill,
  now: Millis,
): Moved => {
  const { id, kind, instances } = app.runSpec;
  const ids = tasks.map((task) => task.id);
  const request: AppRequest = {
    call: 'kill',
    runSpec: id,
    runSpecKind: kind,
    tasks: ids,
    how,
    instances,
    keeps,
  };
  // Some may have ended by themselves meanwhile: then the number is lowered by fewer.
  const lower = how === 'lower' ? ids.map((_, nth) => instances - nth - 1) : [];
  const written = lower.reduce(withValue, surge.written);
  const killed = [...surge.killed, ...ids.map((task) => ({ id: task, at: now }))];
  return { moves: [{ request, why }], surge: { ...surge, written, killed } };
};

// ---- one at a time ---------------------------------------------------------------------------------------------

const oneByOne = (standing: Standing, room: Room, now: Millis): Moved => {
  const { app, moving, healthy, base } = standing;
  const [task] = moving;
  if (task === undefined) return { moves: [], ...remembered(standing.surge) };
  const floor = healthyFloor(app.runSpec, base);
  if (task.healthy && healthy.length < base)
    return kept(standing, { code: 'unhealthy', why: `only ${healthy.length} of its ${base} are healthy` });
  if (task.healthy && healthy.length - 1 < floor)
    return kept(standing, { code: 'floor', why: `${floor} of its ${base} have to stay healthy` });
  if (room.take(standing, 1, task) === 0)
    return kept(standing, {
      code: 'room',
      why: `no agent has room for what has to move${room.coming ? ' yet; machines are on their way' : ''}`,
    });
  const keeps = healthy.length - (task.healthy ? 1 : 0);
  return killing(
    standing,
    [task],
    { how: 'replace', keeps, why: 'it starts again elsewhere, one at a time' },
    now,
  );
};

// ---- undone ----------------------------------------------------------------------------------------------------

/** Nothing has to move any more. Copies that have started are killed by their ids with scale; while one has not, the
 *  number is lowered by no more than the floor allows, since Marathon would kill running ones first (semantics §2.3). */
const undoOf = (standing: Standing, now: Millis): Moved => {
  const { app, surge, healthy, base, extra } = standing;
  if (extra === 0 || app.runSpec.resident)
    return { moves: [], ...remembered(app.deployments.length > 0 ? surge : settled(surge)) };
  if (app.deployments.length > 0) return stuck(standing, now);
  const started = Math.min(extra, healthy.length - base);
  if (started > 0) {
    const youngest = [...healthy].sort(
      (a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0) || (a.id < b.id ? 1 : -1),
    );
    const why = `${tasksText(started)} beyond what it wants ${started === 1 ? 'is' : 'are'} left over`;
    return killing(standing, youngest.slice(0, started), { how: 'lower', keeps: base, why }, now);
  }
  const allowed = Math.min(extra, healthy.length - healthyFloor(app.runSpec, base));
  if (allowed <= 0 || healthy.length < base)
    return kept(standing, { code: 'floor', why: `${extra} copies that nobody needs any more wait for room` });
  const { id, instances } = app.runSpec;
  const to = instances - allowed;
  return {
    moves: [
      {
        request: { call: 'scale', runSpec: id, from: instances, to },
        why: 'copies that found no room are not needed any more',
      },
    ],
    surge: { ...surge, written: withValue(surge.written, to) },
  };
};

/** Its number is the base again, and nothing of ours is under way. */
const settled = (surge: Surge): Surge => ({ ...surge, written: [] });

/** A deployment of ours that has not ended after this long waits for room that it does not find. */
const STUCK_MS = 60_000;

const stuck = (standing: Standing, now: Millis): Moved => {
  const { app, surge } = standing;
  const [first] = app.deployments;
  const isOurs = app.deployments.every((id) => surge.deployments.includes(id));
  if (!isOurs || first === undefined || now - surge.since < STUCK_MS)
    return kept(standing, lockedBy(app.deployments, surge));
  const request: AppRequest = { call: 'stop', runSpec: app.runSpec.id, deployment: first };
  return { moves: [{ request, why: 'its copies are not needed any more and do not start' }], surge };
};

const tasksText = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);
