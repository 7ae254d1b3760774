// muster render: what a new machine of a pool runs.
import { render as renderBootstrap } from '../bootstrap/render';
import { INVALID, readSpec } from './spec-file';
import { isSet, textOf, UsageError, type Verb } from './verb';

export const render: Verb = {
  name: 'render',
  summary: "Print the user data of a pool's machines.",
  operands: 'FILE --pool NAME',
  options: { pool: { type: 'string' }, image: { type: 'string' } },
  help: {
    pool: 'Name of the pool; may be left out when there is one.',
    image: 'Image id to record, where the pool has a reference.',
  },
  example: 'muster render examples/aws-minimal.yaml --pool web',
  codes: { 2: 'the file has faults' },
  run: async (words, terminal) => {
    const [file, ...rest] = words.positionals;
    if (file === undefined || rest.length > 0) throw new UsageError('Name one muster.yaml.');
    const spec = await readSpec(file, terminal);
    if (spec === undefined) return INVALID;
    const name = textOf(words, 'pool') ?? (spec.pools.length === 1 ? spec.pools[0]?.name : undefined);
    const pool = spec.pools.find((one) => one.name === name);
    if (pool === undefined)
      throw new UsageError(
        `Name a pool with --pool; ${file} has ${spec.pools.map((one) => one.name).join(', ')}.`,
      );
    const image = textOf(words, 'image');
    const rendered = renderBootstrap({ pool, spec, ...(image === undefined ? {} : { image }) });
    if (isSet(words, 'json'))
      terminal.out(`${JSON.stringify({ schemaVersion: 1, pool: pool.name, ...rendered }, null, 2)}\n`);
    else {
      terminal.out(rendered.userData);
      terminal.err(`Bootstrap version ${rendered.version}, ${rendered.bytes} bytes.\n`);
    }
    return 0;
  },
};
