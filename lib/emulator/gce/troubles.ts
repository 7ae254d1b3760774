// What Google does to machines and callers, on demand.
import type { Market } from '../../core/model/offering';
import type { CapacityTrouble } from '../troubles';
import type { GceCloud, GceVm } from './cloud';
import { notFound } from './cloud';
import { GoogleFailure } from './failure';
import { failHost, maintainHost, preemptVm } from './life';

export type GceTroubles = {
  /** ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS by default, in the operation. Returns the end of it. */
  capacityError(trouble: CapacityTrouble): () => void;
  /** The most vCPUs of the market that may exist: QUOTA_EXCEEDED. */
  quota(market: Market, vcpus: number): () => void;
  /** The next machine's agent never starts. */
  neverRegister(machines: number): void;
  preempt(instance: string): void;
  hostError(instance: string): void;
  hostMaintenance(instance: string): void;
  /** Lists of the zone fail, or leave it out with a warning. Its machines live on. */
  unreachableZone(zone: string): () => void;
  /** The next calls fail. */
  apiError(trouble: { readonly status: number; readonly reason: string; readonly calls: number }): void;
};

export const gceTroublesOf = (cloud: GceCloud): GceTroubles => {
  const tell = (subject: string, text: string): void => cloud.base.scribe.write('trouble', subject, text);
  return {
    capacityError: (trouble) => {
      const shortage = { ...trouble, remaining: trouble.left ?? 0 };
      tell(
        'gce',
        `Google runs short of ${trouble.shape ?? 'every shape'} in ${trouble.zone ?? 'every zone'}.`,
      );
      cloud.shortages.push(shortage);
      return () => {
        cloud.shortages = cloud.shortages.filter((one) => one !== shortage);
      };
    },
    quota: (market, vcpus) => {
      tell('gce', `The project may have ${vcpus} vCPUs (${market}).`);
      cloud.quotas.set(market, vcpus);
      return () => cloud.quotas.delete(market);
    },
    neverRegister: (machines) => {
      tell('gce', `The agents of the next ${machines} machines will never register.`);
      cloud.silent += machines;
    },
    preempt: (name) => preemptVm(cloud, named(cloud, name)),
    hostError: (name) => failHost(cloud, named(cloud, name)),
    hostMaintenance: (name) => maintainHost(cloud, named(cloud, name)),
    unreachableZone: (zone) => {
      tell(zone, `The zone ${zone} cannot be reached.`);
      cloud.unreachable.add(zone);
      return () => cloud.unreachable.delete(zone);
    },
    apiError: ({ status, reason, calls }) => {
      tell('gce', `Google refuses the next ${calls} calls: ${reason}.`);
      const failure = new GoogleFailure(status, reason, `The call was refused: ${reason}.`);
      cloud.refusals.push({ failure, remaining: calls });
    },
  };
};

const named = (cloud: GceCloud, name: string): GceVm => {
  const vm = [...cloud.vms.values()].find((one) => one.name === name);
  if (vm !== undefined) return vm;
  throw notFound(name);
};
