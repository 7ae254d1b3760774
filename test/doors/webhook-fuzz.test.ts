// Bodies that nobody meant to send: recorded ones with something changed, and any JSON at all. Whatever comes, the door
// answers, and what is asked for is what the rules allow. MUSTER_FUZZ=100000 tries more.
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import type { Fact } from '../../lib/core/model/signal';
import type { Webhook } from '../../lib/core/model/spec';
import { factSchema } from '../../lib/engine/schema';
import { webhookDoor, type WebhookDoor } from '../../lib/doors/webhook';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { translate } from '../../lib/events/translate';
import { isFields } from '../../lib/events/translation';
import { silentLog } from '../../lib/telemetry/log';
import { countingMeter } from '../../lib/telemetry/meter';
import { sign } from '../../lib/doors/authenticate';
import { collecting } from '../builders/emulated-fleet';
import { MINUTE, NOW } from '../builders/fleet';
import { CONTEXT, httpEvent } from '../builders/lambda';

const RUNS = Number(process.env['MUSTER_FUZZ'] ?? 2000);
const folder = new URL('../fixtures/events/', import.meta.url);
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8')));

const KINDS = ['alertmanager', 'grafana', 'datadog', 'google-monitoring', 'cloudwatch', 'hmac'] as const;
const when = [{ pool: 'general' }, { cluster: 'prod' }, { alertname: 'mesos-pool-saturated' }];
const rules: Webhook['rules'] = when.flatMap((one) => [
  { when: one, do: { scaleOut: { pool: 'web', by: { agents: 2 }, forMs: 30 * MINUTE } } },
  { when: one, do: { drain: { hostFrom: 'instance', withinMs: 60 * MINUTE } } },
  { when: one, do: { failOver: { target: 'zone', from: 'zone', forMs: 60 * MINUTE } } },
]);
const webhooks = Object.fromEntries(
  KINDS.map((kind): [string, { cluster: string; webhook: Webhook }] => [
    kind,
    {
      cluster: 'prod',
      webhook: {
        name: kind,
        kind,
        auth: kind === 'hmac' ? 'hmac' : 'bearer',
        secret: 'env:S',
        rules: kind === 'hmac' ? [] : rules,
      },
    },
  ]),
);

type Path = readonly (string | number)[];
const pathsOf = (value: unknown, path: Path = []): readonly Path[] => {
  if (Array.isArray(value)) return [path, ...value.flatMap((one, nth) => pathsOf(one, [...path, nth]))];
  if (!isFields(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]))];
};
const changed = (value: unknown, path: Path, to: unknown): unknown => {
  const [first, ...rest] = path;
  if (first === undefined) return to;
  if (Array.isArray(value))
    return value.map((one: unknown, nth) => (nth === first ? changed(one, rest, to) : one));
  return isFields(value) ? { ...value, [first]: changed(value[first], rest, to) } : value;
};

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    '',
    '__proto__',
    'constructor',
    'x'.repeat(5000),
    '1e999',
    -1,
    1e300,
    { toString: 1 },
    ['a'],
    '2026-02-30T99:99:99Z',
    '../../etc',
    'a b\u0000c',
    'ALARM',
    'firing',
    'resolved',
    'Triggered',
    'Recovered',
  ),
);
const mutated = fc
  .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(), odd), { maxLength: 4 }))
  .map(([sample, changes]) =>
    changes.reduce<unknown>((value, [nth, to]) => {
      const paths = pathsOf(value);
      return changed(value, paths[nth % paths.length] ?? [], to);
    }, sample),
  );
const body = fc.oneof(
  { weight: 8, arbitrary: mutated.map((value) => JSON.stringify(value) ?? '') },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string() },
);

const doorWith = (bodies: string[]) => {
  const door: WebhookDoor = {
    log: silentLog,
    meter: countingMeter(),
    clock: { now: () => NOW, sleep: async () => undefined },
    secrets: { resolve: async () => 'token' },
    events: collecting(bodies),
    store: createMemoryStore(),
    webhooks,
  };
  return webhookDoor(async () => door, door);
};

const WEEK = 7 * 24 * 60 * MINUTE;
const isBounded = ({ at, expiresAt, subject, dedupeKey, body: { kind } }: Fact): boolean =>
  ['scale-out', 'drain', 'fail-over'].includes(kind) &&
  at <= NOW &&
  expiresAt >= at &&
  expiresAt - NOW <= WEEK &&
  subject.length <= 128 &&
  dedupeKey.length <= 300;

describe('any body that comes by a webhook', () => {
  test(`is answered, and asks for nothing that the rules do not allow (${RUNS} bodies)`, async () => {
    const answers = new Map<number, number>();
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...KINDS), body, async (kind, text) => {
        const bodies: string[] = [];
        const headers = { authorization: 'Bearer token', 'x-muster-signature': sign('token', text, NOW) };
        const answer = await doorWith(bodies)(httpEvent(`/hooks/${kind}`, text, headers), CONTEXT);
        const status = answer.statusCode ?? 0;
        expect([202, 400, 413]).toContain(status);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        expect(bodies.length).toBe(status === 202 ? 1 : 0);
        if (status !== 202) return;
        const understood = translate(JSON.parse(text), { receivedAt: NOW, source: kind, webhooks });
        const facts = 'signals' in understood ? understood.signals.flatMap(({ fact }) => fact ?? []) : [];
        expect(facts.length).toBeLessThanOrEqual(100);
        for (const fact of facts) {
          expect(factSchema.parse(JSON.parse(JSON.stringify(fact)))).toEqual(fact);
          expect(isBounded(fact)).toBe(true);
          if (kind !== 'hmac' && fact.body.kind === 'scale-out')
            expect(fact.body).toEqual({ kind: 'scale-out', pool: 'web', by: { agents: 2 }, source: kind });
        }
        asked += facts.length;
      }),
      { numRuns: RUNS },
    );
    expect(answers.get(202)).toBeGreaterThan(RUNS / 100);
    expect(answers.get(400)).toBeGreaterThan(RUNS / 10);
    expect(asked).toBeGreaterThan(RUNS / 100);
  }, 600_000);
});
