// Why an app waits, from the latest recorded round: its plan is made again from what was seen then, to the same bytes.
import { plan } from '../core/plan';
import { type Why, whyOf } from '../core/why';
import { latestRounds, recordedInput } from '../engine/history';
import type { Store } from '../engine/ports';

export type WhyAnswer = Why & {
  readonly schemaVersion: 1;
  readonly cluster: string;
  readonly app: string;
  /** Of the round, in epoch milliseconds; absent before the first. */
  readonly at?: number;
};

/** `app` with or without its leading slash. */
export const whyIn = async (store: Store, cluster: string, asked: string): Promise<WhyAnswer> => {
  const app = asked.startsWith('/') ? asked : `/${asked}`;
  const base = { schemaVersion: 1, cluster, app } as const;
  const [last] = await latestRounds(store, cluster, 1);
  const nothing = { isWaiting: false, cure: [], doing: [] };
  if (last === undefined) return { ...base, ...nothing, why: ['No turn has been recorded yet.'] };
  const input = await recordedInput(store, cluster, last);
  if (input !== undefined) return { ...base, at: last.at, ...whyOf(plan(input), app) };
  // Of an idle round nothing is kept, and of a very large one only its sentences.
  const said = last.sentences.filter((sentence) => sentence.split(/[\s,:]/).includes(app));
  const isWaiting = said.some((sentence) => sentence.startsWith(`${app} wants `));
  const why = said.length > 0 ? said : [`${app} does not wait, as far as the latest turn's record tells.`];
  return { ...base, at: last.at, ...nothing, isWaiting, why };
};
