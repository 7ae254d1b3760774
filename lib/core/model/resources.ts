// Amounts of what a machine has and a task needs. Everything is a whole number so that sums are exact and
// the same input gives the same bytes: Mesos' three decimals of a cpu are milli-cpus, its megabytes are MiB.
// Borders round a need up and a supply down.

/** Milli-cpus, MiB of memory and disk, whole GPUs, number of ports. All >= 0 except as a difference. */
export type Resources = {
  readonly cpuMilli: number;
  readonly memMib: number;
  readonly diskMib: number;
  readonly gpus: number;
  readonly ports: number;
};

export const NOTHING: Resources = { cpuMilli: 0, memMib: 0, diskMib: 0, gpus: 0, ports: 0 };

/** The dimensions, in the order in which Marathon's reject funnel looks at them (semantics §2.4). */
export const DIMENSIONS = ['cpuMilli', 'memMib', 'diskMib', 'gpus', 'ports'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

const combine = (a: Resources, b: Resources, f: (x: number, y: number) => number): Resources => ({
  cpuMilli: f(a.cpuMilli, b.cpuMilli),
  memMib: f(a.memMib, b.memMib),
  diskMib: f(a.diskMib, b.diskMib),
  gpus: f(a.gpus, b.gpus),
  ports: f(a.ports, b.ports),
});

export const add = (a: Resources, b: Resources): Resources => combine(a, b, (x, y) => x + y);
export const subtract = (a: Resources, b: Resources): Resources => combine(a, b, (x, y) => x - y);
export const times = (a: Resources, n: number): Resources => combine(a, a, (x) => x * n);
export const atLeastNothing = (a: Resources): Resources => combine(a, a, (x) => Math.max(0, x));

/** True when every dimension of `need` is at most that of `room`. */
export const fits = (need: Resources, room: Resources): boolean =>
  need.cpuMilli <= room.cpuMilli &&
  need.memMib <= room.memMib &&
  need.diskMib <= room.diskMib &&
  need.gpus <= room.gpus &&
  need.ports <= room.ports;

/** The first dimension, in funnel order, of which `room` has too little; undefined when it fits. */
export const firstShortage = (need: Resources, room: Resources): Dimension | undefined =>
  DIMENSIONS.find((dimension) => need[dimension] > room[dimension]);
