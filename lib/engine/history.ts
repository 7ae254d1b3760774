// One record a turn: what it saw (as a hash, and whole where it fits), what it planned, what was blocked, what became of
// it and what it costs. A recorded round can be replayed to the same bytes.
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { type Departure, departures } from '../core/departures';
import { explain, explainOutcome } from '../core/explain';
import type { Outcome } from '../core/model/outcome';
import type { Blocked, Plan } from '../core/model/plan';
import { unread } from '../core/plan';
import type { PlanInput } from '../core/view';
import { expiry, historyKey, historyPartition, inputKey, inputPartition } from './keys';
import type { Json, Store } from './ports';

const KEPT_MS = 14 * 24 * 60 * 60_000;
/** Bytes of one stored piece, and pieces of one input: beyond that (a very large fleet) only its hash is kept. */
const PIECE_BYTES = 250_000;
const MOST_PIECES = 12;
const MOST_SENTENCES = 200;
const MOST_ROWS = 50;

export type RoundRecord = {
  readonly input: PlanInput;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
};

export type TurnRecord = {
  readonly schemaVersion: 1;
  readonly turn: string;
  readonly round: number;
  readonly at: number;
  readonly inputHash: string;
  readonly planHash: string;
  /** Number of stored pieces of the input; 0 when it was too large or nothing happened. */
  readonly pieces: number;
  readonly actions: number;
  readonly blocked: number;
  /** What the round could not read of the world. */
  readonly unread: readonly string[];
  readonly nowUsdPerHour: number;
  readonly boughtUsdPerHour: number;
  readonly sentences: readonly string[];
  /** Agents that are being emptied, and what is not done and why; at most 50 of each. Records of versions before have none. */
  readonly drains: readonly Departure[];
  readonly brakes: readonly Blocked[];
};

export const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Stores the record of a round; its input too when the round did or wanted something. */
export const record = async (store: Store, round: RoundRecord): Promise<TurnRecord> => {
  const { input, plan, outcomes } = round;
  const idle = plan.actions.length === 0 && plan.blocked.length === 0 && plan.demand.length === 0;
  const pieces = idle ? [] : piecesOf(input);
  const sentences = [...explain(plan), ...outcomes.flatMap(explainOutcome)];
  const entry: TurnRecord = {
    schemaVersion: 1,
    turn: input.turn,
    round: input.round,
    at: plan.at,
    inputHash: hashOf(input),
    planHash: hashOf(plan),
    pieces: pieces.length,
    actions: plan.actions.length,
    blocked: plan.blocked.length,
    unread: unread(input.world),
    nowUsdPerHour: plan.cost.nowUsdPerHour,
    boughtUsdPerHour: plan.cost.boughtUsdPerHour,
    sentences: sentences.slice(0, MOST_SENTENCES),
    drains: departures(plan, input.world.apps.value).slice(0, MOST_ROWS),
    brakes: plan.blocked.slice(0, MOST_ROWS),
  };
  const expiresAt = expiry(plan.at + KEPT_MS);
  const { cluster } = input.spec;
  await Promise.all(
    pieces.map((piece, nth) =>
      store.put({ ...inputKey(cluster, input.turn, pieceName(input.round, nth)), expiresAt, piece }),
    ),
  );
  await store.put({ ...historyKey(cluster, input.turn, `${input.round}`), expiresAt, ...asItem(entry) });
  return entry;
};

const asItem = (entry: TurnRecord): Readonly<Record<string, Json>> => ({ ...entry });

const piecesOf = (input: PlanInput): readonly string[] => {
  const packed = gzipSync(JSON.stringify(input)).toString('base64');
  const count = Math.ceil(packed.length / PIECE_BYTES);
  if (count > MOST_PIECES) return [];
  return Array.from({ length: count }, (_, nth) => packed.slice(nth * PIECE_BYTES, (nth + 1) * PIECE_BYTES));
};

const pieceName = (round: number, nth: number | ''): string => `${round}#piece${nth}`;

const pieceItem = z.object({ sk: z.string(), piece: z.string() });

/** The input of a recorded round; undefined when it was not kept, or when it is not what was recorded: the bytes are
 *  believed only when they have the hash that the record names. */
export const recordedInput = async (
  store: Store,
  cluster: string,
  of: Pick<TurnRecord, 'turn' | 'round' | 'inputHash'>,
): Promise<PlanInput | undefined> => {
  const items = await store.list(inputPartition(cluster), {
    prefix: inputKey(cluster, of.turn, pieceName(of.round, '')).sk,
  });
  if (items.length === 0) return undefined;
  const packed = items
    .map((item) => pieceItem.parse(item))
    .sort((a, b) => nth(a.sk) - nth(b.sk))
    .map(({ piece }) => piece)
    .join('');
  const recorded = z.custom<PlanInput>((value) => hashOf(value) === of.inputHash);
  const parsed = recorded.safeParse(JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString()));
  return parsed.success ? parsed.data : undefined;
};

const nth = (sortKey: string): number => Number(sortKey.split('#piece')[1]);

/** Rows of our own making, which only people read. */
const isRow = (value: unknown): boolean => typeof value === 'object' && value !== null;

const turnRecord: z.ZodMiniType<TurnRecord> = z.object({
  schemaVersion: z.literal(1),
  turn: z.string(),
  round: z.number(),
  at: z.number(),
  inputHash: z.string(),
  planHash: z.string(),
  pieces: z.number(),
  actions: z.number(),
  blocked: z.number(),
  unread: z.array(z.string()),
  nowUsdPerHour: z.number(),
  boughtUsdPerHour: z.number(),
  sentences: z.array(z.string()),
  drains: z._default(z.array(z.custom<Departure>(isRow)), []),
  brakes: z._default(z.array(z.custom<Blocked>(isRow)), []),
});

/** The latest rounds, newest first. Records that another version wrote are left out. */
export const latestRounds = async (
  store: Store,
  cluster: string,
  limit: number,
): Promise<readonly TurnRecord[]> => {
  const items = await store.list(historyPartition(cluster), { newestFirst: true, limit });
  return items.flatMap((item) => {
    const parsed = turnRecord.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
};
