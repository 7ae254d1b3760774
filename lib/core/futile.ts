// Demand that machines do not cure. When an agent that was bought for a run spec has been registered for some minutes with
// room for it, Marathon has not placed any of it since, and neither its definition nor the refusal has changed, buying more
// would only run up to the limit: it is named, alarmed and left (DESIGN §5).
import { refusalOf } from './demand';
import { agentHosts } from './hosts';
import type { Agent } from './model/agent';
import type { QueueItem } from './model/app';
import type { Bought, Memory } from './model/memory';
import type { Millis } from './model/machine';
import { fits } from './model/resources';
import type { View } from './view';

/** Registered for this long without a placement. Marathon's own slowest step, a declined offer, takes 2 minutes. */
const FUTILE_AFTER_MS = 5 * 60_000;
/** Marathon takes the offers of a new agent within seconds: after this long something is in the way. */
const TRIAL_AFTER_MS = 60_000;
/** Notes kept at once: they are one stored item, and older ones have had their chance. */
const MOST_NOTES = 400;

export const boughtFor = (memory: Memory, item: QueueItem): Bought | undefined =>
  memory.bought.find(
    (entry) =>
      entry.runSpec === item.runSpec.id &&
      entry.version === item.runSpec.version &&
      entry.refusal === refusalOf(item),
  );

/** What the agents say that were bought for exactly this demand and stand ready with room that nobody takes for it.
 *  `futile`: one has stood so for minutes, so more of them would not help. `trial`: one has stood so for a while; nothing
 *  more is bought before it is known. */
export const trialOf = (view: View, item: QueueItem): 'futile' | 'trial' | undefined => {
  const entry = boughtFor(view.memory, item);
  if (entry === undefined) return undefined;
  if (entry.futileSince !== undefined) return 'futile';
  const machines = entry.launches.flatMap((launch) => view.byLaunch.get(launch) ?? []);
  const waits = machines.flatMap(({ agent, standing }) => {
    // An agent that announces another pool is no help and no proof either.
    if (agent?.registeredAt === undefined || standing !== 'ready') return [];
    const isUsed = item.lastUsedOfferAt !== undefined && item.lastUsedOfferAt >= agent.registeredAt;
    return isUsed || !hasRoom(agent, item) ? [] : [view.now - agent.registeredAt];
  });
  const longest = Math.max(...waits);
  if (longest >= FUTILE_AFTER_MS) return 'futile';
  return longest >= TRIAL_AFTER_MS ? 'trial' : undefined;
};

/** One that other tasks have filled says nothing. */
const hasRoom = (agent: Agent, { runSpec }: QueueItem): boolean =>
  agentHosts(agent).some(({ free }) => fits(runSpec.each, free));

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
