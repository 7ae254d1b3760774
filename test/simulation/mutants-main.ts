// `npm run sim:mutants -- [--seeds N] [--hours H] [--only TEXT]`: plays each mutant until it is found, and prints the table
// of docs/simulation.md.
import { parseArgs } from 'node:util';
import { hunt } from './hunt';
import { MUTANTS } from './mutants';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '30' },
    hours: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);

print('| mutant | broken | seed | at |');
print('|---|---|---|---|');
let missed = 0;
for (const mutant of MUTANTS.filter(({ name }) => name.includes(values.only))) {
  const found = await hunt(mutant, { seeds: Number(values.seeds), hours: Number(values.hours) });
  if (found === undefined) missed += 1;
  print(
    found === undefined
      ? `| ${mutant.name} | **not found** | ${values.seeds} | |`
      : `| ${mutant.name} | ${found.invariant} | ${found.seed} | ${(found.afterMs / 3_600_000).toFixed(1)} h |`,
  );
}
process.exitCode = missed > 0 ? 1 : 0;
