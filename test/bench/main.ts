// npm run bench [-- WORDS]: prints every figure of docs/benchmarks.md with the machine, its load and the versions; words
// choose those whose names hold one of them. Correctness is asserted by each; no time is.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { type Figures, printable } from './figures';

type Bench = { readonly name: string; readonly run: () => Promise<readonly Figures[]> };

const BENCHES: readonly Bench[] = [
  { name: 'packing', run: async () => (await import('./pack/pack-bench')).packBenches.map(asFigures) },
  { name: 'karpenter', run: async () => [1000, 5000, 20_000].map((await import('./plans')).karpenterBench) },
  { name: 'big', run: async () => [(await import('./plans')).bigBench()] },
  { name: 'raw', run: async () => [await (await import('./raw')).rawBench()] },
  { name: 'bundles', run: async () => (await import('./bundles')).bundleBenches() },
  {
    name: 'failover',
    run: async () =>
      each(
        [
          { percent: 1, spare: 40 },
          { percent: 10, spare: 40 },
          { percent: 33, spare: 40 },
          { percent: 10, spare: 0 },
        ],
        (await import('./losses')).failoverBench,
      ),
  },
  {
    name: 'spot',
    run: async () =>
      each(
        [
          { noticeS: 120, spare: 0 },
          { noticeS: 120, spare: 25 },
          { noticeS: 30, spare: 0 },
          { noticeS: 30, spare: 25 },
        ],
        (await import('./losses')).spotBench,
      ),
  },
  {
    name: 'drains',
    run: async () =>
      each(
        [
          { agents: 100, tasksEach: 5, spare: 10, drains: 1 },
          { agents: 200, tasksEach: 5, spare: 0, drains: 20 },
        ],
        (await import('./losses')).drainBench,
      ),
  },
  { name: 'storm', run: async () => [await (await import('./storm')).stormBench()] },
];

/** One after the other. */
const each = async <T>(settings: readonly T[], run: (setting: T) => Promise<Figures>): Promise<Figures[]> => {
  const all: Figures[] = [];
  for (const setting of settings) all.push(await run(setting));
  return all;
};

const asFigures = ({
  name,
  run,
}: {
  readonly name: string;
  readonly run: () => Figures['figures'];
}): Figures => ({
  name,
  figures: run(),
  note: 'Verified by an independent check.',
});

const show = ({ name, figures, note }: Figures): void => {
  console.log(`\n${name}`);
  for (const [label, value] of Object.entries(figures))
    console.log(`  ${printable(value).padStart(12)}  ${label}`);
  console.log(`  ${note}`);
};

const packageVersion = (): string => {
  const parsed: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : 'unknown';
};

const [first, ...rest] = process.argv.slice(2);
if (first === '--one') {
  const bench = BENCHES.find(({ name }) => name === rest[0]);
  for (const figures of (await bench?.run()) ?? []) show(figures);
} else {
  const words = first === undefined ? [] : [first, ...rest];
  const load = loadavg()[0] ?? 0;
  console.log(
    `${cpus()[0]?.model ?? 'unknown cpu'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load.toFixed(2)}; Node ${process.version}; Muster ${packageVersion()}`,
  );
  // Each in a process of its own, so that memory and warm code of one do not count for another.
  const chosen = BENCHES.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  const statuses = chosen.map(
    ({ name }) =>
      spawnSync(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', '--one', name], {
        stdio: 'inherit',
      }).status,
  );
  if (statuses.some((status) => status !== 0)) process.exitCode = 1;
}
