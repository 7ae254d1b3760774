// A spec and pools that say only what a bootstrap depends on; the rest is as dull as it may be.
import type { MesosSource, Pool, Spec } from '../../lib/core/model/spec';
import { text } from '../../lib/core/model/attributes';
import type { RenderInput } from '../../lib/bootstrap/render';

export const SUM = 'a2f1c0de'.repeat(8);

export const pool = (change: Partial<Pool> = {}): Pool => ({
  name: 'web',
  cloud: 'aws',
  account: 'default',
  region: 'us-east-1',
  zones: [{ name: 'us-east-1a', subnet: 'subnet-a' }],
  shapes: {
    families: ['m7i'],
    names: [],
    excluded: [],
    cpuMilli: { min: 4000, max: 32_000 },
    memMib: { min: 8192, max: 262_144 },
    arch: 'amd64',
    gpus: { min: 0, max: 0 },
  },
  markets: ['spot', 'on-demand'],
  size: { min: 0, max: 100 },
  headroom: { agents: 0, percent: 10, shapes: [] },
  attributes: { storage: text('ssd'), tier: text('compute'), rack: { kind: 'scalar', value: 2 } },
  role: '*',
  image: 'ssm:/muster/prod/agent-image',
  drain: 'surge',
  disruption: { budget: { percent: 10 }, windows: [], emptyForMs: 300_000 },
  registerWithinMs: 600_000,
  rootDiskGib: 40,
  ...change,
});

export const spec = (mesos: Partial<Spec['mesos']> = {}): Spec => ({
  version: 1,
  cluster: 'prod',
  hash: 'of no importance here',
  mesos: {
    zk: 'zk://10.0.0.10:2181,10.0.1.10:2181,10.0.2.10:2181/mesos',
    masters: ['http://10.0.0.10:5050', 'http://10.0.1.10:5050', 'http://10.0.2.10:5050'],
    source: { kind: 'baked' },
    ...mesos,
  },
  marathon: { urls: ['http://10.0.0.10:8080'], groupBy: '1.10' },
  network: { reach: 'direct', subnets: [] },
  limits: { machines: 400 },
  pools: [],
  schedules: [],
  webhooks: [],
  notify: [],
});

const TARBALL: MesosSource = {
  kind: 'tarball',
  url: 'https://packages.example.com/mesos-1.11.0-debian12.tar.gz',
  sha256: SUM,
};
const REPOSITORY: MesosSource = {
  kind: 'repository',
  url: 'https://packages.example.com/apt bookworm main',
  key: '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBF-not-a-real-key\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n',
  packages: ['aventer-mesos=1.11.0-0.9.0'],
};

/** What is kept in golden/, by the name of its file. */
export const GOLDEN: Readonly<Record<string, RenderInput>> = {
  'aws-baked': {
    pool: pool(),
    spec: spec({ auth: 'ssm:/muster/prod/mesos-agent' }),
    image: 'ami-0123456789abcdef0',
  },
  'aws-tarball': {
    pool: pool({ name: 'batch', role: 'batch', attributes: {} }),
    spec: spec({ source: TARBALL }),
  },
  'gce-repository': {
    pool: pool({ name: 'web-eu', cloud: 'gce', region: 'europe-west1', attributes: { rack: text('b-7') } }),
    spec: spec({ auth: 'gcp:projects/acme/secrets/mesos-agent', source: REPOSITORY }),
  },
};
