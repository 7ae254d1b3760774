// A world with both clouds, and a template for Google's machines.
import type { Offering, Shape } from '../../lib/core/model/offering';
import { NOTHING } from '../../lib/core/model/resources';
import type { LaunchRequest } from '../../lib/engine/ports';
import type { EmulatedWorld, WorldOptions } from '../../lib/emulator/world';
import { PRICES, SHAPES, smallWorld, userData } from './small-world';

export const GCE_ZONES = ['europe-west1-b', 'europe-west1-c'] as const;
const [B] = GCE_ZONES;
export const GCE_SCOPE = { cloud: 'gce', account: 'acme', region: 'europe-west1' } as const;

const N2: Shape = {
  name: 'n2-standard-4',
  arch: 'amd64',
  total: { ...NOTHING, cpuMilli: 4000, memMib: 16_384, diskMib: 102_400 },
  allocatable: { ...NOTHING, cpuMilli: 3900, memMib: 15_000, diskMib: 92_160 },
};

export const GCE_PRICES: readonly Offering[] = GCE_ZONES.flatMap((zone) =>
  (['spot', 'on-demand'] as const).map((market) => ({
    cloud: 'gce' as const,
    region: 'europe-west1',
    zone,
    shape: N2.name,
    market,
    usdPerHour: market === 'spot' ? 0.05 : 0.2,
  })),
);

export const bothClouds = (options: Partial<WorldOptions> = {}): EmulatedWorld => {
  const world = smallWorld({ shapes: [...SHAPES, N2], prices: [...PRICES, ...GCE_PRICES], ...options });
  const text = Buffer.from(
    userData({ attributes: { cloud: 'gce', region: 'europe-west1', pool: 'web' } }),
    'base64',
  ).toString();
  world.gce.instanceTemplates.insert({
    project: 'acme',
    body: {
      name: 'web-1',
      properties: {
        machineType: N2.name,
        metadata: { items: [{ key: 'user-data', value: text }] },
        disks: [
          {
            boot: true,
            initializeParams: { sourceImage: 'projects/acme/global/images/a', diskSizeGb: '50' },
          },
        ],
      },
    },
  });
  return world;
};

export const gceRequest = (more: Partial<LaunchRequest> = {}): LaunchRequest => ({
  cluster: 'prod',
  scope: GCE_SCOPE,
  pool: 'web',
  launch: '1770000000000.1.f1',
  template: { id: 'web-1', version: '1', bootstrap: 'v1.2', image: 'projects/acme/global/images/a' },
  offerings: GCE_PRICES.filter(({ market }) => market === 'spot'),
  count: 2,
  token: 'token-1',
  ...more,
});

/** A machine by the API alone. */
export const insertOne = (world: EmulatedWorld, name: string, zone: string = B, isSpot = true) =>
  world.gce.instances.insert({
    project: 'acme',
    zone,
    sourceInstanceTemplate: 'projects/acme/global/instanceTemplates/web-1',
    body: {
      name,
      machineType: `zones/${zone}/machineTypes/n2-standard-4`,
      labels: { 'muster-cluster': 'prod' },
      scheduling: isSpot
        ? { provisioningModel: 'SPOT', instanceTerminationAction: 'DELETE' }
        : { provisioningModel: 'STANDARD', onHostMaintenance: 'MIGRATE' },
    },
  });
