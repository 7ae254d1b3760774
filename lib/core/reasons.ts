// Every row of the queue ends as one line of the plan: where its instances go, or why not. Nothing is forgotten.
import { type Classified, isDemand } from './demand';
import type { FitLine } from './fit';
import { isHeadroom } from './headroom';
import type { RunSpec } from './model/app';
import type { Blocked, DemandLine } from './model/plan';
import type { FindObstacle, Obstacle } from './obstacles';

export const linesOf = (
  queue: readonly Classified[],
  fitted: readonly FitLine[],
  futile: ReadonlySet<RunSpec>,
  obstacleOf: FindObstacle,
): readonly DemandLine[] => {
  const answers = new Map(fitted.map((line) => [line.want.runSpec, line]));
  return queue.map(({ item, verdict, why }): DemandLine => {
    const { runSpec, since, count } = item;
    const answer = answers.get(runSpec);
    const shared = { runSpec: runSpec.id, each: runSpec.each, since, count };
    const nowhere = { onExisting: 0, onComing: 0, onBought: 0, unplaced: count };
    if (futile.has(runSpec))
      return {
        ...shared,
        ...nowhere,
        verdict: 'futile',
        why: `${why}; agents bought for it stand ready and are not taken`,
      };
    if (!isDemand(verdict)) return { ...shared, ...nowhere, verdict, why };
    if (answer === undefined) return { ...shared, ...nowhere, verdict, why: `${why}; ${UNSEEN}` };
    const { onExisting, onComing, onBought, unplaced } = answer;
    const reason = unplaced > 0 ? `${why}; ${obstacleOf(answer).why}` : why;
    return { ...shared, onExisting, onComing, onBought, unplaced, verdict, why: reason };
  });
};

const UNSEEN = 'not all agents are seen, so that is not believed yet';

/** What stays unplaced, as blocked entries: rows of the queue, and headroom that cannot be had. */
export const refusals = (
  lines: readonly DemandLine[],
  fitted: readonly FitLine[],
  obstacleOf: FindObstacle,
): readonly Blocked[] => {
  const answers = new Map(fitted.map((line) => [line.want.runSpec.id, line]));
  const rows = lines
    .filter((line) => line.unplaced > 0)
    .map((line): Blocked => {
      const { code, until } = codeOf(line, answers.get(line.runSpec), obstacleOf);
      const when = until === undefined ? {} : { until };
      return {
        step: 'scale-out',
        code,
        subject: line.runSpec,
        count: line.unplaced,
        why: line.why,
        ...when,
      };
    });
  const room = fitted
    .filter((line) => isHeadroom(line.want.runSpec.id) && line.unplaced > 0)
    .map((line): Blocked => {
      const subject = line.want.runSpec.id;
      return { step: 'scale-out', subject, count: line.unplaced, ...obstacleOf(line) };
    });
  return [...rows, ...room];
};

const codeOf = (
  line: DemandLine,
  answer: FitLine | undefined,
  obstacleOf: FindObstacle,
): Pick<Obstacle, 'code' | 'until'> => {
  const { verdict } = line;
  if (verdict !== 'capacity' && verdict !== 'constraint' && verdict !== 'role') return { code: verdict };
  if (answer === undefined) return { code: 'stale-view' };
  const obstacle = obstacleOf(answer);
  const isRole = verdict === 'role' && answer.leftover === 'no-pool' && obstacle.code === 'constraint';
  return isRole ? { code: 'role' } : obstacle;
};
