// Time in work units: a clock would make the plan depend on the machine's mood, so inner loops report what they did
// and the box ends when its units are spent. A unit is half a million simple steps, about a millisecond on a 2020s core.

export type Meter = { spent: number; readonly limit: number };

export const STEPS_PER_UNIT = 500_000;

export const spend = (meter: Meter, steps: number): void => {
  meter.spent += steps / STEPS_PER_UNIT;
};

export const isSpent = (meter: Meter): boolean => meter.spent >= meter.limit;

/** Runs `job` on a part of what is left, and charges the whole with what it took. */
export const within = <T>(meter: Meter, units: number, job: (part: Meter) => T): T => {
  const part: Meter = { spent: 0, limit: Math.max(0, Math.min(units, meter.limit - meter.spent)) };
  const result = job(part);
  meter.spent += part.spent;
  return result;
};
