// The four questions, answered from what is stored: what is wrong, what is being done about it, what does it wait for,
// what can I do. The same answer for the API, the page and the command line.
import { causeText, type Departure, leftText, surgeText } from '../core/departures';
import { clock, usd } from '../core/explain';
import type { Drained, Memory, Surge } from '../core/model/memory';
import type { Blocked } from '../core/model/plan';
import { readHead } from '../engine/head';
import { latestRounds, type TurnRecord } from '../engine/history';
import type { Store } from '../engine/ports';
import { recall } from '../engine/recall';

export type Status = {
  readonly schemaVersion: 1;
  readonly cluster: string;
  readonly at: number;
  readonly wrong: readonly string[];
  readonly doing: readonly string[];
  readonly waitsFor: readonly string[];
  readonly canDo: readonly string[];
  /** Agents that are being emptied, as the last turn saw them. */
  readonly drains: readonly Departure[];
  /** Drains that ended within the last hour, the latest first. */
  readonly drained: readonly Drained[];
  /** Apps that have more instances than they want, because tasks of them move. */
  readonly surges: readonly Surge[];
  /** What is wanted and not done, and why. */
  readonly brakes: readonly Blocked[];
  readonly lastTurn?: TurnRecord;
};

/** A healthy cluster has a turn a minute; after this many milliseconds without one something is wrong with Muster. */
const SILENT_MS = 5 * 60_000;
/** Ended drains are listed for so long. */
const LATELY_MS = 60 * 60_000;
/** A turn has at most so many rounds. */
const ROUNDS = 4;

export const statusOf = async (store: Store, cluster: string, now: number): Promise<Status> => {
  const [head, rounds, { memory }] = await Promise.all([
    readHead(store, cluster),
    latestRounds(store, cluster, ROUNDS),
    recall(store, cluster),
  ]);
  const last = rounds[0];
  const silent = last === undefined ? 'No turn has been recorded yet.' : silence(now - last.at);
  const first = rounds.find(({ turn, round }) => turn === last?.turn && round === 1);
  const drains = first?.drains ?? [];
  const open = memory.strikes.filter(({ openedAt }) => openedAt !== undefined);
  const futile = memory.bought.filter(({ futileSince }) => futileSince !== undefined);
  return {
    schemaVersion: 1,
    cluster,
    at: now,
    wrong: [
      ...(silent === undefined ? [] : [silent]),
      ...(last?.unread ?? []),
      ...open.map(
        ({ pool, image }) =>
          `Machines of image ${image} never registered: pool ${pool} buys none with it, but for one an hour.`,
      ),
      ...futile.map(
        ({ runSpec }) => `${runSpec} waits although agents were bought for it: more machines do not help.`,
      ),
      ...(memory.pause === undefined ? [] : [`${memory.pause.by} paused Muster: ${memory.pause.reason}.`]),
      ...lately(memory, now)
        .filter(({ end }) => end === 'failed' || end === 'escalated')
        .map(({ machine, end, why }) => `The drain of ${machine} ${END[end]}: ${why}.`),
    ],
    doing: [
      ...memory.expected.map(
        ({ pool, count, offering }) =>
          `${count} x ${offering.shape} on its way for pool ${pool} (${usd(offering.usdPerHour)} an hour each).`,
      ),
      ...memory.floors.map(({ pool, min, because }) => `Pool ${pool} is held at ${min} or more: ${because}.`),
      ...drains.map(drainSentence),
      ...memory.surges.filter(({ written }) => written.length > 0).map(surgeText),
    ],
    waitsFor: [
      ...memory.cold
        .filter(({ until }) => until > now)
        .map(({ key, code, until }) => `${key} is not tried for ${seconds(until - now)}: ${code}.`),
      ...(head.intents.length > 0 ? [`${head.intents.length} effects whose outcome is not known yet.`] : []),
      ...drains.flatMap(({ machine, left }) =>
        left.flatMap(({ runSpec, why }) =>
          why === undefined ? [] : [`The drain of ${machine} waits for ${runSpec}: ${why}.`],
        ),
      ),
    ],
    canDo: [
      memory.pause === undefined ? 'Pause: POST /api/pause with a reason.' : 'Resume: POST /api/resume.',
      'Drain, replace, protect, exclude or scale: muster help, or POST /api/requests.',
      'See why: GET /api/history, muster plan.',
    ],
    drains,
    drained: lately(memory, now),
    surges: memory.surges.filter(({ written }) => written.length > 0),
    brakes: brakesOf(first, last),
    ...(last === undefined ? {} : { lastTurn: last }),
  };
};

const lately = ({ drained }: Memory, now: number): readonly Drained[] =>
  drained.filter(({ at }) => now - at < LATELY_MS).reverse();

const END = {
  done: 'is done',
  cancelled: 'was taken back',
  escalated: 'ended with what was left killed',
  failed: 'failed',
} as const;

const drainSentence = (one: Departure): string =>
  `${one.machine} of pool ${one.pool} is emptied since ${clock(one.since)} and until ${clock(one.deadline)} (${causeText(one.cause)}: ${one.reason}); left there: ${leftText(one)}.`;

/** Purchases are tried anew in each round of a turn; everything else is decided in the first. */
const brakesOf = (first: TurnRecord | undefined, last: TurnRecord | undefined): readonly Blocked[] => {
  if (first === last) return last?.brakes ?? [];
  const kept = (first?.brakes ?? []).filter(({ step }) => step !== 'scale-out');
  return [...kept, ...(last?.brakes ?? []).filter(({ step }) => step === 'scale-out')];
};

const silence = (ms: number): string | undefined =>
  ms < SILENT_MS ? undefined : `No turn for ${seconds(ms)}: see docs/operations/no-turns.md.`;

const seconds = (ms: number): string =>
  ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
