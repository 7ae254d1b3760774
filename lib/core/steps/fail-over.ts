// A zone in which most agents are out of reach, of which the cloud says nothing, is impaired: nothing is bought there, and
// nothing there is taken away (guards/impaired-zone.ts). What it ran comes back elsewhere by Marathon, and what that lacks is
// bought elsewhere. The zone returns ten minutes after most of its agents are back.
import type { Joined } from '../join';
import type { Cold } from '../model/memory';
import type { Blocked } from '../model/plan';
import { IMPAIRED, impairedKey } from '../impaired';
import { hasHadAgent, isOutOfReach } from '../reach';
import type { Step } from '../step';
import type { View } from '../view';

/** Of the agents of a zone more than this share, and never fewer than three. */
const MOST_SHARE = 0.5;
const FEWEST = 3;
/** Milliseconds for which a zone stays impaired after it last looked so. */
const RETURN_MS = 10 * 60_000;

export const failOver: Step = (view) => {
  const seen = view.world.agents.complete ? impairedNow(view) : [];
  const known = new Set(seen.map(({ key }) => key));
  const zones = [...seen, ...asked(view).filter(({ key }) => !known.has(key))];
  const cold = zones.reduce((all, zone) => withZone(all, zone.key, view), view.memory.cold);
  const blocked = zones.map(
    ({ name, lost, all, why }): Blocked => ({
      step: 'fail-over',
      code: 'zone-impaired',
      subject: name,
      count: lost,
      why:
        why ??
        `${lost} of ${all} agents in the zone are out of reach and the cloud says nothing of them; ${NOTHING}`,
      until: view.now + RETURN_MS,
    }),
  );
  return { actions: [], blocked, memory: zones.length === 0 ? view.memory : { ...view.memory, cold } };
};

type Zone = {
  readonly key: string;
  readonly name: string;
  readonly lost: number;
  readonly all: number;
  readonly why?: string;
};

const NOTHING = 'nothing is bought or taken away there';

/** Zones of which an operator or an alert says so. */
const asked = (view: View): readonly Zone[] =>
  view.world.facts.value.flatMap(({ body, subject, expiresAt }): readonly Zone[] => {
    if (body.kind !== 'fail-over' || body.target !== 'zone' || expiresAt <= view.now) return [];
    const pools = view.spec.pools.filter(({ zones }) => zones.some(({ name }) => name === subject));
    const keys = new Set(pools.map(({ cloud, region }) => impairedKey({ cloud, region, zone: subject })));
    const why = `${body.by} fails it over: ${body.reason}; ${NOTHING}`;
    return [...keys].map((key) => ({ key, name: subject, lost: 0, all: 0, why }));
  });

/** Where every zone looks so, it is the masters or a network: that is the mass-failure brake's affair. */
const impairedNow = (view: View): readonly Zone[] => {
  const byZone = new Map<string, Joined[]>();
  for (const entry of view.join.joined) {
    if (!hasHadAgent(entry, view)) continue;
    const key = impairedKey(entry.machine);
    const known = byZone.get(key);
    if (known === undefined) byZone.set(key, [entry]);
    else known.push(entry);
  }
  const zones = [...byZone].map(([key, entries]): Zone => {
    const lost = entries.filter(isOutOfReach).length;
    return { key, name: entries[0]?.machine.zone ?? '', lost, all: entries.length };
  });
  const bad = zones.filter(({ lost, all }) => lost >= FEWEST && lost > all * MOST_SHARE);
  return bad.length === zones.length ? [] : bad.sort((a, b) => (a.key < b.key ? -1 : 1));
};

const withZone = (cold: readonly Cold[], key: string, view: View): readonly Cold[] => {
  const before = cold.find((entry) => entry.key === key && entry.code === IMPAIRED && entry.until > view.now);
  const entry: Cold = {
    key,
    code: IMPAIRED,
    failures: 1,
    since: before?.since ?? view.now,
    until: view.now + RETURN_MS,
  };
  return [...cold.filter((other) => other.key !== key), entry].sort((a, b) => (a.key < b.key ? -1 : 1));
};
