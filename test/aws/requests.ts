// One launch on AWS, of which a test says only what matters to it.
import type { Offering, Scope } from '../../lib/core/model/offering';
import type { Clock, LaunchRequest } from '../../lib/engine/ports';

export const SUBNETS = { 'subnet-a': 'us-east-1a', 'subnet-b': 'us-east-1b' };
export const SCOPE: Scope = { cloud: 'aws', account: 'default', region: 'us-east-1' };
export const NOW = Date.parse('2026-11-22T12:00:00Z');
export const CLOCK: Clock = { now: () => NOW, sleep: () => Promise.resolve() };

export const offering = (
  shape: string,
  subnet: keyof typeof SUBNETS,
  market: Offering['market'] = 'spot',
): Offering & { readonly subnet: string } => ({
  cloud: 'aws',
  region: 'us-east-1',
  zone: SUBNETS[subnet],
  subnet,
  shape,
  market,
  usdPerHour: 0.05,
});

export const launchRequest = (more: Partial<LaunchRequest> = {}): LaunchRequest => ({
  cluster: 'c1',
  scope: SCOPE,
  pool: 'web',
  launch: 'l-1',
  template: { id: 'lt-1', version: '3', bootstrap: 'b-1', image: 'ami-1' },
  offerings: [offering('m7i.large', 'subnet-a'), offering('m7i.large', 'subnet-b')],
  count: 2,
  token: 'token-1',
  ...more,
});
