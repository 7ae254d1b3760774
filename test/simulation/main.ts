// `npm run sim -- --seeds N --hours H [--seed S] [--processes P] [--calm H] [--skew SECONDS]
// [--only F1,F2] [--story] [--once]`: plays seeds, each
// twice to the same bytes, and tells what was found.
import { parseArgs } from 'node:util';
import { type SimResult, simulate } from './simulator';
import { story, totals } from './story';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    hours: { type: 'string', default: '6' },
    calm: { type: 'string', default: '2' },
    seed: { type: 'string' },
    processes: { type: 'string', default: '3' },
    skew: { type: 'string' },
    only: { type: 'string' },
    story: { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
  },
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const first = Number(values.seed ?? 1);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const results: SimResult[] = [];
let different = 0;
const began = process.cpuUsage();
let played = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const options = {
    seed,
    hours: Number(values.hours),
    calmHours: Number(values.calm),
    processes: Number(values.processes),
    ...(values.skew === undefined ? {} : { skewMs: Number(values.skew) * 1000 }),
    ...(values.only === undefined ? {} : { faults: values.only.split(',') }),
  };
  const result = await simulate(options);
  played += result.simulatedMs;
  if (!values.once) {
    const again = await simulate(options);
    played += again.simulatedMs;
    if (again.digest !== result.digest) {
      different += 1;
      print(`seed ${seed} played twice gave ${result.digest} and ${again.digest}`);
    }
  }
  results.push({ ...result, lines: [] });
  if (result.violation !== undefined || values.story)
    print(story(result, { isWhole: values.story, ...options }));
}
const cpu = process.cpuUsage(began);
print(totals(results, { cpuMs: (cpu.user + cpu.system) / 1000, playedMs: played, different }));
process.exitCode = different > 0 || results.some(({ violation }) => violation !== undefined) ? 1 : 0;
