// Parameter store: names, versions and SecureStrings (shown encrypted unless asked to decrypt).
import type { Millis } from '../core/model/machine';
import { AwsFailure } from './aws-failure';

export type ParameterType = 'String' | 'StringList' | 'SecureString';
export type Parameter = {
  readonly Name: string;
  readonly Type: ParameterType;
  readonly Value: string;
  readonly Version: number;
  readonly LastModifiedDate: string;
  readonly ARN: string;
  readonly DataType: 'text';
};
export type PutParameterInput = {
  readonly Name: string;
  readonly Value: string;
  readonly Type?: ParameterType;
  readonly Overwrite?: boolean;
};

/** Each throws AwsFailure (ParameterNotFound, ParameterAlreadyExists, ValidationException). */
export type Ssm = {
  PutParameter(input: PutParameterInput): { readonly Version: number; readonly Tier: 'Standard' };
  GetParameter(input: { readonly Name: string; readonly WithDecryption?: boolean }): {
    readonly Parameter: Parameter;
  };
  GetParameters(input: { readonly Names: readonly string[]; readonly WithDecryption?: boolean }): {
    readonly Parameters: readonly Parameter[];
    readonly InvalidParameters: readonly string[];
  };
  /** At most ten a page, as SSM gives them. */
  GetParametersByPath(input: {
    readonly Path: string;
    readonly Recursive?: boolean;
    readonly WithDecryption?: boolean;
    readonly MaxResults?: number;
    readonly NextToken?: string;
  }): { readonly Parameters: readonly Parameter[]; readonly NextToken?: string };
};

export type SsmPlace = { readonly account: string; readonly region: string; now(): Millis };

export const createSsm = (place: SsmPlace): Ssm => {
  const stored = new Map<string, Parameter>();
  const find = (name: string, isDecrypted: boolean | undefined): Parameter | undefined => {
    // `name:3` and `name:label` select a version; only the newest is kept here.
    const [bare = name, version] = name.split(':');
    const parameter = stored.get(bare);
    if (parameter === undefined || (version !== undefined && version !== String(parameter.Version)))
      return undefined;
    return parameter.Type === 'SecureString' && isDecrypted !== true ? sealed(parameter) : parameter;
  };
  return {
    PutParameter: (input) => put(stored, place, input),
    GetParameter: ({ Name, WithDecryption }) => {
      const parameter = find(Name, WithDecryption);
      if (parameter === undefined) throw new AwsFailure('ParameterNotFound', `Parameter ${Name} not found.`);
      return { Parameter: parameter };
    },
    GetParameters: ({ Names, WithDecryption }) => {
      if (Names.length > 10)
        throw new AwsFailure('ValidationException', 'At most 10 names can be asked for at once.');
      const found = Names.map((name) => ({ name, parameter: find(name, WithDecryption) }));
      return {
        Parameters: found.flatMap(({ parameter }) => (parameter === undefined ? [] : [parameter])),
        InvalidParameters: found.filter(({ parameter }) => parameter === undefined).map(({ name }) => name),
      };
    },
    GetParametersByPath: (input) => {
      const base = input.Path.endsWith('/') ? input.Path : `${input.Path}/`;
      const names = [...stored.keys()]
        .filter(
          (name) =>
            name.startsWith(base) && (input.Recursive === true || !name.slice(base.length).includes('/')),
        )
        .sort();
      const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
      const size = Math.min(input.MaxResults ?? 10, 10);
      const page = names.slice(from, from + size).flatMap((name) => find(name, input.WithDecryption) ?? []);
      return from + size < names.length
        ? { Parameters: page, NextToken: String(from + size) }
        : { Parameters: page };
    },
  };
};

const put = (
  stored: Map<string, Parameter>,
  place: SsmPlace,
  input: PutParameterInput,
): { Version: number; Tier: 'Standard' } => {
  const before = stored.get(input.Name);
  if (before !== undefined && input.Overwrite !== true) {
    throw new AwsFailure(
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    );
  }
  const type = input.Type ?? before?.Type;
  if (type === undefined)
    throw new AwsFailure('ValidationException', 'A parameter type is required when you create a parameter.');
  if (input.Value === '' || input.Value.length > 4096) {
    throw new AwsFailure('ValidationException', 'A standard parameter holds between 1 and 4096 characters.');
  }
  const version = (before?.Version ?? 0) + 1;
  const slash = input.Name.startsWith('/') ? '' : '/';
  stored.set(input.Name, {
    Name: input.Name,
    Type: type,
    Value: input.Value,
    Version: version,
    LastModifiedDate: new Date(place.now()).toISOString(),
    ARN: `arn:aws:ssm:${place.region}:${place.account}:parameter${slash}${input.Name}`,
    DataType: 'text',
  });
  return { Version: version, Tier: 'Standard' };
};

/** Stands for ciphertext: it must not show the value. */
const sealed = (parameter: Parameter): Parameter => ({
  ...parameter,
  Value: `AQICAH${Buffer.from(`${parameter.Name}#${parameter.Version}`).toString('base64')}`,
});
