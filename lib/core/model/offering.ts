// What can be bought: a shape in a zone on a market at a price.
import type { Resources } from './resources';

export type CloudName = 'aws' | 'gce' | 'command';
export type Market = 'spot' | 'on-demand';
export type Arch = 'amd64' | 'arm64';

/** A machine shape (EC2 instance type, GCE machine type). `allocatable` is what is left for tasks once the
 *  operating system and the agent have taken theirs: the plan counts with it, never with `total`. */
export type Shape = {
  readonly name: string;
  readonly arch: Arch;
  readonly total: Resources;
  readonly allocatable: Resources;
};

/** The scope of one cloud account and region: what one describe call covers and one set of limits binds. */
export type Scope = { readonly cloud: CloudName; readonly account: string; readonly region: string };

export type Offering = {
  readonly cloud: CloudName;
  readonly region: string;
  readonly zone: string;
  readonly shape: string;
  readonly market: Market;
  /** US dollars an hour for one machine. */
  readonly usdPerHour: number;
};

/** The offering alone, of something that carries more (a subnet, a machine's id). */
export const offeringOf = ({ cloud, region, zone, shape, market, usdPerHour }: Offering): Offering => ({
  cloud,
  region,
  zone,
  shape,
  market,
  usdPerHour,
});

/** The name under which capacity errors are remembered (DESIGN §5: per cloud, region, zone, shape, market). */
export const offeringKey = (o: Omit<Offering, 'usdPerHour'>): string =>
  `${o.cloud}/${o.region}/${o.zone}/${o.shape}/${o.market}`;

export const scopeKey = (scope: Scope): string => `${scope.cloud}/${scope.account}/${scope.region}`;
