// The one place that reads the time. Everything else is given a Clock or an instant.
import type { Clock } from './ports';

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    }),
};
