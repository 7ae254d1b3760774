// What the operator wants: muster.yaml, parsed, checked and with every default filled in.
import type { Attributes } from './attributes';
import type { Arch, CloudName, Market } from './offering';

/** A value that lives elsewhere and is only named here, `ssm:/path`, `gcp:projects/..` or `env:NAME`; or literal text. */
export type Reference = string;

export type Bounds = { readonly min: number; readonly max: number };

/** Which shapes a pool may use. Memory in MiB, cpus in milli-cpus, both of the raw machine. */
export type ShapeFilter = {
  readonly families: readonly string[];
  readonly names: readonly string[];
  readonly excluded: readonly string[];
  readonly cpuMilli: Bounds;
  readonly memMib: Bounds;
  readonly arch: Arch;
  readonly gpus: Bounds;
};

export type Zone = { readonly name: string; readonly subnet?: string };

/** Spare registered capacity kept on purpose: whole agents, or a share of what the pool has. */
export type Headroom = {
  readonly agents: number;
  readonly percent: number;
  readonly shapes: readonly HeadroomShape[];
};
export type HeadroomShape = { readonly count: number; readonly cpuMilli: number; readonly memMib: number };

export type Window = {
  readonly deny: string;
  readonly forMs: number;
  readonly zone: string;
};

export type Disruption = {
  /** Machines of the pool that may be disrupted at once: a number, or a share of the pool in percent. */
  readonly budget: { readonly agents: number } | { readonly percent: number };
  readonly windows: readonly Window[];
  readonly expireAfterMs?: number;
  readonly emptyForMs: number;
};

export type Pool = {
  readonly name: string;
  readonly cloud: CloudName;
  /** AWS account or Google project; `default` means that of the credentials. */
  readonly account: string;
  readonly region: string;
  readonly zones: readonly Zone[];
  readonly shapes: ShapeFilter;
  /** In the operator's order of preference; the price decides between them. */
  readonly markets: readonly Market[];
  readonly size: Bounds;
  readonly headroom: Headroom;
  /** Highest share of the pool's cpu or memory that may be allocated before it grows, in percent; counts every framework. */
  readonly targetUtilisationPercent?: number;
  /** What every agent of the pool announces beside cloud, region, zone, pool, instance_id and lifecycle. */
  readonly attributes: Attributes;
  /** Static reservation role of the agents; `*` when there is none. */
  readonly role: string;
  readonly image: Reference;
  readonly drain: 'surge' | 'kill';
  readonly disruption: Disruption;
  /** How long a machine may take from its launch to its agent's registration, in milliseconds. */
  readonly registerWithinMs: number;
  readonly rootDiskGib: number;
};

export type MesosSource =
  | { readonly kind: 'baked' }
  | {
      readonly kind: 'repository';
      readonly url: string;
      readonly key?: string;
      readonly packages: readonly string[];
    }
  | { readonly kind: 'package'; readonly url: string; readonly sha256: string }
  | { readonly kind: 'tarball'; readonly url: string; readonly sha256: string }
  | { readonly kind: 'image'; readonly image: string };

/** Which agents of the schedule's pool are drained while its window is open. */
export type ScheduledDrain = {
  /** Attribute → exact value, all must match. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Only machines that were launched so long ago, in milliseconds. */
  readonly olderThanMs?: number;
  /** Of this schedule, at the same time. */
  readonly atOnce: number;
};

export type Schedule = {
  readonly name: string;
  /** A cron expression of five fields, or one date and time in ISO 8601 without an offset; both read in `zone`. */
  readonly cron: string;
  readonly zone: string;
  readonly forMs: number;
  readonly pool: string;
  /** 0 where the schedule drains instead. */
  readonly min: number;
  readonly drain?: ScheduledDrain;
};

/** By how much: a share of the pool's present size in percent, or a number of agents. */
export type Amount = { readonly percent: number } | { readonly agents: number };
export type WebhookRule = {
  /** Label name → exact value, all must match. */
  readonly when: Readonly<Record<string, string>>;
  readonly do: WebhookAction;
};
export type WebhookAction =
  | { readonly scaleOut: { readonly pool: string; readonly by: Amount; readonly forMs: number } }
  /** The host that the label names, counted from when the alert began. */
  | { readonly drain: { readonly hostFrom: string; readonly withinMs: number } }
  /** A zone or an app: by name, or by that in a label. */
  | {
      readonly failOver: {
        readonly target: 'zone' | 'app';
        readonly name?: string;
        readonly from?: string;
        readonly forMs: number;
      };
    };
export type Webhook = {
  readonly name: string;
  readonly kind: 'alertmanager' | 'grafana' | 'datadog' | 'google-monitoring' | 'cloudwatch' | 'hmac';
  readonly auth: 'bearer' | 'basic' | 'hmac';
  readonly secret: Reference;
  readonly rules: readonly WebhookRule[];
};

export type Spec = {
  readonly version: 1;
  readonly cluster: string;
  /** Hash of the text it was read from. */
  readonly hash: string;
  readonly mesos: {
    readonly zk?: string;
    readonly masters: readonly string[];
    readonly auth?: Reference;
    readonly source: MesosSource;
  };
  readonly marathon: {
    readonly urls: readonly string[];
    readonly auth?: Reference;
    /** Which of Marathon's two GROUP_BY rules holds (semantics §2.5): `1.11` or anything before. */
    readonly groupBy: '1.10' | '1.11';
  };
  readonly network: {
    readonly reach: 'direct' | 'vpc';
    readonly vpcId?: string;
    readonly subnets: readonly string[];
  };
  readonly limits: { readonly machines: number; readonly usdPerHour?: number };
  readonly pools: readonly Pool[];
  readonly schedules: readonly Schedule[];
  readonly webhooks: readonly Webhook[];
  readonly notify: readonly { readonly kind: 'webhook'; readonly url: Reference }[];
};
