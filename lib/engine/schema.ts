// The forms of what the engine itself has stored, checked when it is read back: an item that somebody edited or an
// older version wrote must be named, not believed.
import * as z from 'zod/mini';
import { DRAIN_CAUSES, type Memory } from '../core/model/memory';
import type { AppRequest } from '../core/model/plan';
import type { Fact } from '../core/model/signal';
import { Failure } from './failure';
import type { AgentRequest, Key, LaunchRequest, MarkRequest, TerminateRequest } from './ports';

const cloud = z.enum(['aws', 'gce', 'command']);
const market = z.enum(['spot', 'on-demand']);
const amount = z.union([z.object({ percent: z.number() }), z.object({ agents: z.number() })]);
const offering = z.object({
  cloud,
  region: z.string(),
  zone: z.string(),
  shape: z.string(),
  market,
  usdPerHour: z.number(),
});
const scope = z.object({ cloud, account: z.string(), region: z.string() });

const namedRunSpecs = z.array(z.object({ id: z.string(), kind: z.enum(['app', 'pod']) }));
const cause = z.enum(DRAIN_CAUSES);
const drain = z.object({
  cause,
  wish: z.exactOptional(z.string()),
  by: z.string(),
  reason: z.string(),
  deadline: z.number(),
  graceMs: z.number(),
  force: z.boolean(),
  condemned: z.boolean(),
  runSpecs: z.exactOptional(namedRunSpecs),
  killedAt: z.exactOptional(z.number()),
  left: z.exactOptional(z.string()),
  undone: z.exactOptional(z.object({ end: z.enum(['cancelled', 'failed']), why: z.string() })),
});

const factBody = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('interruption'),
    action: z.enum(['terminate', 'stop', 'hibernate']),
    deadline: z.exactOptional(z.number()),
  }),
  z.object({ kind: z.literal('rebalance') }),
  z.object({ kind: z.literal('machine-state'), state: z.string() }),
  z.object({ kind: z.literal('scheduled-maintenance'), code: z.string(), startsAt: z.number() }),
  z.object({
    kind: z.literal('lifecycle-hook'),
    group: z.string(),
    hook: z.string(),
    token: z.string(),
    transition: z.enum(['launching', 'terminating']),
  }),
  z.object({
    kind: z.literal('alarm'),
    name: z.string(),
    state: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
  }),
  z.object({ kind: z.literal('scale-out'), pool: z.string(), by: amount, source: z.string() }),
  z.object({
    kind: z.literal('drain'),
    by: z.string(),
    reason: z.string(),
    deadline: z.number(),
    force: z.boolean(),
    replacementFirst: z.exactOptional(z.boolean()),
  }),
  z.object({
    kind: z.literal('fail-over'),
    target: z.enum(['zone', 'app']),
    by: z.string(),
    reason: z.string(),
  }),
  z.object({ kind: z.enum(['protect', 'unprotect']), by: z.string(), reason: z.string() }),
  z.object({
    kind: z.enum(['exclude', 'include']),
    by: z.string(),
    reason: z.string(),
    pool: z.string(),
    shape: z.exactOptional(z.string()),
    zone: z.exactOptional(z.string()),
  }),
  z.object({
    kind: z.literal('scale'),
    by: z.string(),
    reason: z.string(),
    pool: z.string(),
    min: z.number(),
  }),
  z.object({ kind: z.literal('undrain'), by: z.string(), reason: z.string() }),
  z.object({ kind: z.literal('pause'), by: z.string(), reason: z.string() }),
  z.object({ kind: z.literal('resume'), by: z.string(), reason: z.string() }),
]);

export const factSchema: z.ZodMiniType<Fact> = z.object({
  scope: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('cloud'), ...scope.shape }),
    z.object({ kind: z.literal('cluster'), cluster: z.string() }),
  ]),
  subject: z.string(),
  dedupeKey: z.string(),
  at: z.number(),
  expiresAt: z.number(),
  body: factBody,
});

/** One schema for each member of Memory: each is an item of its own. */
export const memorySchemas: {
  readonly [M in keyof Required<Memory>]: z.ZodMiniType<NonNullable<Memory[M]>>;
} = {
  joined: z.array(z.string()),
  unjoined: z.array(z.string()),
  seen: z.array(z.object({ pool: z.string(), machines: z.number(), usdPerHour: z.number() })),
  cold: z.array(
    z.object({
      key: z.string(),
      code: z.string(),
      failures: z.number(),
      since: z.number(),
      until: z.number(),
    }),
  ),
  expected: z.array(
    z.object({
      launch: z.string(),
      pool: z.string(),
      offering,
      at: z.number(),
      machines: z.array(z.string()),
      count: z.number(),
      absentAt: z.array(z.number()),
    }),
  ),
  strikes: z.array(
    z.object({
      pool: z.string(),
      image: z.string(),
      machines: z.array(z.object({ id: z.string(), at: z.number() })),
      openedAt: z.exactOptional(z.number()),
    }),
  ),
  floors: z.array(
    z.object({ id: z.string(), pool: z.string(), min: z.number(), until: z.number(), because: z.string() }),
  ),
  bought: z.array(
    z.object({
      runSpec: z.string(),
      version: z.string(),
      refusal: z.string(),
      launches: z.array(z.string()),
      at: z.number(),
      futileSince: z.exactOptional(z.number()),
    }),
  ),
  leaving: z.array(
    z.object({
      agent: z.string(),
      machine: z.string(),
      pool: z.string(),
      phase: z.enum(['idle', 'closing', 'returning']),
      since: z.number(),
      emptyAt: z.array(z.number()),
      drain: z.exactOptional(drain),
    }),
  ),
  surges: z.array(
    z.object({
      runSpec: z.string(),
      base: z.number(),
      written: z.array(z.number()),
      deployments: z.array(z.string()),
      killed: z.array(z.object({ id: z.string(), at: z.number() })),
      since: z.number(),
    }),
  ),
  drained: z.array(
    z.object({
      agent: z.string(),
      machine: z.string(),
      pool: z.string(),
      cause,
      wish: z.exactOptional(z.string()),
      end: z.enum(['done', 'cancelled', 'escalated', 'failed']),
      since: z.number(),
      at: z.number(),
      why: z.string(),
    }),
  ),
  buried: z.array(
    z.object({ agent: z.string(), machine: z.string(), at: z.number(), runSpecs: namedRunSpecs }),
  ),
  pause: z.object({
    since: z.number(),
    until: z.exactOptional(z.number()),
    by: z.string(),
    reason: z.string(),
  }),
};

const launchRequest: z.ZodMiniType<LaunchRequest> = z.object({
  cluster: z.string(),
  scope,
  pool: z.string(),
  launch: z.string(),
  template: z.object({ id: z.string(), version: z.string(), bootstrap: z.string(), image: z.string() }),
  offerings: z.array(z.object({ ...offering.shape, subnet: z.exactOptional(z.string()) })),
  count: z.number(),
  token: z.string(),
});

const terminateRequest: z.ZodMiniType<TerminateRequest> = z.object({
  cluster: z.string(),
  scope,
  machines: z.array(z.string()),
});

const agentRequest: z.ZodMiniType<AgentRequest> = z.object({
  call: z.enum(['deactivate', 'reactivate', 'drain', 'mark-gone']),
  agent: z.string(),
  graceMs: z.exactOptional(z.number()),
});

const markRequest: z.ZodMiniType<MarkRequest> = z.object({
  cluster: z.string(),
  scope,
  machines: z.array(z.string()),
  mark: z.string(),
});

const appRequest: z.ZodMiniType<AppRequest> = z.discriminatedUnion('call', [
  z.object({ call: z.literal('scale'), runSpec: z.string(), from: z.number(), to: z.number() }),
  z.object({
    call: z.literal('kill'),
    runSpec: z.string(),
    runSpecKind: z.enum(['app', 'pod']),
    tasks: z.array(z.string()),
    how: z.enum(['lower', 'replace', 'wipe']),
    instances: z.number(),
    keeps: z.number(),
  }),
  z.object({ call: z.literal('stop'), runSpec: z.string(), deployment: z.string() }),
  z.object({ call: z.literal('reset-delay'), runSpec: z.string() }),
]);

export const effectSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('launch'), request: launchRequest }),
  z.object({ kind: z.literal('terminate'), request: terminateRequest }),
  z.object({ kind: z.literal('agent'), request: agentRequest }),
  z.object({ kind: z.literal('mark'), request: markRequest }),
  z.object({ kind: z.literal('app'), request: appRequest }),
]);

/** What an intent carries out: the exact request. */
export type Effect =
  | { readonly kind: 'launch'; readonly request: LaunchRequest }
  | { readonly kind: 'terminate'; readonly request: TerminateRequest }
  | { readonly kind: 'agent'; readonly request: AgentRequest }
  | { readonly kind: 'mark'; readonly request: MarkRequest }
  | { readonly kind: 'app'; readonly request: AppRequest };

/** Parses stored JSON text. Throws Failure('permanent') that names the item. */
export const readStored = <T>(schema: z.ZodMiniType<T>, key: Key, text: unknown): T => {
  try {
    return schema.parse(JSON.parse(String(text)));
  } catch (cause) {
    throw corrupt(key, cause);
  }
};

/** Names the stored item that somebody else, or another version, wrote. */
export const corrupt = (key: Key, cause: unknown): Failure =>
  new Failure('permanent', `The stored item ${key.pk} / ${key.sk} is not what Muster wrote there.`, {
    code: 'corrupt-item',
    advice:
      'Look at it in the table; removing it makes Muster forget it, and what can be read again is read again.',
    cause,
  });
