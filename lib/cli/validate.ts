// muster validate: is this muster.yaml right?
import { formatFault } from '../config/fault';
import { jsonSchema } from '../config/json-schema';
import { parseSpec } from '../config/parse';
import { INVALID } from './spec-file';
import { isSet, UsageError, type Verb } from './verb';

export const validate: Verb = {
  name: 'validate',
  summary: 'Check a muster.yaml: all faults at once, each with its line.',
  operands: 'FILE...',
  options: { schema: { type: 'boolean' } },
  help: { schema: 'Print the JSON Schema of muster.yaml for an editor.' },
  example: 'muster validate examples/aws-minimal.yaml',
  codes: { 2: 'a file has faults' },
  run: async (words, terminal) => {
    if (isSet(words, 'schema')) {
      terminal.out(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
      return 0;
    }
    if (words.positionals.length === 0) throw new UsageError('Name at least one file.');
    const results = [];
    for (const file of words.positionals) {
      const parsed = parseSpec(await terminal.readFile(file), file);
      results.push({
        file,
        faults: 'faults' in parsed ? parsed.faults : [],
        ...('spec' in parsed ? { spec: parsed.spec } : {}),
      });
    }
    if (isSet(words, 'json'))
      terminal.out(`${JSON.stringify({ schemaVersion: 1, files: results }, null, 2)}\n`);
    else
      for (const { file, faults, spec } of results) {
        for (const fault of faults) terminal.err(`${formatFault(fault)}\n`);
        const pools = spec?.pools.map(({ name }) => name).join(', ') ?? '';
        terminal.out(
          faults.length === 0
            ? `${file} is right: cluster ${spec?.cluster ?? ''}, pools ${pools}.\n`
            : `${file}: ${faults.length} faults.\n`,
        );
      }
    return results.some(({ faults }) => faults.length > 0) ? INVALID : 0;
  },
};
