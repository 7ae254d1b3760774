// Signals come in; facts are stored, the clusters they concern are counted and woken, in this order, before the events
// are acknowledged. Nothing is decided here.
import type { Scope } from '../core/model/offering';
import type { Fact, FactScope, Signal } from '../core/model/signal';
import { scopeKey } from '../core/model/offering';
import { storeFact } from './facts';
import { wakeBody, want } from './head';
import type { Clock, Log, Meter, Sender, Store } from './ports';

/** A cluster and where its machines live: EC2 events name only an account and a region. */
export type Route = { readonly cluster: string; readonly scopes: readonly Scope[] };

export type IngestDeps = {
  readonly store: Store;
  readonly wake: Sender;
  readonly clock: Clock;
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly meter: Meter;
};

/** Stores and counts a batch of signals. Throws when anything could not be stored: the batch comes again.
 *  `redelivered`: the queue has handed out some of these before. */
export const ingest = async (
  signals: readonly Signal[],
  redelivered: boolean,
  deps: IngestDeps,
): Promise<{ readonly woken: readonly string[] }> => {
  await Promise.all(
    signals.flatMap(({ fact }) =>
      fact === undefined ? [] : localFacts(fact, deps.routes).map((one) => storeFact(deps.store, one)),
    ),
  );
  const counts = new Map<string, { count: number; always: boolean }>();
  for (const signal of signals) {
    const clusters = clustersOf(signal, deps.routes);
    if (clusters.length === 0) deps.meter.count('SignalsForNobody');
    for (const cluster of clusters) {
      const before = counts.get(cluster) ?? { count: 0, always: redelivered };
      counts.set(cluster, { count: before.count + 1, always: before.always || signal.urgency === 'tick' });
    }
  }
  const woken: string[] = [];
  for (const [cluster, { count, always }] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const advice = await want(deps.store, cluster, { count, now: deps.clock.now(), always });
    if (advice === 'never') continue;
    await deps.wake.send(wakeBody(cluster), advice);
    woken.push(cluster);
  }
  deps.meter.count('Signals', signals.length);
  return { woken };
};

const clustersOf = (signal: Signal, routes: readonly Route[]): readonly string[] => {
  if (signal.clusters.length > 0) {
    const known = new Set(routes.map(({ cluster }) => cluster));
    return signal.clusters.filter((cluster) => known.has(cluster));
  }
  const scope = signal.fact?.scope;
  return routes
    .filter((route) => scope === undefined || concerns(route, scope))
    .map(({ cluster }) => cluster);
};

/** A pool whose account is `default` lives in the account of the credentials, which is where these events come from; another
 *  pool may name that account. The fact is stored under each name by which a cluster will look for it. */
const localFacts = (fact: Fact, routes: readonly Route[]): readonly Fact[] => {
  const { scope } = fact;
  if (scope.kind === 'cluster') return [fact];
  const accounts = routes
    .flatMap(({ scopes }) => scopes)
    .filter(({ cloud, region }) => cloud === scope.cloud && region === scope.region)
    .map(({ account }) => account)
    .filter((account) => account === scope.account || account === 'default');
  const names = accounts.length === 0 ? [scope.account] : [...new Set(accounts)];
  return names.map((account) => ({ ...fact, scope: { ...scope, account } }));
};

/** Where a pool's account is `default`, every account of that region may be meant. */
const concerns = (route: Route, scope: FactScope): boolean =>
  scope.kind === 'cluster'
    ? route.cluster === scope.cluster
    : route.scopes.some(
        (own) =>
          own.cloud === scope.cloud &&
          own.region === scope.region &&
          (own.account === scope.account || own.account === 'default'),
      );

/** The scopes whose facts a cluster reads back: its own, and those of its machines. */
export const factScopes = (route: Route): readonly FactScope[] => {
  const clouds = new Map(route.scopes.map((scope) => [scopeKey(scope), scope]));
  return [
    { kind: 'cluster', cluster: route.cluster },
    ...[...clouds.values()].map((scope): FactScope => ({ kind: 'cloud', ...scope })),
  ];
};
