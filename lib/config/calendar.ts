// Schedules whose window is open at a given instant. Cron expressions are read in their named time zone, so an office
// day begins at seven in winter and in summer.
import type { Cron } from 'croner';
import type { Millis } from '../core/model/machine';
import type { Schedule } from '../core/model/spec';
import type { OpenSchedule } from '../core/model/world';

/** A cron that fires every minute for a day has this many starts: the search never runs further. */
const MOST_STARTS = 10_000;

export const calendar = {
  /** Who has no schedule does not load the reader of cron expressions either. */
  open: async (schedules: readonly Schedule[], now: Millis): Promise<readonly OpenSchedule[]> => {
    if (schedules.length === 0) return [];
    const croner = await import('croner');
    return schedules.flatMap(({ name, pool, min, cron, zone, forMs, drain }) => {
      const clock = new croner.Cron(cron, { timezone: zone, paused: true });
      const since = lastStart(clock, forMs, now);
      if (since === undefined) return [];
      const until = since + forMs;
      return [{ name, pool, min, until, ...(drain === undefined ? {} : { drain: { ...drain, since } }) }];
    });
  },
  /** Every window that is open at some time between the two, by its start; at most 10,000 of each schedule. */
  between: async (schedules: readonly Schedule[], from: Millis, to: Millis): Promise<readonly Opening[]> => {
    const croner = await import('croner');
    return schedules
      .flatMap((schedule) => {
        const clock = new croner.Cron(schedule.cron, { timezone: schedule.zone, paused: true });
        return startsBetween(clock, from - schedule.forMs, to).map((start) => ({
          schedule,
          start,
          end: start + schedule.forMs,
        }));
      })
      .sort((a, b) => a.start - b.start || (a.schedule.name < b.schedule.name ? -1 : 1));
  },
};

export type Opening = { readonly schedule: Schedule; readonly start: Millis; readonly end: Millis };

const startsBetween = (clock: Cron, after: Millis, before: Millis): readonly Millis[] => {
  const starts: Millis[] = [];
  let start = clock.nextRun(new Date(after))?.getTime();
  while (start !== undefined && start < before && starts.length < MOST_STARTS) {
    starts.push(start);
    start = clock.nextRun(new Date(start))?.getTime();
  }
  return starts;
};

/** The latest start of a window that is still open at `now`. */
const lastStart = (clock: Cron, forMs: number, now: Millis): Millis | undefined => {
  let latest: Millis | undefined;
  // A start exactly `forMs` ago has just closed, and nextRun looks strictly after what it is given.
  let start = clock.nextRun(new Date(now - forMs))?.getTime();
  for (let tries = 0; start !== undefined && start <= now && tries < MOST_STARTS; tries += 1) {
    latest = start;
    start = clock.nextRun(new Date(start))?.getTime();
  }
  return latest;
};
