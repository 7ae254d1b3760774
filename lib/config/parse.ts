// muster.yaml → spec. Strict, and all faults at once: an operator should fix a file in one go.
import type { Spec } from '../core/model/spec';
import { crossChecks } from './checks';
import { compile } from './compile';
import { readYaml } from './document';
import type { Fault } from './fault';
import { inFileOrder } from './fault';
import { fileSchema } from './file-schema';
import { findingsOf, phraseOf, toFault } from './issues';
import { readParts } from './parts';

export type Parsed = { readonly spec: Spec } | { readonly faults: readonly Fault[] };

/** Reads one muster.yaml. `file` is only a name for the faults. Never throws for what is in the text, and no fault
 *  repeats a value that could be a secret. A file that is not YAML has only its faults of syntax reported. */
export const parseSpec = (text: string, file: string): Parsed => {
  const yaml = readYaml(text, file);
  if ('fatal' in yaml) return { faults: inFileOrder(yaml.fatal) };
  if (!isMap(yaml.value)) return { faults: [notAMap(yaml.value, file)] };

  const result = fileSchema.safeParse(yaml.value, { error: phraseOf });
  const findings = [
    ...(result.success ? [] : findingsOf(result.error.issues, yaml.value)),
    ...crossChecks(readParts(yaml.value)),
  ];
  const faults = [...yaml.faults, ...findings.map((finding) => toFault(finding, file, yaml))];
  if (faults.length > 0 || !result.success) return { faults: inFileOrder(faults) };
  return { spec: compile(result.data) };
};

const isMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const notAMap = (value: unknown, file: string): Fault => ({
  file,
  line: 1,
  column: 1,
  path: '',
  problem:
    value === null || value === undefined ? 'the file is empty' : 'the file does not hold a map of keys',
  advice: 'Begin with version: 1 and cluster: NAME; examples/aws-minimal.yaml is a whole file',
});
