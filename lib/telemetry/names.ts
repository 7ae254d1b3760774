// Names that a handler writes and a stack reads. They meet here so that an alarm never watches a metric that nobody
// sends.

export const NAMESPACE = 'Muster';
export const SERVICE = 'muster';

/** Custom metrics cost $0.30 a month each, so only these four are sent as metrics. How long a turn took and how
 *  much it did are fields of its last log line. */
export const METRICS = {
  /** A plan broke an invariant and was refused. */
  plansRefused: 'PlansRefused',
  /** A turn ended with an error. */
  turnsFailed: 'TurnsFailed',
  /** A source could not be read. */
  sourcesUnknown: 'SourcesUnknown',
  /** A payload of a known kind that does not have its form. */
  eventsParked: 'EventsParked',
} as const;

export const SENT_METRICS: ReadonlySet<string> = new Set(Object.values(METRICS));

/** Alarms of the control plane; the runbook is docs/operations/<runbook>.md. */
export const ALARMS = {
  deadLetters: { runbook: 'dead-letters' },
  noTurns: { runbook: 'no-turns' },
  plansRefused: { runbook: 'plans-refused' },
  turnsFailed: { runbook: 'turns-failed' },
  sourcesUnknown: { runbook: 'sources-unknown' },
} as const;

/** What a plan may tell people about; the same words as the plan's `alarm`. */
export const NOTICES = {
  'breaker-open': { runbook: 'breaker-open' },
  'futile-demand': { runbook: 'futile-demand' },
} as const;
