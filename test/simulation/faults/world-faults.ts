// Lets the faults of the world happen, and ends what is still going on when the calm begins.
import type { Doses } from '../simulator';
import type { Scene } from '../scene';
import { every } from '../workload';
import type { Fault, WorldFault } from './fault';

/** Returns what heals everything. */
export const startWorldFaults = (
  scene: Scene,
  doses: Doses,
  struck: (fault: Fault, subject: string) => void,
): (() => void) => {
  const going = new Set<() => void>();
  const strike = (fault: WorldFault): void => {
    const found = fault.strike(scene);
    if (found === undefined) return;
    struck(fault, found.subject);
    const { heal, forMs } = found;
    if (heal === undefined) return;
    const once = (): void => {
      if (going.delete(once)) heal();
    };
    going.add(once);
    if (forMs !== undefined) scene.heap.after(forMs, once);
  };
  for (const [fault, dose] of doses) {
    if (fault.kind !== 'world' || dose === 0) continue;
    // Half to five times as often as its mean.
    every(scene, fault.name, (fault.everyMs * 1000) / (200 + dose * 2), () => strike(fault));
  }
  return () => {
    for (const end of going) end();
  };
};
