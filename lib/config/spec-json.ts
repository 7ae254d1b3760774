// The compiled specs, as they ship with the functions. They are our own output beside our own code, and a function reads
// them at every cold start: the hash of each tells that it is what was compiled, so no second schema has to say so again.
import type { Spec } from '../core/model/spec';
import { specHash, SPEC_VERSION } from './compile';

const AGAIN = 'Compile muster.yaml again and deploy.';

/** Reads what `JSON.stringify` wrote of a list of specs. Throws an Error that says what to do when the text is cut short,
 *  or a spec was compiled by a version of another form or edited by hand. */
export const readSpecsJson = (json: string): readonly Spec[] => {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (cause) {
    throw new Error(`The compiled specs are not JSON: they may be cut short. ${AGAIN}`, { cause });
  }
  if (!Array.isArray(raw)) throw new Error(`The compiled specs are not a list. ${AGAIN}`);
  return raw.map(compiled);
};

const compiled = (raw: unknown): Spec => {
  if (typeof raw !== 'object' || raw === null || Reflect.get(raw, 'version') !== SPEC_VERSION)
    throw new Error(
      `A compiled spec is not of version ${SPEC_VERSION}, which this version of Muster reads. ${AGAIN}`,
    );
  if (!isAsCompiled(raw))
    throw new Error(
      `A compiled spec is not what its hash says: it was changed after it was compiled. ${AGAIN}`,
    );
  return raw;
};

const isAsCompiled = (raw: object): raw is Spec => 'hash' in raw && specHash(raw) === raw.hash;
