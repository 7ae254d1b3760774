// Values by reference, `ssm:/path`, from the parameter store of one region.
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Millis } from '../core/model/machine';
import { Failure } from '../engine/failure';
import type { Clock, Secrets } from '../engine/ports';
import { type AwsOptions, clientConfig } from './client';
import { failureOf } from './failures';
import type * as SsmSdk from './ssm-sdk';

export type SsmOptions = AwsOptions & {
  readonly region: string;
  /** How long a value is believed, in milliseconds; a minute when absent. Reads share 40 calls a second of the account. */
  readonly cacheMs?: number;
};

/** Names asked for at the same time go out in one call; a value is kept for a short time, a failure never. */
export class SsmSecrets implements Secrets {
  readonly #options: SsmOptions;
  readonly #clock: Clock;
  readonly #values = new Map<string, { readonly value: Promise<string>; readonly until: Millis }>();
  #waiting: Waiting[] = [];
  #connection: Promise<Connection> | undefined;

  constructor(options: SsmOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** @throws Failure('permanent') for a reference that is not `ssm:`, and for a parameter that is missing or forbidden. */
  async resolve(reference: string): Promise<string> {
    const name = nameIn(reference);
    const known = this.#values.get(name);
    if (known !== undefined && this.#clock.now() < known.until) return known.value;
    const value = this.#ask(name);
    const entry = { value, until: this.#clock.now() + (this.#options.cacheMs ?? CACHE_MS) };
    this.#values.set(name, entry);
    value.catch(() => {
      if (this.#values.get(name) === entry) this.#values.delete(name);
    });
    return value;
  }

  /** Closes the sockets; a later call opens new ones. */
  async close(): Promise<void> {
    const open = this.#connection;
    this.#connection = undefined;
    (await open)?.client.destroy();
  }

  // The first name of a burst leads it; the others join before the microtask runs.
  #ask(name: string): Promise<string> {
    const isFirst = this.#waiting.length === 0;
    const value = new Promise<string>((resolve, reject) => {
      this.#waiting.push({ name, resolve, reject });
    });
    if (isFirst) queueMicrotask(() => void this.#flush());
    return value;
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const names = [...new Set(waiting.map(({ name }) => name))];
    const answers = new Map<string, string | Failure>();
    for (let from = 0; from < names.length; from += BATCH) {
      const batch = names.slice(from, from + BATCH);
      for (const [name, answer] of await this.#fetch(batch)) answers.set(name, answer);
    }
    for (const { name, resolve, reject } of waiting) {
      const answer = answers.get(name) ?? missing(name, this.#options.region);
      if (answer instanceof Failure) reject(answer);
      else resolve(answer);
    }
  }

  // One forbidden or malformed name fails the call for all, so a refused batch is asked again name by name.
  async #fetch(names: readonly string[]): Promise<ReadonlyMap<string, string | Failure>> {
    const { region } = this.#options;
    try {
      this.#connection ??= connect(this.#options);
      const { sdk, client } = await this.#connection;
      const answer = await client.send(
        new sdk.GetParametersCommand({ Names: [...names], WithDecryption: true }),
      );
      const found = (answer.Parameters ?? []).flatMap((parameter) =>
        names
          .filter((name) => isNamed(name, parameter))
          .map((name) => [name, parameter.Value ?? missing(name, region)] as const),
      );
      return new Map(found);
    } catch (error) {
      const doing = `Reading ${names.join(', ')} from the parameter store in ${region}`;
      const failure = failureOf(error, { doing, nature: 'question' });
      if (failure.kind !== 'permanent' || names.length === 1) {
        return new Map(names.map((name) => [name, failure]));
      }
      const singly = await Promise.all(names.map((name) => this.#fetch([name])));
      return new Map(singly.flatMap((answers) => [...answers]));
    }
  }
}

/**
 * An image by reference: `ssm:/aws/service/...` (AWS's and the distributions' public ones), `ssm:/...` of one's own, or an
 * AMI id, which is returned as it is. Secrets must be those of the pool's region.
 * @throws Failure('permanent') when the parameter does not hold an AMI id.
 */
export const resolveImage = async (secrets: Secrets, reference: string): Promise<string> => {
  const value = reference.startsWith(PREFIX) ? (await secrets.resolve(reference)).trim() : reference;
  if (/^ami-[0-9a-z]+$/.test(value)) return value;
  throw new Failure('permanent', `The image reference ${reference} does not lead to an AMI id.`, {
    code: 'NotAnImage',
    advice: 'Give an AMI id, or ssm: and the name of a parameter that holds one.',
  });
};

type Waiting = {
  readonly name: string;
  readonly resolve: (value: string) => void;
  readonly reject: (failure: Failure) => void;
};
type Connection = { readonly sdk: typeof SsmSdk; readonly client: SSMClient };

const PREFIX = 'ssm:';
const CACHE_MS = 60_000;
/** SSM's limit for one GetParameters. */
const BATCH = 10;
const ATTEMPTS = 3;

const connect = async (options: SsmOptions): Promise<Connection> => {
  const sdk = await import('./ssm-sdk');
  return {
    sdk,
    client: new sdk.SSMClient({ ...clientConfig(options.region, options), maxAttempts: ATTEMPTS }),
  };
};

// The reference itself is not repeated: what is no reference may be the secret.
const nameIn = (reference: string): string => {
  const name = reference.startsWith(PREFIX) ? reference.slice(PREFIX.length) : '';
  if (name !== '') return name;
  throw new Failure(
    'permanent',
    'A value was to be read from the parameter store, but it is not named by ssm:/path.',
    {
      code: 'NotAReference',
    },
  );
};

// A name may carry a version or a label (`/x:3`), which the answer gives apart from the name.
const isNamed = (
  name: string,
  parameter: {
    readonly Name?: string | undefined;
    readonly Selector?: string | undefined;
    readonly Version?: number | undefined;
    readonly ARN?: string | undefined;
  },
): boolean =>
  name === parameter.Name ||
  name === parameter.ARN ||
  name === `${parameter.Name ?? ''}${parameter.Selector ?? ''}` ||
  name === `${parameter.Name ?? ''}:${parameter.Version ?? ''}`;

const missing = (name: string, region: string): Failure =>
  new Failure('permanent', `The parameter ${name} does not exist in ${region}.`, {
    code: 'ParameterNotFound',
    advice: `Create it (aws ssm put-parameter --name ${name}, as SecureString where it is a secret), or correct the reference.`,
  });
