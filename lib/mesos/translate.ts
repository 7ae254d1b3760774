// Mesos' wire forms → the core's nouns. What an agent has is rounded down, what is taken from it is rounded up.
import type { Agent } from '../core/model/agent';
import type { AttributeValue, Attributes } from '../core/model/attributes';
import { NOTHING } from '../core/model/resources';
import type { Resources } from '../core/model/resources';
import type { WireAgent, WireAgentInfo, WireAttribute, WireIdentity, WireResource } from './schema';

export const agentOf = (wire: WireAgent): Agent => {
  const total = usable(wire.total_resources ?? []);
  const ip = ipOf(wire.pid ?? '');
  const drain = wire.drain_info?.state;
  return {
    ...infoOf(wire.agent_info),
    ...(ip === undefined ? {} : { ip }),
    active: wire.active,
    // Absent before Mesos 1.9.
    deactivated: wire.deactivated ?? false,
    recovered: false,
    ...(drain === 'DRAINING' || drain === 'DRAINED' ? { draining: drain } : {}),
    total: amountOf(total, 'supply'),
    used: amountOf(usable(wire.allocated_resources ?? []), 'need'),
    reserved: reservedOf(total),
    ...(wire.registered_time ? { registeredAt: Math.floor(wire.registered_time.nanoseconds / 1e6) } : {}),
  };
};

/** An agent that the master knows from its registry only: bare AgentInfo, tasks unknown (mesos-observed 19). */
export const recoveredAgentOf = (wire: WireAgentInfo): Agent => {
  const total = usable(wire.resources ?? []);
  return {
    ...infoOf(wire),
    active: false,
    deactivated: false,
    recovered: true,
    total: amountOf(total, 'supply'),
    used: NOTHING,
    reserved: reservedOf(total),
  };
};

const infoOf = (info: WireIdentity) => {
  const region = info.domain?.fault_domain?.region?.name;
  const zone = info.domain?.fault_domain?.zone?.name;
  return {
    id: info.id.value,
    hostname: info.hostname,
    attributes: attributesOf(info.attributes ?? []),
    ...(region === undefined ? {} : { region }),
    ...(zone === undefined ? {} : { zone }),
  };
};

/** Of attributes with the same name the first counts: that is the one that Marathon finds (semantics §1.2, §2.5). */
export const attributesOf = (wire: readonly WireAttribute[]): Attributes => {
  const found: Record<string, AttributeValue> = {};
  for (const attribute of wire) found[attribute.name] ??= valueOf(attribute);
  return found;
};

const valueOf = (wire: WireAttribute): AttributeValue => {
  if (wire.scalar) return { kind: 'scalar', value: Math.round(wire.scalar.value * 1_000) / 1_000 };
  if (wire.ranges) return { kind: 'ranges', ranges: wire.ranges.range ?? [] };
  if (wire.set) return { kind: 'text', value: `{${(wire.set.item ?? []).join(',')}}` };
  return { kind: 'text', value: wire.text?.value ?? '' };
};

/** Without what no ordinary task gets: revocable resources, and disks of their own (mount, block, raw), which are
 *  given whole to whoever asks for that very disk. */
const usable = (wire: readonly WireResource[]): readonly WireResource[] =>
  wire.filter((resource) => !resource.revocable && !resource.disk?.source);

/** A `supply` is rounded down to whole units, a `need` up. Sums are made in Mesos' own thousandths, so that 0.1 + 0.2
 *  is 0.3 of a cpu. */
export const amountOf = (wire: readonly WireResource[], direction: 'supply' | 'need'): Resources => {
  const thousandths = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  let ports = 0;
  for (const resource of wire) {
    const { name } = resource;
    if (name === 'ports') ports += portsIn(resource);
    else if (name === 'cpus' || name === 'mem' || name === 'disk' || name === 'gpus') {
      thousandths[name] += Math.round((resource.scalar?.value ?? 0) * 1_000);
    }
  }
  const whole = direction === 'supply' ? Math.floor : Math.ceil;
  return {
    cpuMilli: thousandths.cpus,
    memMib: whole(thousandths.mem / 1_000),
    diskMib: whole(thousandths.disk / 1_000),
    gpus: whole(thousandths.gpus / 1_000),
    ports,
  };
};

const portsIn = (resource: WireResource): number =>
  (resource.ranges?.range ?? []).reduce((sum, { begin, end }) => sum + Math.max(0, end - begin + 1), 0);

const reservedOf = (wire: readonly WireResource[]): Readonly<Record<string, Resources>> => {
  const byRole = new Map<string, WireResource[]>();
  for (const resource of wire) {
    const role = roleOf(resource);
    if (role !== '*') byRole.set(role, [...(byRole.get(role) ?? []), resource]);
  }
  return Object.fromEntries([...byRole].map(([role, own]) => [role, amountOf(own, 'supply')]));
};

/** The role for which a resource is kept: of the innermost reservation where there are several, else the plain `role`
 *  in which static reservations and older masters write it. */
const roleOf = (resource: WireResource): string =>
  resource.reservations?.at(-1)?.role ?? resource.role ?? '*';

/** `slave(1)@10.0.0.7:5051` → `10.0.0.7`. */
const ipOf = (pid: string): string | undefined => /@\[?([^\]@]+)\]?:\d+$/.exec(pid)?.[1];
