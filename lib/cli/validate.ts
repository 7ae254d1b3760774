// muster validate: is this muster.yaml right?
import { formatFault } from '../config/fault';
import { jsonSchema } from '../config/json-schema';
import { type Parsed, parseSpec } from '../config/parse';
import type { Spec } from '../core/model/spec';
import { INVALID } from './spec-file';
import { isSet, readText, type Terminal, UsageError, type Verb } from './verb';

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
    const results: Result[] = [];
    for (const file of words.positionals)
      results.push({ file, parsed: parseSpec(await readText(file, terminal), file) });
    if (isSet(words, 'json'))
      terminal.out(`${JSON.stringify({ schemaVersion: 1, files: results.map(asJson) }, null, 2)}\n`);
    else for (const result of results) tell(result, terminal);
    return results.some(({ parsed }) => 'faults' in parsed) ? INVALID : 0;
  },
};

type Result = { readonly file: string; readonly parsed: Parsed };

const asJson = ({ file, parsed }: Result) =>
  'faults' in parsed
    ? { file, faults: parsed.faults, notes: [] }
    : { file, faults: [], notes: notesOn(parsed.spec), spec: parsed.spec };

/** Clouds that this version has an adapter for. */
const SERVED: ReadonlySet<string> = new Set(['aws']);

/** What is no fault of the file, and yet the reader has to know. */
const notesOn = (spec: Spec): readonly string[] =>
  spec.pools
    .filter(({ cloud }) => !SERVED.has(cloud))
    .map(
      ({ name, cloud }) =>
        `the pool ${name} is on ${cloud}, which this version cannot read or buy from yet: nothing will be bought for it.`,
    );

const tell = ({ file, parsed }: Result, terminal: Terminal): void => {
  if ('spec' in parsed) {
    const pools = parsed.spec.pools.map(({ name }) => name).join(', ');
    terminal.out(`${file} is right: cluster ${parsed.spec.cluster}, pools ${pools}.\n`);
    for (const note of notesOn(parsed.spec)) terminal.err(`${file}: ${note}\n`);
    return;
  }
  for (const fault of parsed.faults) terminal.err(`${formatFault(fault)}\n`);
  terminal.out(`${file}: ${parsed.faults.length} fault${parsed.faults.length === 1 ? '' : 's'}.\n`);
};
