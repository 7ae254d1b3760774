// The user data of a pool's machines. Pure: the same pool and spec give the same bytes, on every version of Node.
import { createHash } from 'node:crypto';
import type { CloudName } from '../core/model/offering';
import type { Pool, Spec } from '../core/model/spec';
import type { AgentConfig } from './agent-config';
import { AGENT_ENV, AGENT_JSON, agentConfig, inlineKey, REPOSITORY_KEY } from './agent-config';
import { agentEnv } from './agent-env';
import { BOOT_SCRIPT } from './boot-script';
import type { BootFile } from './cloud-config';
import { cloudConfig } from './cloud-config';
import { renderFaults } from './faults';

export type RenderInput = {
  readonly pool: Pool;
  readonly spec: Spec;
  /** The image that the pool's reference stands for today; recorded in agent.json and part of the version. */
  readonly image?: string;
};

export type Rendered = {
  readonly userData: string;
  /** Hash of everything rendered, for the tag `muster:bootstrap`: 12 hex digits. */
  readonly version: string;
  /** Of the user data before base64, which is what the clouds' limits count. */
  readonly bytes: number;
};

const BOOT_SH = '/usr/local/lib/muster/boot.sh';

/** In bytes before base64. EC2: user data; Google: one metadata value. */
const LIMITS: Readonly<Record<CloudName, number>> = { aws: 16_384, gce: 262_144, command: 262_144 };

/** Throws an Error that names every fault of the pool, or the size where the cloud would not take it. */
export const render = ({ pool, spec, image }: RenderInput): Rendered => {
  const faults = renderFaults(pool, spec);
  if (faults.length > 0) {
    throw new Error(`No bootstrap can be rendered for pool "${pool.name}": ${faults.join('; ')}.`);
  }
  const unversioned = agentConfig(pool, spec, image);
  const key = inlineKey(spec.mesos.source);
  const version = fingerprint(userDataOf(unversioned, key));
  const userData = userDataOf({ ...unversioned, bootstrap: version }, key);
  const bytes = Buffer.byteLength(userData);
  const limit = LIMITS[pool.cloud];
  if (bytes > limit) {
    throw new Error(
      `The user data of pool "${pool.name}" has ${bytes} bytes, ${pool.cloud} takes ${limit}. ` +
        'Shorten the attributes, or give mesos.source.key as an https address.',
    );
  }
  return { userData, version, bytes };
};

// The version is the hash of the document without a version, so that it can stand in the document itself.
const fingerprint = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

const userDataOf = (config: AgentConfig, key: string | undefined): string =>
  cloudConfig(agentFiles(config, key), [['bash', BOOT_SH]]);

const agentFiles = (config: AgentConfig, key: string | undefined): readonly BootFile[] => [
  { path: AGENT_JSON, mode: '0644', content: `${JSON.stringify(config, null, 1)}\n` },
  { path: AGENT_ENV, mode: '0644', content: agentEnv(config) },
  ...(key === undefined ? [] : [{ path: REPOSITORY_KEY, mode: '0644', content: key }]),
  { path: BOOT_SH, mode: '0755', encoding: 'gz+b64', content: BOOT_SCRIPT },
];
