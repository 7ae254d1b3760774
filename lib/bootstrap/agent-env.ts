// agent.json's values as assignments that a shell can source: a machine need not have jq.
import type { AgentConfig } from './agent-config';

/** Every variable is always set, an absent value as the empty string. */
export const agentVariables = (config: AgentConfig): Readonly<Record<string, string>> => {
  const { source } = config;
  return {
    MUSTER_CLUSTER: config.cluster,
    MUSTER_POOL: config.pool,
    MUSTER_CLOUD: config.attributes['cloud'] ?? '',
    MUSTER_REGION: config.attributes['region'] ?? '',
    MUSTER_ZK: config.zk ?? '',
    MUSTER_MASTERS: config.masters.map(hostAndPort).join(','),
    MUSTER_ROLE: config.role,
    MUSTER_ATTRIBUTES: attributeLine(config.attributes),
    MUSTER_RESOURCES: config.resources ?? '',
    MUSTER_BOOTSTRAP: config.bootstrap,
    MUSTER_SOURCE_KIND: source.kind,
    MUSTER_SOURCE_URL: 'url' in source ? source.url : '',
    MUSTER_SOURCE_KEY: source.kind === 'repository' ? (source.key ?? '') : '',
    MUSTER_SOURCE_PACKAGES: source.kind === 'repository' ? source.packages.join(' ') : '',
    MUSTER_SOURCE_SHA256: 'sha256' in source ? source.sha256 : '',
    MUSTER_SOURCE_IMAGE: source.kind === 'image' ? source.image : '',
    MUSTER_AUTH: config.auth ?? '',
  };
};

/** The file's text. Throws where a value holds a control character, which no line of this form can carry. */
export const agentEnv = (config: AgentConfig): string =>
  Object.entries(agentVariables(config))
    .map(([name, value]) => `${name}=${quoted(name, value)}\n`)
    .join('');

// Between single quotes a shell takes every character as it is but the quote itself.
const quoted = (name: string, value: string): string => {
  if (/\p{Cc}/u.test(value)) {
    throw new Error(`${name} holds a line break or another control character (${JSON.stringify(value)}).`);
  }
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
};

/** `name:value;name:value`, the form of an agent's `--attributes`. */
export const attributeLine = (attributes: Readonly<Record<string, string>>): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}:${value}`)
    .join(';');

/** An agent takes `host:port` of a single master, without a scheme. */
const hostAndPort = (master: string): string => master.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
