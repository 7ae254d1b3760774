// What a pool's cloud needs of it, and what its keys need of each other.
import type { MesosSource } from '../core/model/spec';
import type { Path } from './fault';
import type { Finding } from './issues';
import type { PoolParts } from './parts';

export const checkPool = (
  pool: PoolParts,
  path: Path,
  source: MesosSource['kind'] | undefined,
): readonly Finding[] => [
  ...sizes(pool, path),
  ...account(pool, path),
  ...zones(pool, path),
  ...image(pool, path, source),
  ...rootDisk(pool, path),
  ...attributes(pool, path),
  ...markets(pool, path),
];

const sizes = ({ size }: PoolParts, path: Path): readonly Finding[] =>
  size === undefined || size.min <= size.max
    ? []
    : [
        {
          path: [...path, 'size', 'min'],
          problem: `min ${size.min} is above max ${size.max}`,
          advice: 'Write min no larger than max',
        },
      ];

const account = ({ cloud, account: awsAccount, project }: PoolParts, path: Path): readonly Finding[] => {
  const findings: Finding[] = [];
  if (cloud !== undefined && cloud !== 'gce' && project !== undefined) {
    findings.push({
      path: [...path, 'project'],
      at: 'key',
      problem: `project is for pools on gce, and this one is on ${cloud}`,
      advice: cloud === 'aws' ? 'Write account: "..." or leave it out' : 'Leave it out',
    });
  }
  if (cloud !== undefined && cloud !== 'aws' && awsAccount !== undefined) {
    findings.push({
      path: [...path, 'account'],
      at: 'key',
      problem: `account is for pools on aws, and this one is on ${cloud}`,
      advice: cloud === 'gce' ? 'Write project: ...' : 'Leave it out',
    });
  }
  if (cloud === 'gce' && project === undefined) {
    findings.push({
      path: [...path, 'project'],
      problem: 'a pool on gce needs its Google Cloud project',
      advice: 'Write project: with the id of the project',
    });
  }
  return findings;
};

const zones = (pool: PoolParts, path: Path): readonly Finding[] => {
  const { cloud, zones: given } = pool;
  if (given === undefined || cloud === undefined) return [];
  const at = [...path, 'zones'];
  const list = Array.isArray(given) ? given : undefined;
  const names = list ?? Object.keys(given);
  if (names.length === 0) {
    return [{ path: at, problem: 'no zone is given', advice: 'Name at least one zone of the region' }];
  }
  const places = names.map((zone, index): Place => {
    return { zone, ...(list === undefined ? { path: [...at, zone], at: 'key' } : { path: [...at, index] }) };
  });
  return [
    ...zoneForm(cloud, list !== undefined, names, at),
    ...doubledZones(places),
    ...zonesElsewhere(pool, places),
  ];
};

type Place = Pick<Finding, 'path' | 'at'> & { readonly zone: string };
type Cloud = NonNullable<PoolParts['cloud']>;

const zoneForm = (
  cloud: Cloud,
  isList: boolean,
  names: readonly string[],
  path: Path,
): readonly Finding[] => {
  if (cloud === 'aws' && isList) {
    const advice = `Write a map: { ${names[0] ?? 'us-east-1a'}: subnet-... }`;
    return [{ path, problem: 'a pool on aws needs a subnet for each zone', advice }];
  }
  if (cloud === 'gce' && !isList) {
    const advice = `Write a list: [${names.join(', ')}]`;
    return [{ path, problem: 'zones on gce have no subnets of their own', advice }];
  }
  return [];
};

const doubledZones = (places: readonly Place[]): readonly Finding[] =>
  places
    .filter(({ zone }, index) => places.findIndex((other) => other.zone === zone) !== index)
    .map(({ zone, ...place }) => ({
      ...place,
      problem: `${zone} is listed twice`,
      advice: 'Keep one of them',
    }));

const zonesElsewhere = ({ cloud, region }: PoolParts, places: readonly Place[]): readonly Finding[] => {
  if (region === undefined || cloud === undefined || cloud === 'command') return [];
  const example = cloud === 'aws' ? `${region}a` : `${region}-b`;
  return places
    .filter(({ zone }) => !isZoneOf(cloud, region, zone))
    .map(({ zone, ...place }) => ({
      ...place,
      problem: `${zone} is not a zone of the region ${region}`,
      advice: `Write a zone such as ${example}, or correct region`,
    }));
};

const isZoneOf = (cloud: 'aws' | 'gce', region: string, zone: string): boolean => {
  if (!zone.startsWith(region)) return false;
  const rest = zone.slice(region.length);
  // AWS local zones carry their city before the letter: us-west-2-lax-1a.
  return cloud === 'aws' ? /^(?:[a-z]|-[a-z0-9-]+[a-z])$/.test(rest) : /^-[a-z]$/.test(rest);
};

const AWS_IMAGE = /^(?:ssm:\/[\w.\-/]+|ami-[0-9a-f]{8,17})$/;
const GCE_IMAGE = /^projects\/[\w.\-:]+\/global\/images\/(?:family\/)?[\w-]+$/;
const PUBLIC_AWS = /^ssm:\/aws\/service\//;
/** Google's public image projects, by their naming: debian-cloud, ubuntu-os-cloud, cos-cloud and the like. */
const PUBLIC_GCE = /^projects\/[a-z-]+-cloud(?:-[a-z]+)?\//;

const image = (
  { cloud, image: given }: PoolParts,
  path: Path,
  source: MesosSource['kind'] | undefined,
): readonly Finding[] => {
  if (given === undefined) return [];
  const at = [...path, 'image'];
  if (cloud === 'aws' && !AWS_IMAGE.test(given)) {
    return [
      {
        path: at,
        problem: 'this is not an image on aws',
        advice: 'Write ssm:/path of a parameter that holds the AMI, or ami-...',
      },
    ];
  }
  if (cloud === 'gce' && !GCE_IMAGE.test(given)) {
    return [
      {
        path: at,
        problem: 'this is not an image on gce',
        advice: 'Write projects/PROJECT/global/images/family/FAMILY or projects/PROJECT/global/images/IMAGE',
      },
    ];
  }
  if (source !== 'baked' || !(PUBLIC_AWS.test(given) || PUBLIC_GCE.test(given))) return [];
  return [
    {
      path: at,
      problem:
        'mesos.source is baked, but this public image has no Mesos in it, so no machine would ever register',
      advice: 'Name an image of your own that holds Mesos and Docker, or choose another mesos.source',
    },
  ];
};

/** Room for the operating system, Docker and Mesos. */
const LEAST_ROOT_GIB = 8;

const rootDisk = ({ rootDisk: given }: PoolParts, path: Path): readonly Finding[] =>
  given === undefined || rootDiskGib(given) >= LEAST_ROOT_GIB
    ? []
    : [
        {
          path: [...path, 'rootDisk'],
          problem: `a root disk of ${given} has no room for the operating system, Docker and Mesos`,
          advice: `Write at least ${LEAST_ROOT_GIB}GiB`,
        },
      ];

export const rootDiskGib = (text: string): number =>
  Number.parseInt(text, 10) * (text.endsWith('TiB') ? 1024 : 1);

/** What the bootstrap announces on its own account, on which joining agent and machine depends. */
const RESERVED = ['cloud', 'region', 'zone', 'pool', 'instance_id', 'instance_type', 'lifecycle'];

const attributes = ({ attributes: given }: PoolParts, path: Path): readonly Finding[] =>
  Object.keys(given ?? {})
    .filter((key) => RESERVED.includes(key))
    .map((key) => ({
      path: [...path, 'attributes', key],
      at: 'key',
      problem: `every agent announces ${key} by itself`,
      advice: 'Leave it out, or use another name',
    }));

const markets = ({ market }: PoolParts, path: Path): readonly Finding[] =>
  market === undefined || new Set(market).size === market.length
    ? []
    : [{ path: [...path, 'market'], problem: 'a market is listed twice', advice: 'List each once' }];
