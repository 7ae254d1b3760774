// What a machine is told about itself: /etc/muster/agent.json, and the same values for the shell in agent.env. No
// secret is ever in it, only where to read one. What only the machine knows (zone, instance_id, lifecycle,
// instance_type, address) is asked from its cloud at boot.
import type { Attributes } from '../core/model/attributes';
import { attributeText } from '../core/model/attributes';
import type { MesosSource, Pool, Spec } from '../core/model/spec';

export const AGENT_JSON = '/etc/muster/agent.json';
export const AGENT_ENV = '/etc/muster/agent.env';
/** Where a repository's key lies, be it pinned in the configuration or fetched. */
export const REPOSITORY_KEY = '/etc/muster/mesos-repository.asc';

export type AgentConfig = {
  readonly cluster: string;
  readonly pool: string;
  /** ZooKeeper's address of the masters; where it is absent there is exactly one master. */
  readonly zk?: string;
  /** As configured, `http://host:port`. */
  readonly masters: readonly string[];
  /** Role that the agent's resources are reserved for; `*` is nobody's. */
  readonly role: string;
  /** Textual values: cloud, region, pool and the pool's own. The machine adds zone, instance_id, lifecycle and
   *  instance_type. */
  readonly attributes: Readonly<Record<string, string>>;
  /** For `--resources`; the agent finds them by itself where it is absent. */
  readonly resources?: string;
  /** Version of the bootstrap, as in the tag `muster:bootstrap`. */
  readonly bootstrap: string;
  /** A key that is pinned in the configuration is a file of its own, named here. */
  readonly source: MesosSource;
  /** Where the agent's credential is read: `ssm:...` or `gcp:...`. */
  readonly auth?: string;
  /** The image that the machine was meant to start from, for the record. */
  readonly image?: string;
};

export const agentConfig = (pool: Pool, spec: Spec, image: string | undefined): AgentConfig => ({
  cluster: spec.cluster,
  pool: pool.name,
  ...(spec.mesos.zk === undefined ? {} : { zk: spec.mesos.zk }),
  masters: spec.mesos.masters,
  role: pool.role,
  attributes: {
    cloud: pool.cloud,
    region: pool.region,
    pool: pool.name,
    ...textOf(pool.attributes),
  },
  bootstrap: '',
  source: withoutInlineKey(spec.mesos.source),
  ...(spec.mesos.auth === undefined ? {} : { auth: spec.mesos.auth }),
  ...(image === undefined ? {} : { image }),
});

/** A key by address is fetched by the machine; anything else is the key itself. */
export const inlineKey = (source: MesosSource): string | undefined =>
  source.kind === 'repository' && source.key !== undefined && !source.key.startsWith('https://')
    ? source.key
    : undefined;

const withoutInlineKey = (source: MesosSource): MesosSource =>
  source.kind === 'repository' && inlineKey(source) !== undefined
    ? { ...source, key: REPOSITORY_KEY }
    : source;

// In the order of their names: the same pool gives the same bytes, however its attributes were written down.
const textOf = (attributes: Attributes): Record<string, string> =>
  Object.fromEntries(
    Object.entries(attributes)
      .map(([name, value]): [string, string] => [name, attributeText(value)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
