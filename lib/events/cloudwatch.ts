// CloudWatch alarms, single and composite: only their name and state matter here.
import * as z from 'zod/mini';
import { DAY_MS, id, instant, reading, shortText } from './translation';

const event = z.object({
  account: id,
  region: id,
  detail: z.object({
    alarmName: shortText,
    state: z.object({ value: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']), timestamp: instant }),
  }),
});

/** One fact an alarm, replaced at each change of state. Second reader: none; an alarm says nothing while its state
 *  stays, so the fact lasts a day and a lost OK costs at most that. */
export const alarm = reading(
  'aws.cloudwatch',
  event,
  ({ account, region, detail: { alarmName, state } }) => ({
    signals: [
      {
        kind: 'cloudwatch.alarm',
        subject: alarmName,
        urgency: state.value === 'ALARM' ? 'now' : 'soon',
        at: state.timestamp,
        clusters: [],
        fact: {
          scope: { kind: 'cloud', cloud: 'aws', account, region },
          subject: alarmName,
          dedupeKey: 'state',
          at: state.timestamp,
          expiresAt: state.timestamp + DAY_MS,
          body: { kind: 'alarm', name: alarmName, state: state.value },
        },
      },
    ],
  }),
);
