// What a client may notice of Marathon's versions (semantics §2.9), each said once.
import type { MarathonVersion } from '../settings';

export type Traits = {
  /** Instances keep their ids over their tasks, which count incarnations; before 1.8 each task is a new instance. */
  readonly hasGoals: boolean;
  /** A strategy of 0/0 expunges at once, since 1.7; before, a lost instance is replaced and expunged on a tick. */
  readonly expungesAtOnce: boolean;
  /** Offers inside a maintenance window are declined, since 1.7 without being asked. */
  readonly mindsMaintenance: boolean;
  /** TASK_GONE_BY_OPERATOR gives up the reservation, since 1.8. */
  readonly freesGoneReservations: boolean;
  /** REASON_AGENT_DRAINING resets the delay, since 1.9. */
  readonly resetsDelayOnDrain: boolean;
  /** Offers are suppressed while nothing waits, by default since 1.8. */
  readonly suppresses: boolean;
  /** Items of the queue name a role, since 1.9. */
  readonly hasRoles: boolean;
  /** Events of deployments carry all groups before and after, until 1.6 unless the light form is asked for. */
  readonly hasHeavyPlans: boolean;
  /** A standby points at the leader's event stream, since 1.7; before, it hands it through. */
  readonly redirectsEvents: boolean;
};

const NEWEST: Traits = {
  hasGoals: true,
  expungesAtOnce: true,
  mindsMaintenance: true,
  freesGoneReservations: true,
  resetsDelayOnDrain: true,
  suppresses: true,
  hasRoles: true,
  hasHeavyPlans: false,
  redirectsEvents: true,
};

export const TRAITS: Readonly<Record<MarathonVersion, Traits>> = {
  '1.5': {
    hasGoals: false,
    expungesAtOnce: false,
    mindsMaintenance: false,
    freesGoneReservations: false,
    resetsDelayOnDrain: false,
    suppresses: false,
    hasRoles: false,
    hasHeavyPlans: true,
    redirectsEvents: false,
  },
  '1.8': { ...NEWEST, resetsDelayOnDrain: false, hasRoles: false },
  '1.10': NEWEST,
  '1.11': NEWEST,
};
