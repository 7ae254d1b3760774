// What a bystander of the emulated fleet sees of its services: which machine holds what, and how few healthy tasks each app
// had while something was done to it.
import { attributeText } from '../core/model/attributes';
import type { EmulatedWorld } from '../emulator/world';

export type Carrier = {
  readonly machine: string;
  readonly agent: string;
  readonly tasks: number;
  readonly apps: number;
};

/** Machines by the number of tasks that they hold, the fullest first. */
export const carriers = (world: EmulatedWorld): readonly Carrier[] => {
  const tasks = world.marathon.tasks({ status: 'running' });
  return world.mesos
    .agents()
    .flatMap(({ id, attributes, deactivated }): readonly Carrier[] => {
      const machine = attributes['instance_id'];
      if (machine === undefined || deactivated) return [];
      const here = tasks.filter(({ slaveId }) => slaveId === id);
      const apps = new Set(here.map(({ appId }) => appId)).size;
      return [{ machine: attributeText(machine), agent: id, tasks: here.length, apps }];
    })
    .sort((a, b) => b.tasks - a.tasks || (a.machine < b.machine ? -1 : 1));
};

export type Shortfall = {
  readonly app: string;
  readonly wants: number;
  readonly had: number;
};

/** Looks at every happening until the returned function is called, which tells the apps that had fewer healthy tasks than
 *  they want now, and how few. */
export const watchShortfalls = (world: EmulatedWorld): (() => readonly Shortfall[]) => {
  const wanted = world.marathon.apps().map(({ id, instances }) => ({ id, instances }));
  const least = new Map<string, number>();
  const look = (): void => {
    const healthy = new Map<string, number>();
    for (const { runSpecId, condition, healthy: passes } of world.marathon.instances())
      if (condition === 'Running' && passes !== false)
        healthy.set(runSpecId, (healthy.get(runSpecId) ?? 0) + 1);
    for (const { id } of wanted) least.set(id, Math.min(least.get(id) ?? Infinity, healthy.get(id) ?? 0));
  };
  look();
  const stops = [world.chronicle.subscribe(look), world.marathon.subscribe(look)];
  return () => {
    for (const stop of stops) stop();
    return wanted.flatMap(({ id, instances }) => {
      const had = least.get(id) ?? 0;
      return had < instances ? [{ app: id, wants: instances, had }] : [];
    });
  };
};

/** Milliseconds from a moment until as many tasks as were lost then run elsewhere; undefined while they do not. */
export const runAgainAfter = (world: EmulatedWorld, since: number, lost: number): number | undefined => {
  const begun = world.chronicle.entries().filter(({ kind, at }) => kind === 'task-running' && at > since);
  const last = begun[lost - 1];
  return last === undefined ? undefined : last.at - since;
};
