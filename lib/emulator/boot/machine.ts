// A machine boots: its user data decides what registers with the masters, if anything does.
import type { Attributes } from '../../core/model/attributes';
import { parseAttributes } from '../../core/model/attributes';
import type { Resources } from '../../core/model/resources';
import { NOTHING } from '../../core/model/resources';
import type { Cloud as Ec2Cloud, Vm as Ec2Vm } from '../ec2/cloud';
import { isUp } from '../ec2/life';
import type { AgentFile } from './user-data';
import { interpretUserData } from './user-data';
import { parseResources } from './resources';

type Cloud = Pick<Ec2Cloud, 'base'>;
/** A machine of any cloud, as far as its boot depends on it. */
type Vm = Pick<
  Ec2Vm,
  'id' | 'zone' | 'market' | 'shape' | 'userData' | 'ip' | 'rootDiskGib' | 'console' | 'fate' | 'state'
>;
export type BootableMachine = Vm;

/** What an agent says of itself when it registers. */
export type Announcement = {
  readonly hostname: string;
  readonly ip: string;
  readonly machine: string;
  readonly attributes: Attributes;
  readonly byRole: ReadonlyMap<string, Resources>;
};

/** @param register is called when the agent's first registration reaches the master. */
export const bootMachine = (cloud: Cloud, vm: Vm, register: (announcement: Announcement) => void): void => {
  const { timeline, dice, settings } = cloud.base;
  timeline.after(dice.span('boot', settings.ec2.bootMs), () => {
    if (vm.state !== 'running') return;
    const announcement = runUserData(cloud, vm);
    if (announcement === undefined) return;
    const startMs = dice.span('agent-start', settings.agent.startMs);
    const backoffMs = dice.span('agent-backoff', settings.agent.registrationBackoffMs);
    timeline.after(startMs + backoffMs, () => {
      if (isUp(vm.state)) register(announcement);
    });
  });
};

const runUserData = (cloud: Cloud, vm: Vm): Announcement | undefined => {
  const result = interpretUserData(vm.userData);
  if (result.kind === 'problem') return failed(cloud, vm, result.text);
  vm.console.push('muster: user data read, starting the Mesos agent');
  if (vm.fate.silent) return failed(cloud, vm, 'the Mesos agent ended at once and was not restarted');
  const { file } = result;
  if (!reachesMasters(cloud, file)) {
    return failed(
      cloud,
      vm,
      `no Mesos master answers at ${file.zk ?? file.masters?.join(', ') ?? '(no address was given)'}`,
    );
  }
  try {
    const announcement = announce(cloud, vm, file);
    cloud.base.scribe.write(
      'machine-booted',
      vm.id,
      `${vm.id} has run its bootstrap ${file.bootstrap ?? '(unnamed)'}; its agent starts.`,
    );
    return announcement;
  } catch (error) {
    return failed(cloud, vm, error instanceof Error ? error.message : String(error));
  }
};

const failed = (cloud: Cloud, vm: Vm, text: string): undefined => {
  vm.console.push(`muster: FAILED: ${text}`);
  cloud.base.scribe.write('boot-failed', vm.id, `${vm.id} will never register: ${text}.`);
  return undefined;
};

const reachesMasters = (cloud: Cloud, file: AgentFile): boolean => {
  const known = cloud.base.settings.mesos.addresses;
  const given = [...(file.zk === undefined ? [] : [file.zk]), ...(file.masters ?? [])];
  return known.length === 0 ? given.length > 0 : given.some((address) => known.includes(address));
};

/** What the bootstrap gives the agent: rendered attributes first, then what only the machine knows; of two with the same
 *  name the first counts. The agent's host name is the machine's address, as the bootstrap sets it. */
const announce = (cloud: Cloud, vm: Vm, file: AgentFile): Announcement => {
  const own: Record<string, string> = {
    zone: vm.zone,
    instance_id: vm.id,
    lifecycle: vm.market,
    instance_type: vm.shape.name,
    ...file.attributes,
  };
  if (vm.fate.pool !== undefined) own['pool'] = vm.fate.pool;
  // As one line, the way it is given to the agent: a value with a semicolon breaks here as it does there.
  const line = Object.entries(own)
    .map(([name, value]) => `${name}:${value}`)
    .join(';');
  return {
    hostname: vm.ip,
    ip: vm.ip,
    machine: vm.id,
    attributes: parseAttributes(line),
    byRole: amounts(cloud, vm, file),
  };
};

/** What is not announced explicitly the agent finds out itself, for its default role. */
const amounts = (cloud: Cloud, vm: Vm, file: AgentFile): ReadonlyMap<string, Resources> => {
  const { byRole, names } = parseResources(file.resources ?? '');
  const role = file.role ?? '*';
  const named = byRole.get(role) ?? NOTHING;
  const { allocatable } = vm.shape;
  const { begin, end } = cloud.base.settings.agent.ports;
  const found: Resources = {
    cpuMilli: names.has('cpus') ? named.cpuMilli : allocatable.cpuMilli,
    memMib: names.has('mem') ? named.memMib : allocatable.memMib,
    diskMib: names.has('disk') ? named.diskMib : diskOf(vm),
    gpus: names.has('gpus') ? named.gpus : allocatable.gpus,
    ports: names.has('ports') ? named.ports : end - begin + 1,
  };
  return new Map([...byRole, [role, found]]);
};

/** Mesos leaves 5 GiB of a disk alone, or half of a small one. */
const diskOf = (vm: Vm): number => {
  if (vm.rootDiskGib === undefined) return vm.shape.allocatable.diskMib;
  const mib = vm.rootDiskGib * 1024;
  return mib > 10_240 ? mib - 5120 : mib / 2;
};
