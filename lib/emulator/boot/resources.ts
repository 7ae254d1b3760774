// The text grammar of a Mesos agent's --resources: `cpus:4;mem(role):2048;ports:[31000-31099]`.
import type { Resources } from '../../core/model/resources';
import { add, NOTHING } from '../../core/model/resources';

/** Amounts by role, and whether ports were named (else the default range is announced). */
export type Announced = {
  readonly byRole: ReadonlyMap<string, Resources>;
  readonly names: ReadonlySet<string>;
};

/** @throws Error naming the entry that is not understood. */
export const parseResources = (line: string): Announced => {
  const byRole = new Map<string, Resources>();
  const names = new Set<string>();
  for (const entry of line
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')) {
    const match = /^([a-z_]+)(?:\(([^)]+)\))?:(.+)$/.exec(entry);
    const [, name = '', role = '*', value = ''] = match ?? [];
    const amount = match === null ? undefined : amountOf(name, value.trim());
    if (amount === undefined) throw new Error(`the resource '${entry}' cannot be parsed`);
    names.add(name);
    byRole.set(role, add(byRole.get(role) ?? NOTHING, amount));
  }
  return { byRole, names };
};

const amountOf = (name: string, value: string): Resources | undefined => {
  if (name === 'ports') {
    const count = countPorts(value);
    return count === undefined ? undefined : { ...NOTHING, ports: count };
  }
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) return undefined;
  switch (name) {
    case 'cpus':
      return { ...NOTHING, cpuMilli: Math.round(number * 1000) };
    case 'mem':
      return { ...NOTHING, memMib: Math.floor(number) };
    case 'disk':
      return { ...NOTHING, diskMib: Math.floor(number) };
    case 'gpus':
      return { ...NOTHING, gpus: Math.floor(number) };
    default:
      // Any other name is a custom resource that nobody here asks for.
      return NOTHING;
  }
};

const countPorts = (value: string): number | undefined => {
  const inner = /^\[(.*)\]$/.exec(value)?.[1];
  if (inner === undefined) return undefined;
  let count = 0;
  for (const part of inner.split(',')) {
    const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(part);
    if (match === null) return undefined;
    count += Number(match[2]) - Number(match[1]) + 1;
  }
  return count;
};
