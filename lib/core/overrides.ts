// What people have asked to be left alone, for a while: what is protected, and what is not bought. Each word is a fact
// with an end; a later word of the opposite kind takes it back, and without either the operator's file holds.
import { LABEL, windowsOf } from './labels';
import { closingIn } from './leaving';
import type { AppState } from './model/app';
import type { Floor, Memory } from './model/memory';
import type { Millis } from './model/machine';
import type { Offering } from './model/offering';
import type { Blocked } from './model/plan';
import type { Fact, FactBody } from './model/signal';
import type { Pool } from './model/spec';
import { poolSize, standingIn, type View } from './view';

/** Why something is not done, and until when, in epoch milliseconds. */
export type Held = { readonly why: string; readonly until: Millis };

/** The names by which somebody may have protected it. */
export type Names = {
  readonly machine?: string;
  readonly agent?: string;
  readonly hostname?: string;
  readonly app?: string;
};

type Kind = FactBody['kind'];
type FactOf<K extends Kind> = Fact & { readonly body: Extract<FactBody, { readonly kind: K }> };

const isOf = <K extends Kind>(fact: Fact, kind: K): fact is FactOf<K> => fact.body.kind === kind;

/** Words of one kind that stand: neither over nor taken back. */
const standing = <K extends Kind>(
  view: Pick<View, 'world' | 'now'>,
  on: K,
  off: Kind,
): readonly FactOf<K>[] => {
  const facts = view.world.facts.value.filter(({ expiresAt }) => expiresAt > view.now);
  const undone = facts.filter((fact) => fact.body.kind === off);
  return facts
    .filter((fact) => isOf(fact, on))
    .filter(
      (fact) =>
        !undone.some(
          (other) =>
            other.subject === fact.subject && other.dedupeKey === fact.dedupeKey && other.at >= fact.at,
        ),
    );
};

/** Until when nothing of it may be disrupted by our own wish, and who says so; undefined where nobody does. What is forced
 *  upon us (an interruption, a dead machine) is not held up by it. The longest of several words counts. */
export const protectedUntil = (view: Pick<View, 'world' | 'now'>, names: Names): Held | undefined => {
  const known = new Set(Object.values(names));
  const [last] = standing(view, 'protect', 'unprotect')
    .filter(({ subject }) => known.has(subject))
    .sort((a, b) => b.expiresAt - a.expiresAt || (a.subject < b.subject ? -1 : 1));
  if (last === undefined) return undefined;
  const { by, reason } = last.body;
  return { why: `${by} protects it: ${reason}`, until: last.expiresAt };
};

/** Why nothing of an app is moved by our own wish, beside what its labels say by themselves. */
export type AppHeld = {
  readonly code: 'protected' | 'window';
  readonly why: string;
  readonly until?: Millis;
};

export const heldApps = (
  view: Pick<View, 'world' | 'now'>,
): ((app: Pick<AppState, 'runSpec'>) => AppHeld | undefined) => {
  const open = new Set(view.world.windows.map(({ runSpec }) => runSpec));
  return ({ runSpec }) => {
    const held = protectedUntil(view, { app: runSpec.id });
    if (held !== undefined) return { code: 'protected', ...held };
    if (windowsOf(runSpec) === undefined || open.has(runSpec.id)) return undefined;
    return { code: 'window', why: `its owner allows it only in its window (${LABEL.window})` };
  };
};

/** Tells whether this offering may not be bought for the pool now. */
export const exclusionsOf = (
  view: Pick<View, 'world' | 'now'>,
): ((pool: Pool, offering: Pick<Offering, 'shape' | 'zone'>) => Held | undefined) => {
  const words = standing(view, 'exclude', 'include');
  return (pool, { shape, zone }) => {
    const found = words.find(
      ({ body }) =>
        body.pool === pool.name &&
        (body.shape === undefined || body.shape === shape) &&
        (body.zone === undefined || body.zone === zone),
    );
    return found === undefined
      ? undefined
      : { why: `${found.body.by} excludes it: ${found.body.reason}`, until: found.expiresAt };
  };
};

/** What is not bought because somebody says so, a line each. */
export const exclusionLines = (view: View): readonly Blocked[] =>
  standing(view, 'exclude', 'include').map(
    ({ body: { pool, shape, zone, by, reason }, expiresAt: until }) => ({
      step: 'schedule',
      code: 'excluded',
      subject: pool,
      count: 0,
      why: `${by} excludes ${excludedText(shape, zone)}: ${reason}`,
      until,
    }),
  );

const excludedText = (shape: string | undefined, zone: string | undefined): string =>
  [shape ?? 'everything', ...(zone === undefined ? [] : [`in ${zone}`])].join(' ');

// ---- floors ----------------------------------------------------------------------------------------------------

const SCALE = 'asked/';
const REPLACE = 'replace/';
/** When it was asked for, and the name of the machine, its agent or its host. */
const NAMED = /^replace\/(\d+)\/(.+)$/;

/** The sizes at which people hold pools, as floors. Made anew at each look, so that a lower word lets go at once; while not
 *  all facts can be read, what was known stays. */
export const overrideFloors = (view: View): readonly Floor[] => {
  const read = [...scaleFloors(view), ...replacementFloors(view)];
  if (view.world.facts.complete) return read;
  const said = new Set(read.map(({ id }) => id));
  return [...read, ...view.memory.floors.filter((floor) => isOverride(floor) && !said.has(floor.id))];
};

const scaleFloors = (view: View): readonly Floor[] =>
  view.world.facts.value
    .filter((fact) => isOf(fact, 'scale'))
    .filter(({ expiresAt, body }) => expiresAt > view.now && view.pools.has(body.pool) && body.min > 0)
    .map(({ body: { pool, min, by, reason }, expiresAt: until }) => ({
      id: `${SCALE}${pool}`,
      pool,
      min,
      until,
      because: `${by} holds at least ${min} agents: ${reason}`,
    }));

/** One machine more than there are, for each machine that is to be replaced before it is drained. */
const replacementFloors = (view: View): readonly Floor[] => {
  const known = new Map(view.memory.floors.map((floor) => [floor.id, floor]));
  const more = new Map<string, number>();
  return standing(view, 'drain', 'undrain').flatMap((fact): readonly Floor[] => {
    const { subject, at, body, expiresAt: until } = fact;
    if (body.replacementFirst !== true || isDrained(view, subject, at)) return [];
    const id = `${REPLACE}${at}/${subject}`;
    const before = known.get(id);
    const pool = poolOf(view, subject);
    if (pool === undefined) return before === undefined ? [] : [before];
    const nth = (more.get(pool.name) ?? 0) + 1;
    more.set(pool.name, nth);
    const because = `${body.by} wants ${subject} replaced, its replacement first: ${body.reason}`;
    return [{ id, pool: pool.name, min: before?.min ?? poolSize(view, pool) + nth, until, because }];
  });
};

const poolOf = (view: View, subject: string): Pool | undefined => {
  const found = view.join.joined.find(
    ({ machine, agent }) => machine.id === subject || agent?.id === subject || agent?.hostname === subject,
  );
  return view.pools.get(found?.machine.pool ?? '');
};

const isDrained = (view: View, subject: string, at: Millis): boolean =>
  view.memory.drained.some(({ wish, since }) => wish === subject && since >= at);

export const isOverride = ({ id }: Floor): boolean => id.startsWith(SCALE) || id.startsWith(REPLACE);

/** The drain that a replacement was bought for is under way or over: the machine in its place is there already. */
export const isSpent = (
  { id }: Floor,
  { leaving, drained }: Pick<Memory, 'leaving' | 'drained'>,
): boolean => {
  const [, at, subject] = NAMED.exec(id) ?? [];
  return (
    subject !== undefined &&
    (leaving.some(({ drain }) => drain?.wish === subject) ||
      drained.some(({ wish, since }) => wish === subject && since >= Number(at)))
  );
};

/** What a drain of this name waits for, while a machine in its place has not registered. */
export const awaitedBy = (view: View, subject: string, pool: Pool): Held | undefined => {
  const floor = view.memory.floors.find(({ id }) => NAMED.exec(id)?.[2] === subject);
  if (floor === undefined) return undefined;
  const leaving = new Set(closingIn(view.memory.leaving, pool.name).map(({ machine }) => machine));
  const ready = standingIn(view, pool.name).filter(
    (entry) => entry.standing === 'ready' && !leaving.has(entry.machine.id),
  );
  return ready.length >= floor.min
    ? undefined
    : { why: 'the machine in its place has not registered yet', until: floor.until };
};
