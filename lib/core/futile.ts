// Demand that machines do not cure. When agents that were bought for a run spec have been registered for some minutes,
// Marathon has not placed any of it since, and neither its definition nor the refusal has changed, buying more would
// only run up to the limit: it is named, alarmed and left (DESIGN §5).
import { refusalOf } from './demand';
import type { QueueItem } from './model/app';
import type { Bought, Memory } from './model/memory';
import type { Millis } from './model/machine';
import type { View } from './view';

/** Registered for this long without a placement. Marathon's own slowest step, a declined offer, takes 2 minutes. */
const FUTILE_AFTER_MS = 5 * 60_000;
/** Notes kept at once: they are one stored item, and older ones have had their chance. */
const MOST_NOTES = 400;

export const boughtFor = (memory: Memory, item: QueueItem): Bought | undefined =>
  memory.bought.find(
    (entry) =>
      entry.runSpec === item.runSpec.id &&
      entry.version === item.runSpec.version &&
      entry.refusal === refusalOf(item),
  );

/** True when machines bought for exactly this demand stand ready and did not help. */
export const isFutile = (view: View, item: QueueItem): boolean => {
  const entry = boughtFor(view.memory, item);
  if (entry === undefined) return false;
  if (entry.futileSince !== undefined) return true;
  const machines = view.join.joined.filter(({ machine }) => entry.launches.includes(machine.launch ?? ''));
  if (machines.some(({ standing }) => standing === 'launching' || standing === 'booting')) return false;
  if (view.memory.expected.some(({ launch }) => entry.launches.includes(launch))) return false;
  // An agent that announces another pool is no help and no proof either.
  const registered = machines.flatMap(({ agent, standing }) =>
    standing !== 'ready' || agent?.registeredAt === undefined ? [] : [agent.registeredAt],
  );
  const last = Math.max(...registered);
  if (registered.length === 0 || view.now - last < FUTILE_AFTER_MS) return false;
  return item.lastUsedOfferAt === undefined || item.lastUsedOfferAt < last;
};

/** Memory that names the futile items, and which of them are new. */
export const markFutile = (
  memory: Memory,
  items: readonly QueueItem[],
  now: Millis,
): { readonly memory: Memory; readonly fresh: readonly QueueItem[] } => {
  const entries = new Set(items.flatMap((item) => boughtFor(memory, item) ?? []));
  const fresh = items.filter((item) => boughtFor(memory, item)?.futileSince === undefined);
  const bought = memory.bought.map((entry) =>
    entries.has(entry) && entry.futileSince === undefined ? { ...entry, futileSince: now } : entry,
  );
  return { memory: { ...memory, bought }, fresh };
};

/** Notes for which queue items this plan's launches are bought. */
export const noteBought = (
  memory: Memory,
  items: readonly QueueItem[],
  launches: readonly string[],
  now: Millis,
): Memory => {
  if (items.length === 0 || launches.length === 0) return memory;
  const notes = items.map((item): Bought => {
    const before = boughtFor(memory, item);
    return {
      runSpec: item.runSpec.id,
      version: item.runSpec.version,
      refusal: refusalOf(item),
      launches: [...(before?.launches ?? []), ...launches].slice(-10),
      at: now,
    };
  });
  const replaced = new Set(notes.map((note) => `${note.runSpec}|${note.version}|${note.refusal}`));
  const kept = memory.bought.filter(
    (entry) => !replaced.has(`${entry.runSpec}|${entry.version}|${entry.refusal}`),
  );
  const newest = [...kept, ...notes]
    .sort((a, b) => b.at - a.at || (a.runSpec < b.runSpec ? -1 : 1))
    .slice(0, MOST_NOTES);
  return { ...memory, bought: newest.sort((a, b) => (a.runSpec < b.runSpec ? -1 : 1)) };
};
