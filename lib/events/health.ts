// AWS Health: scheduled maintenance of single machines, and trouble of a whole service. Times are written as in HTTP.
// An event comes in pages and also to a backup region: facts are keyed by machine and event, so neither makes two.
import * as z from 'zod/mini';
import type { Fact, Signal } from '../core/model/signal';
import { DAY_MS, httpDate, id, instant, reading, shortText } from './translation';

const entity = z.object({ entityValue: z.string(), status: z.optional(z.string()) });
const event = z.object({
  account: id,
  region: id,
  time: instant,
  resources: z.optional(z.array(z.string())),
  detail: z.object({
    eventArn: z.string().check(z.regex(/^[\w.:/@+=-]{1,400}$/)),
    service: shortText,
    eventTypeCode: shortText,
    eventTypeCategory: shortText,
    startTime: z.optional(httpDate),
    endTime: z.optional(httpDate),
    lastUpdatedTime: z.optional(httpDate),
    statusCode: z.optional(z.string()),
    eventRegion: z.optional(id),
    affectedEntities: z.optional(z.array(entity)),
    affectedAccount: z.optional(id),
  }),
});
type HealthEvent = z.output<typeof event>;

export const health = reading('aws.health', event, (raw) => {
  const { service, eventTypeCategory } = raw.detail;
  if (service !== 'EC2') return { signals: [], ignored: `Nothing is done on health events of ${service}.` };
  if (eventTypeCategory === 'issue' || eventTypeCategory === 'investigation')
    return { signals: [issue(raw)] };
  if (eventTypeCategory !== 'scheduledChange') {
    return { signals: [], ignored: `Nothing is done on health events of the category ${eventTypeCategory}.` };
  }
  const { startTime } = raw.detail;
  if (startTime === undefined)
    return { malformed: 'These fields are missing: detail.startTime (of a scheduled change).' };
  const machines = machinesOf(raw);
  if (machines.length === 0) return { signals: [], ignored: 'The scheduled change names no machine.' };
  return { signals: machines.map((machine) => maintenance(raw, machine, startTime)) };
});

/** Second reader: none yet that is in the path of a turn; DescribeInstanceStatus shows the same events. */
const maintenance = (raw: HealthEvent, machine: Machine, startsAt: number): Signal => {
  const { eventArn, eventTypeCode, eventRegion, affectedAccount, endTime, lastUpdatedTime, statusCode } =
    raw.detail;
  const at = lastUpdatedTime ?? raw.time;
  const isOver = statusCode === 'closed' || machine.status === 'RESOLVED';
  const fact: Fact = {
    scope: {
      kind: 'cloud',
      cloud: 'aws',
      account: affectedAccount ?? raw.account,
      // The event is delivered to a backup region too: `region` is where it was delivered.
      region: eventRegion ?? raw.region,
    },
    subject: machine.id,
    dedupeKey: eventArn,
    at,
    expiresAt: isOver ? at : Math.max(startsAt, endTime ?? startsAt) + DAY_MS,
    body: { kind: 'scheduled-maintenance', code: eventTypeCode, startsAt },
  };
  return { kind: 'health.scheduled-change', subject: machine.id, urgency: 'soon', at, clusters: [], fact };
};

/** Trouble of EC2 itself. No fact: what it does to machines is seen by describing them. */
const issue = (raw: HealthEvent): Signal => ({
  kind: 'health.issue',
  subject: raw.detail.eventTypeCode,
  urgency: 'soon',
  at: raw.time,
  clusters: [],
});

type Machine = { readonly id: string; readonly status?: string };

/** Events without entities name the machines among their resources. */
const machinesOf = ({ resources, detail }: HealthEvent): readonly Machine[] => {
  const entities = detail.affectedEntities?.map(({ entityValue, status }) => ({
    id: entityValue,
    ...(status === undefined ? {} : { status }),
  }));
  return (entities ?? resources?.map((resource) => ({ id: resource })) ?? []).filter((machine) =>
    /^i-[0-9a-f]{1,40}$/.test(machine.id),
  );
};
