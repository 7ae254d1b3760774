// What the forwarding function lets through: the masters and Marathons of the deployed specs. It needs no environment and
// holds no permission.
import type { ReachDoor } from '../doors/reach';
import { createDirect } from '../transport/direct';
import { type Around, deployedSpecs } from './functions';

export const reachParts = async (around: Around, asset: URL): Promise<ReachDoor> => {
  const specs = deployedSpecs(asset);
  const allow = {
    masters: specs.flatMap((spec) => spec.mesos.masters),
    marathon: specs.flatMap((spec) => spec.marathon.urls),
  };
  return { ...around, allow, transport: createDirect() };
};
