// What a benchmark prints, and how it measures.
export type Figures = {
  readonly name: string;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly note: string;
};

export const timed = <T>(work: () => T): { readonly value: T; readonly ms: number } => {
  const started = performance.now();
  const value = work();
  return { value, ms: performance.now() - started };
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

export const rssMib = (): number => process.resourceUsage().maxRSS / 1024;

export const printable = (value: number | string): string => {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(4);
};
