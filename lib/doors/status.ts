// The four questions, answered from what is stored: what is wrong, what is being done about it, what does it wait for,
// what can I do. The same answer for the API, the page and the command line.
import { usd } from '../core/explain';
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
  readonly lastTurn?: TurnRecord;
};

/** A healthy cluster has a turn a minute; after this many milliseconds without one something is wrong with Muster. */
const SILENT_MS = 5 * 60_000;

export const statusOf = async (store: Store, cluster: string, now: number): Promise<Status> => {
  const [head, rounds, { memory }] = await Promise.all([
    readHead(store, cluster),
    latestRounds(store, cluster, 1),
    recall(store, cluster),
  ]);
  const last = rounds[0];
  const silent = last === undefined ? 'No turn has been recorded yet.' : silence(now - last.at);
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
    ],
    doing: [
      ...memory.expected.map(
        ({ pool, count, offering }) =>
          `${count} x ${offering.shape} on its way for pool ${pool} (${usd(offering.usdPerHour)} an hour each).`,
      ),
      ...memory.floors.map(({ pool, min, because }) => `Pool ${pool} is held at ${min} or more: ${because}.`),
    ],
    waitsFor: [
      ...memory.cold
        .filter(({ until }) => until > now)
        .map(({ key, code, until }) => `${key} is not tried for ${seconds(until - now)}: ${code}.`),
      ...(head.intents.length > 0 ? [`${head.intents.length} effects whose outcome is not known yet.`] : []),
    ],
    canDo: [
      memory.pause === undefined ? 'Pause: POST /api/pause with a reason.' : 'Resume: POST /api/resume.',
      'Drain, replace, protect, exclude or scale: muster help, or POST /api/requests.',
      'See why: GET /api/history, muster plan.',
    ],
    ...(last === undefined ? {} : { lastTurn: last }),
  };
};

const silence = (ms: number): string | undefined =>
  ms < SILENT_MS ? undefined : `No turn for ${seconds(ms)}: see docs/operations/no-turns.md.`;

const seconds = (ms: number): string =>
  ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
