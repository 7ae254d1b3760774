// A machine of Google's boots as any other: cloud-init reads `user-data` of its metadata, which is text here.
import type { BootableMachine } from '../boot/machine';
import type { GceVm } from './cloud';

/** Its id is its name, by which Google's events and our labels know it (the number is no text to Mesos). */
export const bootableOf = (vm: GceVm): BootableMachine => {
  const disk = Number(vm.properties.disks?.[0]?.initializeParams?.diskSizeGb);
  const text = vm.properties.metadata?.items?.find(({ key }) => key === 'user-data')?.value ?? '';
  return {
    id: vm.name,
    zone: vm.zone,
    market: vm.market,
    shape: vm.shape,
    userData: Buffer.from(text).toString('base64'),
    ip: vm.ip,
    console: vm.console,
    fate: vm.fate,
    get state() {
      return vm.status === 'RUNNING' ? 'running' : 'stopped';
    },
    ...(disk > 0 ? { rootDiskGib: disk } : {}),
  };
};
