// What a person reads of a run: the story of a violation, and the sums of many seeds.
import { printed } from './journal';
import type { SimResult } from './simulator';

/** The last lines about the subject, the sentence that was broken, and how to see it again. */
export const story = (
  result: SimResult,
  how: {
    readonly isWhole: boolean;
    readonly hours: number;
    readonly calmHours: number;
    readonly processes: number;
  },
): string => {
  const { violation, seed, lines } = result;
  const about = violation?.subject ?? '';
  const chosen = how.isWhole
    ? lines
    : lines.filter(({ subject, text, who }) => `${who} ${subject} ${text}`.includes(about)).slice(-30);
  const told = [...chosen, ...(how.isWhole ? [] : lines.slice(-12))];
  const broken =
    violation === undefined
      ? []
      : [`BROKEN ${violation.invariant}: ${violation.sentence}`, `  ${violation.text}`];
  return [
    `seed ${seed}, ${lines.length} lines, ${result.digest}`,
    ...[...new Set(told)].map((line) => `  ${printed(line)}`),
    ...broken,
    `  again: npm run sim -- --seed ${seed} --hours ${how.hours} --calm ${how.calmHours} --processes ${how.processes} --story`,
  ].join('\n');
};

export const totals = (
  results: readonly SimResult[],
  run: { readonly cpuMs: number; readonly playedMs: number; readonly different: number },
): string => {
  const sum = (of: (result: SimResult) => number): number =>
    results.reduce((total, one) => total + of(one), 0);
  const hours = sum(({ simulatedMs }) => simulatedMs) / 3_600_000;
  const broken = new Map<string, number[]>();
  for (const { violation, seed } of results)
    if (violation !== undefined)
      broken.set(violation.invariant, [...(broken.get(violation.invariant) ?? []), seed]);
  return [
    `${results.length} seeds, ${hours.toFixed(1)} simulated hours, ${sum(({ turns }) => turns)} turns, ${sum(({ steps }) => steps)} steps, ${(sum(({ agents }) => agents) / results.length).toFixed(0)} machines at the end, ${sum(({ deadLetters }) => deadLetters)} dead letters`,
    `${(run.cpuMs / 1000).toFixed(1)} s of cpu: ${Math.round(run.playedMs / run.cpuMs)} times real time a core`,
    `deeds: ${counted(results.map(({ deeds }) => deeds))}`,
    `faults: ${counted(results.map(({ faults }) => faults))}`,
    `violations: ${broken.size === 0 ? 'none' : [...broken].map(([name, seeds]) => `${name} in seeds ${seeds.join(' ')}`).join('; ')}${run.different === 0 ? '' : `; ${run.different} seeds gave different bytes`}`,
  ].join('\n');
};

const counted = (maps: readonly ReadonlyMap<string, number>[]): string => {
  const sums = new Map<string, number>();
  for (const [name, count] of maps.flatMap((map) => [...map])) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
};
