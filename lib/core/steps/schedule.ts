// Extra size that was scheduled or asked for. A schedule's window and a webhook's wish both end up as a floor: a least
// number of machines with an expiry. A relative wish (by 20 %) is made absolute once, by the first turn that reads it;
// a repeat of the same wish only extends it, so an alert that fires every minute does not grow the pool every minute.
import type { Floor, Memory, Pause } from '../model/memory';
import type { Fact } from '../model/signal';
import type { Amount } from '../model/spec';
import { exclusionLines, isOverride, overrideFloors } from '../overrides';
import { poolSize, type View } from '../view';
import type { Step } from '../step';

export const schedule: Step = (view) => {
  const facts = [...view.world.facts.value]
    .filter((fact) => fact.expiresAt > view.now)
    .sort((a, b) => a.at - b.at || (factId(a) < factId(b) ? -1 : 1));
  const holding = view.world.schedules.filter(({ drain }) => drain === undefined);
  const windows = holding.map(
    (open): Floor => ({
      id: `${WINDOW}${open.name}`,
      pool: open.pool,
      min: open.min,
      until: open.until,
      because: `the schedule ${open.name} holds at least ${open.min} agents`,
    }),
  );
  const asked = facts.reduce((memory, fact) => wish(memory, fact, view), view.memory);
  // The open windows are all known, so what an earlier turn remembered of them is dropped: a schedule that was lowered or
  // taken out lets go at once.
  const over = new Set(view.world.facts.value.filter((fact) => fact.expiresAt <= view.now).map(wishId));
  const wishes = asked.floors.filter(
    (floor) => !floor.id.startsWith(WINDOW) && !isOverride(floor) && !over.has(floor.id),
  );
  const floors = [...windows, ...overrideFloors(view)].reduce(raise, wishes);
  return {
    actions: [],
    blocked: exclusionLines(view),
    memory: withPause({ ...asked, floors: sorted(floors) }, facts, view),
  };
};

const WINDOW = 'schedule/';

const factId = (fact: Fact): string => `${fact.body.kind}/${fact.subject}/${fact.dedupeKey}`;

const sorted = (floors: readonly Floor[]): readonly Floor[] =>
  [...floors].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Puts a floor in the place of an older one of the same id; the higher and the later win. */
const raise = (floors: readonly Floor[], floor: Floor): readonly Floor[] => {
  const before = floors.find((other) => other.id === floor.id);
  const merged =
    before === undefined
      ? floor
      : { ...floor, min: Math.max(before.min, floor.min), until: Math.max(before.until, floor.until) };
  return [...floors.filter((other) => other.id !== floor.id), merged];
};

/** Of a wish that is over, its floor goes too: the alert that asked for it has ended. */
const wishId = ({ body, subject, dedupeKey }: Fact): string =>
  body.kind === 'scale-out' ? `wish/${body.source}/${subject}/${dedupeKey}` : '';

const wish = (memory: Memory, fact: Fact, view: View): Memory => {
  if (fact.body.kind !== 'scale-out') return memory;
  const { by, source } = fact.body;
  const pool = view.pools.get(fact.body.pool);
  if (pool === undefined) return memory;
  const id = wishId(fact);
  const before = memory.floors.find((floor) => floor.id === id);
  const min = before?.min ?? absolute(poolSize(view, pool), by);
  const because = `${source} asked for ${amountText(by)} more`;
  return {
    ...memory,
    floors: raise(memory.floors, { id, pool: pool.name, min, until: fact.expiresAt, because }),
  };
};

/** The present size and what was asked for; a percentage is at least one machine. */
const absolute = (size: number, by: Amount): number =>
  'agents' in by ? size + by.agents : size + Math.max(1, Math.ceil((size * by.percent) / 100));

const amountText = (by: Amount): string => ('agents' in by ? `${by.agents} agents` : `${by.percent} %`);

/** The newest of the pause and resume requests is in force; without any, memory keeps what it had. */
const withPause = (memory: Memory, facts: readonly Fact[], view: View): Memory => {
  const word = facts.filter((fact) => fact.body.kind === 'pause' || fact.body.kind === 'resume').at(-1);
  if (word === undefined || (memory.pause !== undefined && memory.pause.since > word.at)) return memory;
  const { pause: _before, ...rest } = memory;
  if (word.body.kind !== 'pause' || word.expiresAt <= view.now) return rest;
  const pause: Pause = { since: word.at, until: word.expiresAt, by: word.body.by, reason: word.body.reason };
  return { ...rest, pause };
};
