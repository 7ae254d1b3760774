// The emulated world: a cloud, its parameters, a Mesos master and a Marathon on one virtual clock and one seed.
// Time moves only by `advance` and `advanceTo`; every call in between sees the same instant. Same options and same
// calls at the same times give the same history, to the byte.
import type { Millis } from '../core/model/machine';
import type { Offering, Shape } from '../core/model/offering';
import type { Chronicle } from './chronicle';
import type { Ec2 } from './ec2/api';
import type { Marathon } from './marathon/api';
import type { MesosMaster } from './mesos/api';
import type { MarathonVersion, SettingsChange, WorldSettings } from './settings';
import type { Ssm } from './ssm';
import type { Troubles } from './troubles';

export type WorldSubnet = { readonly id: string; readonly zone: string; readonly cidr?: string };

export type WorldOptions = {
  readonly seed: number;
  readonly startAt: Millis;
  /** Shapes that exist here. */
  readonly shapes: readonly Shape[];
  /** What is sold, where and for how much: an offering that is not here is unsupported in its zone. */
  readonly prices: readonly Offering[];
  /** The first of a zone is its default. Made up, one a zone, when absent. */
  readonly subnets?: readonly WorldSubnet[];
  readonly region?: string;
  readonly account?: string;
  readonly clusterName?: string;
  /** Masters beside the leader answer with redirects in an HTTP face. Default 3. */
  readonly masters?: number;
  readonly marathonVersion?: MarathonVersion;
  readonly settings?: SettingsChange;
};

/** EventBridge's envelope, as a rule would deliver it. */
export type CloudEvent = {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
};

export type EmulatedWorld = {
  readonly options: Required<Omit<WorldOptions, 'settings'>>;
  readonly settings: WorldSettings;
  now(): Millis;
  /** Carries out all that happens in the next `ms` milliseconds. */
  advance(ms: number): void;
  advanceTo(time: Millis): void;
  /** When something happens next; undefined when nothing is to come. */
  nextAt(): Millis | undefined;
  readonly chronicle: Chronicle;
  readonly ec2: Ec2;
  readonly ssm: Ssm;
  readonly mesos: MesosMaster;
  readonly marathon: Marathon;
  readonly troubles: Troubles;
  /** EC2's state changes and spot warnings, as they happen. Returns the end of the subscription. */
  onEvent(listener: (event: CloudEvent) => void): () => void;
};

export const createWorld = (_options: WorldOptions): EmulatedWorld => {
  throw new Error('The emulated world is being built.');
};
