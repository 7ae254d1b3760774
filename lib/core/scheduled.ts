// Drains by the calendar. While the window of a schedule is open, the oldest machines that it means are drained, so many at
// a time, by the very path of an operator's wish: budgets, blackout windows and floors hold. Only machines that were there
// when the window opened are meant, or what is bought in their place would be drained as well.
import { attribute } from './join';
import { isLive, type Machine } from './model/machine';
import type { Leaving } from './model/memory';
import type { FactBody } from './model/signal';
import type { OpenSchedule } from './model/world';
import { standingIn, type View } from './view';

type DrainBody = Extract<FactBody, { readonly kind: 'drain' }>;

/** One machine that a schedule means. Of one wave, at most `atOnce` are drained at the same time. */
export type Scheduled = {
  readonly subject: string;
  readonly at: number;
  readonly body: DrainBody;
  readonly atOnce: number;
};

/** The machines that the open windows mean, the oldest first, whether or not their turn has come. */
export const scheduledDrains = (view: View): readonly Scheduled[] =>
  view.world.schedules.flatMap((open): readonly Scheduled[] => {
    const { drain, name, until } = open;
    if (drain === undefined) return [];
    const body: DrainBody = {
      kind: 'drain',
      by: authorOf(name),
      reason: 'it is due by the calendar',
      deadline: until,
      force: false,
    };
    return meant(open, view).map(({ id }) => ({
      subject: id,
      at: drain.since,
      body,
      atOnce: drain.atOnce,
    }));
  });

const authorOf = (name: string): string => `the schedule ${name}`;

const meant = ({ pool, drain }: OpenSchedule, view: View): readonly Machine[] => {
  if (drain === undefined) return [];
  const { attributes, olderThanMs = 0, since } = drain;
  return standingIn(view, pool)
    .filter(({ machine, agent, standing }) => {
      if (agent === undefined || standing !== 'ready' || !isLive(machine)) return false;
      const isOld = machine.launchedAt < since && view.now - machine.launchedAt >= olderThanMs;
      return isOld && Object.entries(attributes).every(([name, value]) => attribute(agent, name) === value);
    })
    .map(({ machine }) => machine)
    .sort((a, b) => a.launchedAt - b.launchedAt || (a.id < b.id ? -1 : 1));
};

/** How many of the same schedule are drained now. */
export const underWay = ({ body }: Scheduled, open: readonly Leaving[]): number =>
  open.filter(({ drain }) => drain?.cause === 'schedule' && drain.by === body.by).length;
