// Which shapes a pool may use, and what their root disk leaves for tasks.
import type { Shape } from '../core/model/offering';
import type { Bounds, Pool, ShapeFilter } from '../core/model/spec';

/** The shapes that the filter allows, in the order given. A shape named singly is allowed whatever the bounds; with
 *  names and no families nothing else is. Bare-metal shapes must be named singly: they boot for many minutes. Of the
 *  -flex families, which throttle a cpu that is used all the time, the same holds unless the family is named. */
export const shapesFor = (filter: ShapeFilter, shapes: readonly Shape[]): readonly Shape[] =>
  shapes.filter((shape) => allows(filter, shape));

const allows = (filter: ShapeFilter, { name, arch, total }: Shape): boolean => {
  const family = familyOf(name);
  if (filter.excluded.includes(name) || filter.excluded.includes(family)) return false;
  if (filter.names.includes(name)) return true;
  return (
    allowsFamily(filter, name, family) &&
    arch === filter.arch &&
    within(total.cpuMilli, filter.cpuMilli) &&
    within(total.memMib, filter.memMib) &&
    within(total.gpus, filter.gpus)
  );
};

const allowsFamily = ({ families, names }: ShapeFilter, name: string, family: string): boolean => {
  if (isBareMetal(name)) return false;
  if (families.includes(family)) return true;
  return families.length === 0 && names.length === 0 && !isFlex(family);
};

const within = (value: number, bounds: Bounds): boolean => value >= bounds.min && value <= bounds.max;

/** EC2's `m7i-flex` of `m7i-flex.large`, Google's `n2` of `n2-standard-4`. */
export const familyOf = (name: string): string => name.split(name.includes('.') ? '.' : '-')[0] ?? name;

const isBareMetal = (name: string): boolean => /\.metal(?:-\w+)?$/.test(name);
const isFlex = (family: string): boolean => family.endsWith('-flex');

/** What the file system keeps for itself, in percent of the disk. */
const FILE_SYSTEM_PERCENT = 3;
/** An agent announces its disk less 5 GiB, or half of a disk of at most 10 GiB (Mesos' containerizer.cpp). */
const AGENT_KEEPS_MIB = 5120;

/** Disk for tasks on a root disk of so many GiB, in MiB, by what Mesos finds out itself. */
export const taskDiskMib = (rootDiskGib: number): number => {
  const mib = Math.floor((rootDiskGib * 1024 * (100 - FILE_SYSTEM_PERCENT)) / 100);
  return mib > 2 * AGENT_KEEPS_MIB ? mib - AGENT_KEEPS_MIB : Math.floor(mib / 2);
};

/** The shape with the smallest root disk of the pools that may use it: a shape has one size for all pools, and a
 *  task must fit wherever the machine is bought. */
export const withRootDisk = (shape: Shape, pools: readonly Pool[]): Shape => {
  const users = pools.filter((pool) => allows(pool.shapes, shape));
  if (users.length === 0) return shape;
  const rootDiskGib = Math.min(...users.map((pool) => pool.rootDiskGib));
  return {
    ...shape,
    total: { ...shape.total, diskMib: rootDiskGib * 1024 },
    allocatable: { ...shape.allocatable, diskMib: taskDiskMib(rootDiskGib) },
  };
};
