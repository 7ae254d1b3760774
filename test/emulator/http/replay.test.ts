// Sequences of calls that a real Mesos was recorded with, sent again to the emulated one at the same distances in
// time: it must answer alike, ids and times aside.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { NOTHING } from '../../../lib/core/model/resources';
import type { Got, Serving } from './served-world';
import { send, serving } from './served-world';

const folder = new URL('../../fixtures/mesos-recordings-replay/', import.meta.url);

const recorded = z.object({
  sequence: z.string(),
  file: z.string(),
  at: z.string(),
  request: z.string(),
  request_headers: z.record(z.string(), z.string()),
  request_body: z.string().nullable(),
  status: z.string(),
});
type Recorded = z.infer<typeof recorded>;

const RECORDINGS = readFileSync(new URL('index.jsonl', folder), 'utf8')
  .trim()
  .split('\n')
  .map((line) => recorded.parse(JSON.parse(line)));

const bodyOf = (file: string): string =>
  existsSync(new URL(file, folder)) ? readFileSync(new URL(file, folder), 'utf8') : '';

/** Ids of the recording and of this world, side by side. */
type Ids = Readonly<Record<string, string>>;

const translate = (text: string, ids: Ids): string =>
  Object.entries(ids).reduce((all, [theirs, ours]) => all.replaceAll(theirs, ours), text);

const agentsSchema = z.object({
  get_agents: z.object({
    agents: z.array(
      z.object({
        agent_info: z.object({ id: z.object({ value: z.string() }) }),
        active: z.boolean(),
        deactivated: z.boolean(),
        drain_info: z.unknown().optional(),
        estimated_drain_start_time: z.unknown().optional(),
      }),
    ),
    recovered_agents: z.array(z.object({ id: z.object({ value: z.string() }) })),
  }),
});

/** What an answer says about the agents that are in both worlds. */
const agentsIn = (body: string, ids: Ids): unknown => {
  const { agents, recovered_agents } = agentsSchema.parse(JSON.parse(body)).get_agents;
  const ours = new Set(Object.values(ids));
  return {
    agents: agents
      .filter(({ agent_info }) => ours.has(agent_info.id.value))
      .map((row) => ({ ...row, estimated_drain_start_time: row.estimated_drain_start_time !== undefined }))
      .sort((a, b) => (a.agent_info.id.value < b.agent_info.id.value ? -1 : 1)),
    recovered: recovered_agents
      .map(({ id }) => id.value)
      .filter((id) => ours.has(id))
      .sort(),
  };
};

/** Lists of machines come in no order. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value))
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sorted(member)]));
};

const bodyIn = (body: string, file: string, ids: Ids): unknown => {
  if (file.includes('GET_AGENTS')) return agentsIn(body, ids);
  return file.endsWith('.json') ? sorted(JSON.parse(body)) : body;
};

const repeat = (url: string, one: Recorded, ids: Ids): Promise<Got> => {
  const [method = 'GET', path = '/'] = one.request.split(' ');
  const { Host: _, ...headers } = one.request_headers;
  return send(`${url}${path}`, { method, headers, body: translate(one.request_body ?? '', ids) });
};

type Play = {
  readonly served: Serving;
  readonly ids: Ids;
  /** What happened beside the calls, before the one with this file. */
  readonly before?: Readonly<Record<string, () => void>>;
};

const replay = async (sequence: string, { served, ids, before = {} }: Play): Promise<void> => {
  const calls = RECORDINGS.filter((one) => one.sequence === sequence);
  expect(calls.length).toBeGreaterThan(0);
  const first = Date.parse(calls[0]?.at ?? '');
  const start = served.world.now();
  for (const one of calls) {
    served.clock.advanceTo(Math.max(served.world.now(), start + Date.parse(one.at) - first));
    before[one.file]?.();
    const got = await repeat(served.masterUrls[0] ?? '', one, ids);
    const theirs = bodyIn(translate(bodyOf(one.file), ids), one.file, ids);
    expect([one.file, `HTTP/1.1 ${got.status} ${got.reason}`, bodyIn(got.body, one.file, ids)]).toEqual([
      one.file,
      one.status,
      theirs,
    ]);
  }
};

const agent = (served: Serving, name: string, ip = '127.0.0.1'): string =>
  served.world.mesos.addAgent({
    hostname: `agent-${name}.rec.local`,
    ip,
    attributes: {},
    total: { ...NOTHING, cpuMilli: 1000, memMib: 512 },
  });

describe('the emulated master answers like the recorded one over', () => {
  test('a maintenance schedule, machines down and up', async () => {
    // Whoever recorded it started the agent again at once.
    const settings = { agent: { startMs: [150, 150] } } as const;
    const served = await serving({}, { masters: 1, settings });
    const id = agent(served, 'd');
    served.world.mesos.occupy(id, { cpuMilli: 100, memMib: 32 }, 'mesos-execute');
    await replay('maintenance', { served, ids: { 'a3228e00-f4bd-4d9d-a8dd-98183afec384-S5': id } });
  });

  const RECORDED_AS = 'a3228e00-f4bd-4d9d-a8dd-98183afec384';

  test('drains, deactivations and reactivations of an empty agent', async () => {
    const served = await serving({}, { masters: 1 });
    await replay('drain', { served, ids: { [`${RECORDED_AS}-S0`]: agent(served, 'a') } });
  });

  test('calls about an agent that dies and becomes unreachable', async () => {
    // Given up as soon as the recorded one was, which had shorter pings.
    const settings = { mesos: { pingTimeoutMs: 1000, maxPingTimeouts: 6 } } as const;
    const served = await serving({}, { masters: 1, settings });
    const id = agent(served, 'a');
    served.world.troubles.killAgent(id);
    served.clock.advance(1500);
    await replay('unreachable', { served, ids: { [`${RECORDED_AS}-S0`]: id } });
  });

  test('an agent with a task that is marked gone', async () => {
    const served = await serving({}, { masters: 1 });
    const id = agent(served, 'b');
    served.world.mesos.occupy(id, { cpuMilli: 100, memMib: 32 }, 'mesos-execute');
    await replay('gone', { served, ids: { [`${RECORDED_AS}-S1`]: id } });
  });

  test('a drain with mark_gone, of a task that takes two seconds to end', async () => {
    const served = await serving({}, { masters: 1 });
    const id = agent(served, 'b');
    served.world.mesos.occupy(id, { cpuMilli: 100 }, 'batch', { stopMs: 2000 });
    await replay('mark-gone', { served, ids: { [`${RECORDED_AS}-S3`]: id } });
  });

  test('a drain whose framework is away, and is torn down', async () => {
    const served = await serving({}, { masters: 1 });
    const id = agent(served, 'b');
    const { mesos } = served.world;
    mesos.occupy(id, { cpuMilli: 100 }, 'batch');
    mesos.disconnectFramework('batch');
    const framework = mesos.frameworks().find(({ name }) => name === 'batch')?.id ?? '';
    const ids = {
      [`${RECORDED_AS}-S4`]: id,
      'a0508dfb-7787-40f2-a4f5-c8cdf0544ec2-0000': framework,
    };
    await replay('framework-away', { served, ids });
  });

  test('the second drain that frees a stuck one', async () => {
    const served = await serving({}, { masters: 1 });
    const id = agent(served, 'b');
    const { mesos } = served.world;
    mesos.occupy(id, { cpuMilli: 100 }, 'batch', { endsFramework: true });
    mesos.drainAgent(id);
    served.clock.advance(10_000);
    await replay('unstick', { served, ids: { [`${RECORDED_AS}-S4`]: id } });
  });

  /** The master is started again while the agent cannot be reached; the others are back after three seconds. */
  const restart = (served: Serving, away: string) => (): void => {
    served.world.troubles.partition(away);
    served.world.troubles.masterFailover();
    served.clock.advance(3000);
  };
  // It was started a quarter of a minute before the first answer that was kept.
  const restarted = { mesos: { electionMs: 100, agentReregisterTimeoutMs: 585_000 } } as const;

  test('a failover with agents that are drained, deactivated and away', async () => {
    const served = await serving({}, { masters: 1, settings: restarted });
    const away = agent(served, 'a', '127.0.0.2');
    const ids = {
      [`${RECORDED_AS}-S0`]: away,
      [`${RECORDED_AS}-S2`]: agent(served, 'c', '127.0.0.3'),
      [`${RECORDED_AS}-S4`]: agent(served, 'b', '127.0.0.4'),
    };
    const before = { 'v1-GET_AGENTS.recovered.json': restart(served, away) };
    await replay('failover', { served, ids, before });
  });

  test('a recovered agent that is marked gone and stays listed', async () => {
    const served = await serving({}, { masters: 1, settings: restarted });
    const away = agent(served, 'a');
    const before = { 'v1-GET_AGENTS.recovered-2.json': restart(served, away) };
    await replay('recovered-gone', { served, ids: { [`${RECORDED_AS}-S0`]: away }, before });
  });

  test('schedules in upper case, empty ones, and nanoseconds to the digit', async () => {
    const served = await serving({}, { masters: 1 });
    agent(served, 'b');
    await replay('schedules', { served, ids: {} });
  });
});
