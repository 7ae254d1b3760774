// One cluster's engine, and the doors that need one, from whatever the outside is: AWS, or a process of one's own.
import { createMarathon } from '../marathon/marathon';
import { createMesos } from '../mesos/mesos';
import type { CloudName } from '../core/model/offering';
import type { Spec } from '../core/model/spec';
import { calendar } from '../config/calendar';
import type { ApiDoor } from '../doors/api';
import type { ReconcileDoor } from '../doors/reconcile';
import type { Engine } from '../engine/engine';
import { Failure } from '../engine/failure';
import type { Catalogue, Cloud, LaunchTemplate, Notifier, Transport } from '../engine/ports';
import type { Intake } from './intake';

/** Everything that differs between a function on AWS and `serve`. */
export type Outside = Intake & {
  /** By cluster and pool. */
  readonly templates: Readonly<Record<string, Readonly<Record<string, LaunchTemplate>>>>;
  readonly clouds: Partial<Readonly<Record<CloudName, Cloud>>>;
  readonly catalogue: Catalogue;
  readonly transport: Transport;
  readonly notifiers: (spec: Spec) => readonly Notifier[];
  readonly leaseMs: number;
  readonly work: number;
};

export const specOf = (outside: Outside, cluster: string): Spec => {
  const spec = outside.specs.find((one) => one.cluster === cluster);
  if (spec !== undefined) return spec;
  const known = outside.specs.map((one) => one.cluster).join(', ');
  throw new Failure('permanent', `There is no cluster ${cluster} in this deployment; it has ${known}.`);
};

export const engineOf = (outside: Outside, cluster: string): Engine => {
  const spec = specOf(outside, cluster);
  const { transport, clock, secrets } = outside;
  const shared = { transport, clock, secrets };
  return {
    spec,
    store: outside.store,
    wake: outside.wake,
    clouds: outside.clouds,
    catalogue: outside.catalogue,
    mesos: createMesos({ ...shared, masters: spec.mesos.masters, ...authOf(spec.mesos.auth) }),
    marathon: createMarathon({ ...shared, urls: spec.marathon.urls, ...authOf(spec.marathon.auth) }),
    calendar,
    notifiers: outside.notifiers(spec),
    clock,
    log: outside.log,
    meter: outside.meter,
    templates: outside.templates[cluster] ?? {},
    leaseMs: outside.leaseMs,
    work: outside.work,
  };
};

const authOf = (auth: string | undefined): { readonly auth?: string } => (auth === undefined ? {} : { auth });

/** Engines are made once for each cluster: a client remembers which master leads. */
const enginesOf = (outside: Outside): ((cluster: string) => Engine) => {
  const engines = new Map<string, Engine>();
  return (cluster) => {
    const engine = engines.get(cluster) ?? engineOf(outside, cluster);
    engines.set(cluster, engine);
    return engine;
  };
};

export const reconcileParts = (outside: Outside): ReconcileDoor => ({
  log: outside.log,
  meter: outside.meter,
  engine: enginesOf(outside),
});

export const apiParts = (outside: Outside): ApiDoor => {
  const engine = enginesOf(outside);
  return {
    ...outside,
    clusters: outside.specs.map(({ cluster }) => cluster),
    engine: async (cluster) => engine(cluster),
  };
};
