// A machine's life on Compute Engine: provisioning, running, stopping, terminated or deleted; and what ends it unasked.
import { iso } from '../base';
import { giveAddress } from '../ec2/addresses';
import type { GceCloud, GceVm } from './cloud';
import { instanceLink } from './cloud';
import type { MetadataChange } from './api';

export const startVm = (cloud: GceCloud, vm: GceVm): void => {
  const { timeline, dice, settings, scribe } = cloud.base;
  scribe.write(
    'machine-launched',
    vm.name,
    `${vm.name} is a ${vm.shape.name} (${vm.market}) in ${vm.zone}, starting.`,
  );
  timeline.after(dice.span('gce-provisioning', settings.gce.provisioningMs), () => {
    if (vm.status === 'PROVISIONING') vm.status = 'STAGING';
    timeline.after(dice.span('gce-staging', settings.gce.stagingMs), () => run(cloud, vm));
  });
};

const run = (cloud: GceCloud, vm: GceVm): void => {
  if (vm.status !== 'STAGING') return;
  vm.status = 'RUNNING';
  cloud.base.scribe.write(
    'machine-running',
    vm.name,
    `${vm.name} (${vm.shape.name}, ${vm.zone}) is running at ${vm.ip}.`,
  );
  cloud.hooks.started(vm);
};

const isUp = (vm: GceVm): boolean => ['PROVISIONING', 'STAGING', 'RUNNING'].includes(vm.status);

/** By the API: it shuts down, then it is not listed any more. */
export const deleteVm = (cloud: GceCloud, vm: GceVm, text: string): void => {
  const { timeline, dice, settings, scribe } = cloud.base;
  if (vm.status === 'DEPROVISIONING') return;
  const ran = vm.status !== 'TERMINATED';
  vm.status = 'DEPROVISIONING';
  scribe.write('machine-ending', vm.name, `${vm.name} is shutting down: ${text}.`);
  if (ran) cloud.hooks.ended(vm, 'clean');
  timeline.after(dice.span('gce-stopping', settings.gce.stoppingMs), () => forget(cloud, vm));
};

const forget = (cloud: GceCloud, vm: GceVm): void => {
  if (!cloud.vms.delete(`${vm.zone}/${vm.name}`)) return;
  cloud.base.scribe.write('machine-ended', vm.name, `${vm.name} is deleted.`);
  const pool = cloud.addresses.get(vm.region);
  if (pool !== undefined) giveAddress(pool, vm.ip);
};

/** The metadata says so and the machine is STOPPING; what runs on it is cut off when the notice is over. The audit
 *  log's entry comes only then (cloud-apis §6.7). */
export const preemptVm = (cloud: GceCloud, vm: GceVm): void => {
  if (!isUp(vm)) return;
  const { settings, scribe } = cloud.base;
  const seconds = Math.round(settings.gce.preemptionNoticeMs / 1000);
  scribe.write('spot-notice', vm.name, `Google takes ${vm.name} back in ${seconds} seconds.`);
  tellGuest(cloud, vm, 'instance/preempted', 'TRUE');
  stopLater(cloud, vm, 'preempted', settings.gce.preemptionNoticeMs);
};

const stopLater = (cloud: GceCloud, vm: GceVm, method: string, afterMs: number): void => {
  vm.status = 'STOPPING';
  cloud.base.timeline.after(afterMs, () => {
    if (vm.status !== 'STOPPING') return;
    terminate(cloud, vm, method, 'clean');
  });
};

const terminate = (cloud: GceCloud, vm: GceVm, method: string, how: 'clean' | 'hard'): void => {
  const { scheduling } = vm.properties;
  vm.status = 'TERMINATED';
  cloud.hooks.ended(vm, how);
  writeAudit(cloud, vm, method);
  cloud.base.scribe.write('machine-ended', vm.name, `${vm.name} is terminated (${method}).`);
  if (method === 'preempted') {
    if (scheduling?.instanceTerminationAction === 'DELETE') deleteVm(cloud, vm, method);
  } else if (scheduling?.automaticRestart !== false && vm.market === 'on-demand') {
    vm.status = 'STAGING';
    writeAudit(cloud, vm, 'automaticRestart');
    run(cloud, vm);
  }
};

/** The host under it dies: nothing is closed. On-demand machines start again unless they were told not to. */
export const failHost = (cloud: GceCloud, vm: GceVm): void => {
  if (!isUp(vm) && vm.status !== 'STOPPING') return;
  cloud.base.scribe.write('trouble', vm.name, `The host under ${vm.name} dies.`);
  terminate(cloud, vm, 'hostError', 'hard');
};

/** A machine that migrates only hears of it; one that does not is terminated a minute after its notice. */
export const maintainHost = (cloud: GceCloud, vm: GceVm): void => {
  const { timeline, settings, scribe } = cloud.base;
  const migrates = vm.properties.scheduling?.onHostMaintenance !== 'TERMINATE' && vm.market === 'on-demand';
  const kind = migrates ? 'MIGRATE' : 'TERMINATE';
  scribe.write('trouble', vm.name, `The host under ${vm.name} is due for maintenance: ${kind}.`);
  tellGuest(cloud, vm, 'instance/maintenance-event', `${kind}_ON_HOST_MAINTENANCE`);
  timeline.after(settings.gce.maintenanceNoticeMs, () => {
    if (!isUp(vm)) return;
    tellGuest(cloud, vm, 'instance/maintenance-event', 'NONE');
    if (migrates) writeAudit(cloud, vm, 'migrateOnHostMaintenance');
    else terminate(cloud, vm, 'terminateOnHostMaintenance', 'clean');
  });
};

const tellGuest = (cloud: GceCloud, vm: GceVm, key: MetadataChange['key'], value: string): void =>
  cloud.metadata.emit({ instance: vm.name, zone: vm.zone, key, value });

const writeAudit = (cloud: GceCloud, vm: GceVm, method: string): void =>
  cloud.audit.emit({
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      serviceName: 'compute.googleapis.com',
      methodName: `compute.instances.${method}`,
      resourceName: instanceLink(cloud, vm.zone, vm.name),
    },
    insertId: `-${cloud.base.dice.hex('gce-audit', 11)}`,
    resource: {
      type: 'gce_instance',
      labels: { instance_id: vm.id, project_id: cloud.project, zone: vm.zone },
    },
    timestamp: iso(cloud.base.timeline.now()),
    severity: 'INFO',
    logName: `projects/${cloud.project}/logs/cloudaudit.googleapis.com%2Fsystem_event`,
  });
