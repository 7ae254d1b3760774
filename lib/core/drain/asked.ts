// Drains that somebody asked for: looked at before anything begins, so that nothing is offered no more which may not be
// ended afterwards (facts/pains 14).
import { holdsReserved } from '../leaving';
import type { Joined } from '../join';
import { awaitedBy, protectedUntil } from '../overrides';
import { isLive } from '../model/machine';
import type { Drain, Drained, Leaving } from '../model/memory';
import type { Blocked } from '../model/plan';
import type { FactBody } from '../model/signal';
import type { Pool } from '../model/spec';
import { type Scheduled, scheduledDrains, underWay } from '../scheduled';
import type { View } from '../view';
import type { Draining } from './entries';
import { begin, graceFor, GRACE_MS, isFixed, type Restraint, restraint } from './terms';

export type Asked = { readonly begun: readonly Draining[]; readonly blocked: readonly Blocked[] };
type DrainBody = Extract<FactBody, { readonly kind: 'drain' }>;
/** Of one person, or of a schedule. */
type Wish = {
  readonly subject: string;
  readonly at: number;
  readonly body: DrainBody;
  readonly wave?: Scheduled;
};

/** Drains that begin now because they were asked for, and why others do not. */
export const askedDrains = (view: View, open: readonly Leaving[], drained: readonly Drained[]): Asked => {
  const begun: Draining[] = [];
  const blocked: Blocked[] = [];
  const told = new Map<string, number>();
  for (const wish of [...wishes(view), ...waves(view)]) {
    const found = view.join.joined.find((entry) => isNamed(entry, wish.subject));
    if (isOver(wish, drained)) continue;
    if (found !== undefined && isUnderWay(found.machine.id, [...open, ...begun])) continue;
    const { by } = wish.body;
    const isFull = wish.wave !== undefined && isWaveFull(wish.wave, [...open, ...begun], told.get(by));
    if (isFull) continue;
    const verdict = preflight(wish, found, [...open, ...begun], view);
    if ('drain' in verdict) begun.push(verdict);
    else {
      told.set(by, (told.get(by) ?? 0) + 1);
      blocked.push(verdict);
    }
  }
  return { begun, blocked };
};

const waves = (view: View): readonly Wish[] =>
  scheduledDrains(view)
    .filter(({ body }) => view.now < body.deadline - GRACE_MS)
    .map((wave) => ({ ...wave, wave }));

/** What stands in the way of one may stand in the way of all: it is said of so many as would be drained, and no more. */
const isWaveFull = (wave: Scheduled, open: readonly Leaving[], told = 0): boolean =>
  underWay(wave, open) >= wave.atOnce || told >= Math.max(wave.atOnce, TRIED);

const TRIED = 10;

/** Requests that stand, the oldest first: a later `undrain` of the same subject takes one back. */
const wishes = (view: View): readonly Wish[] => {
  const facts = view.world.facts.value.filter(({ expiresAt }) => expiresAt > view.now);
  const undone = new Map<string, number>();
  for (const { body, subject, at } of facts)
    if (body.kind === 'undrain') undone.set(subject, Math.max(at, undone.get(subject) ?? 0));
  return facts
    .flatMap((fact): readonly Wish[] => {
      const { body } = fact;
      const isTimely = body.kind === 'drain' && view.now < body.deadline - GRACE_MS;
      return isTimely && fact.at > (undone.get(fact.subject) ?? -Infinity)
        ? [{ subject: fact.subject, at: fact.at, body }]
        : [];
    })
    .sort((a, b) => a.at - b.at || (a.subject < b.subject ? -1 : 1));
};

const isNamed = ({ machine, agent }: Joined, subject: string): boolean =>
  isLive(machine) && (machine.id === subject || agent?.id === subject || agent?.hostname === subject);

/** The wish has had its drain. */
const isOver = ({ subject, at }: Wish, drained: readonly Drained[]): boolean =>
  drained.some(({ wish, since }) => wish === subject && since >= at);

const isUnderWay = (machine: string, open: readonly Leaving[]): boolean =>
  open.some((entry) => entry.machine === machine && entry.drain !== undefined);

const preflight = (
  wish: Wish,
  found: Joined | undefined,
  open: readonly Leaving[],
  view: View,
): Draining | Blocked => {
  const { subject, body, wave } = wish;
  const held = heldBack(wish, found, open, view);
  const { machine, agent } = found ?? {};
  if (held !== undefined || machine === undefined || agent === undefined) {
    const { code, why, until } = held ?? UNKNOWN;
    const base = { step: 'drain', code, subject, count: 1 } as const;
    return { ...base, why: `it is not drained: ${why}`, ...(until === undefined ? {} : { until }) };
  }
  const { by, reason, deadline, force } = body;
  const pool = view.pools.get(machine.pool ?? '');
  const drain: Drain = {
    cause: wave === undefined ? 'asked' : 'schedule',
    wish: subject,
    by,
    reason,
    deadline,
    graceMs: graceFor(pool, view.now, deadline),
    force: force || pool?.drain === 'kill',
    condemned: false,
  };
  return { agent: agent.id, machine: machine.id, pool: machine.pool ?? '', ...begin(view), drain };
};

const heldBack = (
  { subject, body }: Wish,
  found: Joined | undefined,
  open: readonly Leaving[],
  view: View,
): Restraint | undefined => {
  const pool = view.pools.get(found?.machine.pool ?? '');
  return (
    hindranceOf(found, pool, open) ??
    (body.force ? undefined : doubt(found, pool, open, view)) ??
    (pool === undefined ? undefined : awaited(subject, pool, view))
  );
};

const UNKNOWN: Restraint = { code: 'waiting', why: 'no machine of this cluster has that name' };

/** What no force overcomes. */
const hindranceOf = (
  found: Joined | undefined,
  pool: Pool | undefined,
  open: readonly Leaving[],
): Restraint | undefined => {
  if (found === undefined) return UNKNOWN;
  const { agent, machine } = found;
  if (pool === undefined)
    return { code: 'protected', why: 'it belongs to no pool, and control nodes are not drained' };
  if (agent === undefined || agent.recovered)
    return { code: 'unreachable', why: 'its agent is not registered' };
  const isOurs = open.some((entry) => entry.machine === machine.id);
  return agent.deactivated && !isOurs
    ? { code: 'protected', why: 'its agent was deactivated by somebody else' }
    : undefined;
};

/** What the one who asks may overrule. */
const doubt = (
  found: Joined | undefined,
  pool: Pool | undefined,
  open: readonly Leaving[],
  view: View,
): Restraint | undefined => {
  if (pool === undefined || found?.agent === undefined) return undefined;
  const { machine, agent } = found;
  const names = { machine: machine.id, agent: agent.id, hostname: agent.hostname };
  const held = protectedUntil(view, names);
  if (held !== undefined) return { code: 'protected', ...held };
  if (holdsReserved(found.agent, pool))
    return { code: 'volume', why: 'a framework has reserved resources there, perhaps with data' };
  if (isFixed(pool, open, view))
    return { code: 'pool-limit', why: 'its pool is held at its size and may have no machine in its place' };
  return restraint(pool, open, view);
};

const awaited = (subject: string, pool: Pool, view: View): Restraint | undefined => {
  const held = awaitedBy(view, subject, pool);
  return held === undefined ? undefined : { code: 'waiting', ...held };
};
