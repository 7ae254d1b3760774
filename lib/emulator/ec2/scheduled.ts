// Scheduled changes: told by AWS Health in advance, listed by DescribeInstanceStatus, and carried out at their time.
import type { Millis } from '../../core/model/machine';
import { iso } from '../base';
import type {
  DescribeInstanceStatusInput,
  DescribeInstanceStatusOutput,
  InstanceStatus,
  InstanceStatusEvent,
} from './api';
import { STATE_CODES } from './api';
import type { Cloud, Vm } from './cloud';
import { emitEvent } from './cloud';
import { matchesFilters, paged } from './filters';
import { findVms, visible } from './instances';
import { endVm, isUp, rebootVm, stopVm } from './life';

/** The codes of DescribeInstanceStatus (cloud-apis §1.9). */
export type ScheduledCode = 'instance-retirement' | 'instance-stop' | 'instance-reboot' | 'system-reboot';

export type Scheduled = {
  readonly id: string;
  readonly machine: string;
  readonly code: ScheduledCode;
  readonly startsAt: Millis;
  isOver: boolean;
};

const HEALTH: Readonly<Record<ScheduledCode, { readonly type: string; readonly text: string }>> = {
  'instance-retirement': {
    type: 'AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
    text: 'The instance is running on degraded hardware',
  },
  'instance-stop': { type: 'AWS_EC2_INSTANCE_STOP_SCHEDULED', text: 'The instance is scheduled for a stop' },
  'instance-reboot': {
    type: 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED',
    text: 'The instance is scheduled for a reboot',
  },
  'system-reboot': {
    type: 'AWS_EC2_SYSTEM_REBOOT_MAINTENANCE_SCHEDULED',
    text: 'The host is scheduled for a reboot',
  },
};

export const scheduleChange = (cloud: Cloud, vm: Vm, code: ScheduledCode, startsAt: Millis): void => {
  const change: Scheduled = {
    id: `instance-event-0${cloud.base.dice.hex('scheduled-change', 16)}`,
    machine: vm.id,
    code,
    startsAt,
    isOver: false,
  };
  cloud.scheduled.push(change);
  cloud.base.scribe.write('trouble', vm.id, `AWS announces for ${vm.id}: ${code} at ${iso(startsAt)}.`);
  tellHealth(cloud, change, 'upcoming');
  cloud.base.timeline.at(startsAt, () => {
    change.isOver = true;
    carryOut(cloud, vm, code);
    tellHealth(cloud, change, 'closed');
  });
};

/** What a stop would do to a spot machine is to end it: it cannot be stopped by AWS and started again. */
const carryOut = (cloud: Cloud, vm: Vm, code: ScheduledCode): void => {
  if (!isUp(vm.state)) return;
  if (code === 'instance-reboot' || code === 'system-reboot') rebootVm(cloud, vm);
  else if (vm.market === 'spot') endVm(cloud, vm, SCHEDULED_END);
  else stopVm(cloud, vm, SCHEDULED_END);
};

const SCHEDULED_END = {
  code: 'Server.ScheduledStop',
  message: 'Server.ScheduledStop: Stopped due to a scheduled retirement',
  by: 'Server.ScheduledStop',
};

/** Dates are in the form of HTTP, resources are bare ids (facts: events §5.1). */
const tellHealth = (cloud: Cloud, change: Scheduled, statusCode: 'upcoming' | 'closed'): void => {
  const { type, text } = HEALTH[change.code];
  const now = httpDate(cloud.base.timeline.now());
  const starts = httpDate(change.startsAt);
  emitEvent(cloud, {
    'detail-type': 'AWS Health Event',
    source: 'aws.health',
    resources: [change.machine],
    detail: {
      eventArn: `arn:aws:health:${cloud.region}::event/EC2/${type}/${type}_${change.id.slice(-17)}`,
      service: 'EC2',
      eventScopeCode: 'ACCOUNT_SPECIFIC',
      communicationId: `${change.id.slice(-17)}-${statusCode === 'upcoming' ? 1 : 2}`,
      eventTypeCode: type,
      eventTypeCategory: 'scheduledChange',
      startTime: starts,
      endTime: starts,
      lastUpdatedTime: now,
      statusCode,
      eventRegion: cloud.region,
      eventDescription: [{ language: 'en_US', latestDescription: `${text}.` }],
      affectedEntities: [
        {
          entityValue: change.machine,
          lastUpdatedTime: now,
          status: statusCode === 'closed' ? 'RESOLVED' : 'PENDING',
        },
      ],
      page: '1',
      totalPages: '1',
      affectedAccount: cloud.account,
    },
  });
};

const httpDate = (time: Millis): string => new Date(time).toUTCString();

/** Running machines only, unless all are asked for; what is over stays listed with a `[Completed]` in front. */
export const describeStatus = (
  cloud: Cloud,
  input: DescribeInstanceStatusInput,
): DescribeInstanceStatusOutput => {
  const asked = input.InstanceIds === undefined ? visible(cloud) : findVms(cloud, input.InstanceIds);
  const rows = asked
    .filter((vm) => input.IncludeAllInstances === true || vm.state === 'running')
    .map((vm) => statusRow(cloud, vm))
    .filter((row) =>
      matchesFilters(input.Filters, new Map(), {
        'instance-state-name': row.InstanceState.Name,
        'availability-zone': row.AvailabilityZone,
        'event.code': row.Events[0]?.Code,
      }),
    );
  const { page, next } = paged(rows, input, 1000);
  return { InstanceStatuses: page, ...next };
};

const statusRow = (cloud: Cloud, vm: Vm): InstanceStatus => {
  const status = { Status: vm.state === 'running' ? ('ok' as const) : ('not-applicable' as const) };
  return {
    InstanceId: vm.id,
    AvailabilityZone: vm.zone,
    InstanceState: { Code: STATE_CODES[vm.state], Name: vm.state },
    InstanceStatus: status,
    SystemStatus: status,
    Events: cloud.scheduled.filter((change) => change.machine === vm.id).map(eventRow),
  };
};

const eventRow = (change: Scheduled): InstanceStatusEvent => ({
  InstanceEventId: change.id,
  Code: change.code,
  Description: `${change.isOver ? '[Completed] ' : ''}${HEALTH[change.code].text}`,
  NotBefore: iso(change.startsAt),
});
