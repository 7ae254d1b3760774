// What Mesos and Marathon send for a very large fleet, as bytes, through the real clients to the nouns of a plan.
import { createMarathon } from '../../lib/marathon/marathon';
import { createMesos } from '../../lib/mesos/mesos';
import type { HttpAnswer, Transport } from '../../lib/engine/ports';
import { type Figures, rssMib } from './figures';

const PIECE = 64 * 1024;

const answering = (bodies: (url: string, body: string) => Buffer): Transport => {
  return async (request): Promise<HttpAnswer> => {
    const body = bodies(request.url, request.body ?? '');
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: (async function* pieces() {
        for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE);
      })(),
    };
  };
};

const scalar = (name: string, value: number) => ({ name, type: 'SCALAR', scalar: { value }, role: '*' });

const agent = (nth: number) => ({
  active: true,
  deactivated: false,
  agent_info: {
    hostname: `10.${nth >> 16}.${(nth >> 8) & 255}.${nth & 255}`,
    port: 5051,
    id: { value: `6f3b1e0c-0000-4000-8000-000000000000-S${nth}` },
    attributes: [
      { name: 'zone', type: 'TEXT', text: { value: `us-east-1${'abc'[nth % 3] ?? 'a'}` } },
      { name: 'pool', type: 'TEXT', text: { value: 'web' } },
      { name: 'instance_id', type: 'TEXT', text: { value: `i-${nth.toString(16).padStart(17, '0')}` } },
      { name: 'lifecycle', type: 'TEXT', text: { value: 'spot' } },
    ],
    resources: [scalar('cpus', 16), scalar('mem', 60_000), scalar('disk', 100_000)],
  },
  pid: `slave(1)@10.0.0.1:5051`,
  version: '1.11.0',
  registered_time: { nanoseconds: 1_795_344_650_766_312_960 },
  total_resources: [
    scalar('cpus', 16),
    scalar('mem', 60_000),
    scalar('disk', 100_000),
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] }, role: '*' },
  ],
  allocated_resources: [scalar('cpus', 15.2), scalar('mem', 57_000), scalar('disk', 10_000)],
  offered_resources: [],
});

const queueRow = (nth: number) => ({
  app: {
    id: `/app-${nth}`,
    cpus: 0.5,
    mem: 512,
    disk: 0,
    gpus: 0,
    instances: 40,
    version: '2026-11-24T07:00:00.000Z',
    constraints: [['zone', 'GROUP_BY', '3']],
    portDefinitions: [{ port: 0 }],
  },
  count: 40,
  role: '*',
  since: '2026-11-24T07:59:00.000Z',
  delay: { timeLeftSeconds: 0, overdue: true },
  processedOffersSummary: {
    processedOffersCount: 100,
    unusedOffersCount: 100,
    rejectSummaryLastOffers: [{ reason: 'InsufficientCpus', declined: 100, processed: 100 }],
    rejectSummaryLaunchAttempt: [],
  },
});

/** GET_AGENTS with 40,000 agents and a queue of 500 rows: bytes → nouns. */
export const rawBench = async (): Promise<Figures> => {
  const agents = Buffer.from(
    JSON.stringify({
      type: 'GET_AGENTS',
      get_agents: { agents: Array.from({ length: 40_000 }, (_, nth) => agent(nth)), recovered_agents: [] },
    }),
  );
  const queue = Buffer.from(
    JSON.stringify({ queue: Array.from({ length: 500 }, (_, nth) => queueRow(nth)) }),
  );
  const clock = { now: () => 1_795_507_200_000, sleep: async () => undefined };
  const secrets = { resolve: async (reference: string) => reference };
  const mesos = createMesos({
    masters: ['http://m:5050'],
    transport: answering(() => agents),
    clock,
    secrets,
  });
  const marathon = createMarathon({
    urls: ['http://m:8080'],
    transport: answering((url) => (url.includes('/v2/queue') ? queue : Buffer.from('{}'))),
    clock,
    secrets,
  });
  const started = performance.now();
  const [seen, rows] = await Promise.all([mesos.agents(), marathon.queue()]);
  const ms = performance.now() - started;
  if (seen.value.length !== 40_000 || !seen.complete || rows.value.length !== 500)
    throw new Error(`Read ${seen.value.length} agents and ${rows.value.length} rows.`);
  return {
    name: 'Raw answers of 40,000 agents and 500 queue rows → world',
    figures: { ms, 'MB of JSON': (agents.length + queue.length) / 1e6, 'peak RSS MiB': rssMib() },
    note: 'Through the real clients, without a network. Tasks are fetched only for run specs that a step names, so none here.',
  };
};
