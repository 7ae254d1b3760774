// What would boot into an agent that never registers, registers as something else, or gives a secret away, is refused
// before a machine is bought. What Mesos makes of an attribute: src/common/attributes.cpp and values.cpp (facts §2.4).
import type { AttributeValue } from '../core/model/attributes';
import type { MesosSource, Pool, Spec } from '../core/model/spec';

/** The attributes that the bootstrap sets itself. */
export const OWN_ATTRIBUTES = [
  'cloud',
  'region',
  'zone',
  'pool',
  'instance_id',
  'lifecycle',
  'instance_type',
] as const;

/** One sentence for each reason why this pool cannot be bootstrapped; empty when it can. */
export const renderFaults = (pool: Pool, spec: Spec): readonly string[] => [
  ...cloudFaults(pool),
  ...wordFaults('the cluster', spec.cluster),
  ...wordFaults('the pool', pool.name),
  ...wordFaults('the region', pool.region),
  ...roleFaults(pool.role),
  ...Object.entries(pool.attributes).flatMap(([name, value]) => attributeFaults(name, value)),
  ...masterFaults(spec),
  ...authFaults(pool, spec.mesos.auth),
  ...sourceFaults(spec.mesos.source),
];

const unless = (holds: boolean, fault: string): readonly string[] => (holds ? [] : [fault]);

const cloudFaults = (pool: Pool): readonly string[] =>
  unless(
    pool.cloud !== 'command',
    'a machine of the cloud "command" has no metadata service that its bootstrap could ask who it is',
  );

// C++ reads all of these as a double, and Mesos makes a scalar of whatever is one.
const NUMBER = /^[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|0x[\da-f.p+-]+|inf(inity)?|nan(\(.*\))?)$/i;

const wordFaults = (what: string, word: string): readonly string[] => [
  ...unless(
    /^[A-Za-z0-9_.-]+$/.test(word),
    `${what} "${word}" may hold letters, digits, "_", "." and "-" only`,
  ),
  ...unless(!NUMBER.test(word), `${what} "${word}" would be registered as a number; put a letter before it`),
];

const roleFaults = (role: string): readonly string[] =>
  unless(
    role === '*' || /^[A-Za-z0-9_.][A-Za-z0-9_./-]*$/.test(role),
    `the role "${role}" is none of Mesos'`,
  );

const attributeFaults = (name: string, value: AttributeValue): readonly string[] => {
  const what = `the attribute ${name}`;
  return [
    ...unless(
      /^[A-Za-z0-9_./-]+$/.test(name),
      `${what}: a name holds letters, digits, "_", ".", "/" and "-" only`,
    ),
    ...unless(!OWN_ATTRIBUTES.some((own) => own === name), `${what} is set by the bootstrap itself`),
    ...unless(value.kind !== 'scalar' || Number.isFinite(value.value), `${what} is no finite number`),
    ...(value.kind === 'text' ? textFaults(what, value.value) : []),
  ];
};

const textFaults = (what: string, value: string): readonly string[] => {
  const shown = JSON.stringify(value);
  return [
    ...unless(value !== '', `${what} is empty, and an agent dies of that`),
    ...unless(!/\p{Cc}/u.test(value), `${what} holds a line break or another control character (${shown})`),
    ...unless(!value.includes(' '), `${what} holds a space (${shown}), which Mesos deletes; use "-" or "_"`),
    ...unless(!value.includes(';'), `${what} holds ";" (${shown}), at which Mesos begins the next attribute`),
    ...unless(
      !/[[\](){}]/.test(value),
      `${what} holds a bracket (${shown}), which Mesos reads as ranges or a set`,
    ),
    ...unless(!NUMBER.test(value), `${what} is ${shown}, which would be registered as a number`),
  ];
};

const masterFaults = ({ mesos }: Spec): readonly string[] => [
  ...unless(
    mesos.zk !== undefined || mesos.masters.length === 1,
    `without mesos.zk an agent cannot find the leader among ${mesos.masters.length} masters; give mesos.zk, or exactly one master`,
  ),
  ...unless(
    mesos.zk === undefined || /^zk:\/\/\S+\/\S+$/.test(mesos.zk),
    'mesos.zk must be "zk://host:port,host:port/path"',
  ),
  ...[mesos.zk ?? '', ...mesos.masters].flatMap((address) =>
    loginFaults('an address of the masters', address),
  ),
];

// User data can be read by every task on the machine and stays in the launch template.
const loginFaults = (what: string, url: string): readonly string[] =>
  unless(!/:\/\/[^/]*@/.test(url), `${what} holds a login, and user data is no place for a secret`);

const SSM =
  /^ssm:(\/[A-Za-z0-9_.\-/]+|[A-Za-z0-9_.-]+|arn:[a-z-]+:ssm:[a-z0-9-]+:\d+:parameter\/[A-Za-z0-9_.\-/]+)$/;
const GCP = /^gcp:projects\/[a-z0-9:.-]+\/secrets\/[A-Za-z0-9_-]+(\/versions\/[a-z0-9]+)?$/;

// The value is never shown: it may be the secret itself.
const authFaults = (pool: Pool, auth: string | undefined): readonly string[] => {
  if (auth === undefined || pool.cloud === 'command') return [];
  const readable = pool.cloud === 'gce' ? GCP.test(auth) : SSM.test(auth);
  const form = pool.cloud === 'gce' ? '"gcp:projects/<project>/secrets/<name>"' : '"ssm:/<name>"';
  return unless(readable, `mesos.auth must be a reference that a machine on ${pool.cloud} can read: ${form}`);
};

const sourceFaults = (source: MesosSource): readonly string[] => {
  switch (source.kind) {
    case 'baked':
      return [];
    case 'repository':
      return repositoryFaults(source);
    case 'package':
      return [
        ...downloadFaults(source.url, source.sha256),
        ...unless(/\.(deb|rpm)$/.test(source.url), `mesos.source.url ${source.url} must end in .deb or .rpm`),
      ];
    case 'tarball':
      return downloadFaults(source.url, source.sha256);
    case 'image':
      return unless(
        /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(source.image),
        `mesos.source.image "${source.image}" is no name of an image`,
      );
    default:
      return source satisfies never;
  }
};

const repositoryFaults = (source: MesosSource & { kind: 'repository' }): readonly string[] => [
  ...unless(
    /^https?:\/\/\S+( [A-Za-z0-9._/-]+)*$/.test(source.url),
    `mesos.source.url "${source.url}" must be an address, for apt with suite and components after it where they are not "<codename> main"`,
  ),
  ...loginFaults('mesos.source.url', source.url),
  ...unless(
    source.key === undefined || /^(https:\/\/\S+$|-----BEGIN PGP PUBLIC KEY BLOCK-----)/.test(source.key),
    'mesos.source.key must be an https address or an armoured public key',
  ),
  ...unless(source.packages.length > 0, 'mesos.source.packages is empty'),
  ...source.packages.flatMap((name) =>
    unless(/^[A-Za-z0-9][A-Za-z0-9.+~:=_-]*$/.test(name), `mesos.source.packages: "${name}" is no package`),
  ),
];

const downloadFaults = (url: string, sha256: string): readonly string[] => [
  ...unless(
    /^https?:\/\/\S+\/[A-Za-z0-9._~+-]+$/.test(url),
    `mesos.source.url ${url} must be an http or https address of a file`,
  ),
  ...loginFaults('mesos.source.url', url),
  ...unless(/^[0-9a-f]{64}$/.test(sha256), 'mesos.source.sha256 must be 64 digits of lower-case hex'),
];
