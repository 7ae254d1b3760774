// Schedules whose window is open at a given instant. Cron expressions are read in their named time zone, so an office
// day begins at seven in winter and in summer.
import { Cron } from 'croner';
import type { Millis } from '../core/model/machine';
import type { Schedule } from '../core/model/spec';
import type { OpenSchedule } from '../core/model/world';

/** A cron that fires every minute for a day has this many starts: the search never runs further. */
const MOST_STARTS = 10_000;

export const calendar = {
  open: (schedules: readonly Schedule[], now: Millis): readonly OpenSchedule[] =>
    schedules.flatMap((schedule) => {
      const start = lastStart(schedule, now);
      if (start === undefined) return [];
      return [{ name: schedule.name, pool: schedule.pool, min: schedule.min, until: start + schedule.forMs }];
    }),
};

/** The latest start of a window that is still open at `now`. */
const lastStart = ({ cron, zone, forMs }: Schedule, now: Millis): Millis | undefined => {
  const clock = new Cron(cron, { timezone: zone, paused: true });
  let latest: Millis | undefined;
  // A start exactly `forMs` ago has just closed, and nextRun looks strictly after what it is given.
  let start = clock.nextRun(new Date(now - forMs))?.getTime();
  for (let tries = 0; start !== undefined && start <= now && tries < MOST_STARTS; tries += 1) {
    latest = start;
    start = clock.nextRun(new Date(start))?.getTime();
  }
  return latest;
};
