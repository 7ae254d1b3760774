// Connections to AWS, one for each region, made on first use: an SDK client costs tens of milliseconds of a cold
// start, and most turns touch one region.
import type { EC2Client, EC2ClientConfig } from '@aws-sdk/client-ec2';
import type { Clock } from '../engine/ports';
import type * as Ec2Sdk from './ec2-sdk';

/** How to reach AWS. Without `endpoint` and `credentials` the SDK's own rules hold (role, profile, environment). */
export type AwsOptions = {
  readonly clock: Clock;
  /** Where the service answers when it is not AWS itself: the emulated world, a test. */
  readonly endpoint?: string;
  readonly credentials?: NonNullable<EC2ClientConfig['credentials']>;
  /** Longest wait for one answer in milliseconds; 20,000 when absent. */
  readonly timeoutMs?: number;
};

export type Ec2Connection = {
  readonly sdk: typeof Ec2Sdk;
  /** Retries what failed: repeating a question is harmless. */
  readonly reads: EC2Client;
  /** Sends once. The engine replays an effect with its token, so that no retry happens without an intent (DESIGN §4). */
  readonly effects: EC2Client;
};

const TIMEOUT_MS = 20_000;
const CONNECT_MS = 3_000;
const READ_ATTEMPTS = 3;

export class Ec2Connections {
  readonly #options: AwsOptions;
  readonly #regions = new Map<string, Promise<Ec2Connection>>();

  constructor(options: AwsOptions) {
    this.#options = options;
  }

  /** The connection of a region, made at the first call. */
  in(region: string): Promise<Ec2Connection> {
    const known = this.#regions.get(region);
    if (known !== undefined) return known;
    const made = connect(region, this.#options);
    this.#regions.set(region, made);
    return made;
  }

  /** Closes the sockets. A later call opens new ones. */
  async close(): Promise<void> {
    const open = [...this.#regions.values()];
    this.#regions.clear();
    for (const connection of await Promise.all(open)) {
      connection.reads.destroy();
      connection.effects.destroy();
    }
  }
}

const connect = async (region: string, options: AwsOptions): Promise<Ec2Connection> => {
  const sdk = await import('./ec2-sdk');
  const config = clientConfig(region, options);
  const reads = new sdk.EC2Client({ ...config, maxAttempts: READ_ATTEMPTS });
  const effects = new sdk.EC2Client({
    ...config,
    requestHandler: reads.config.requestHandler,
    maxAttempts: 1,
  });
  return { sdk, reads, effects };
};

/** What every client of ours is configured with. `throwOnRequestTimeout` is needed for the timeout to be more than a
 *  warning, and the socket's own timeout for an answer that stops half way. */
export const clientConfig = (region: string, options: AwsOptions) => {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return {
    region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    requestHandler: {
      connectionTimeout: Math.min(CONNECT_MS, timeoutMs),
      requestTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
  };
};
