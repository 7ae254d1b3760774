import { describe, expect, test } from '@jest/globals';
import type { HttpAnswer, HttpRequest, Transport } from '../../lib/engine/ports';
import { createMesos } from '../../lib/mesos/mesos';
import { chunksOf, secretsOf, standing } from '../transport/server';
import { bodyOf } from './recordings';

const NOW = 1_795_345_900_000;

/** A master that gives these agents and was elected so long ago. */
const masterWith = (agents: string | Buffer, electedMsAgo?: number): Transport => {
  const elected = electedMsAgo === undefined ? {} : { elected_time: (NOW - electedMsAgo) / 1_000 };
  const master = {
    type: 'GET_MASTER',
    get_master: { master_info: { id: 'm', version: '1.11.0' }, ...elected },
  };
  return async (request: HttpRequest): Promise<HttpAnswer> => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: chunksOf((request.body ?? '').includes('GET_MASTER') ? JSON.stringify(master) : agents),
  });
};

const seenOf = (transport: Transport) =>
  createMesos({
    masters: ['http://m:5050'],
    transport,
    clock: standing(NOW),
    secrets: secretsOf({}),
  }).agents();

const agentsOf = (registered: number, recovered: number, more: readonly unknown[] = []): string => {
  const info = (index: number) => ({ id: { value: `S${index}` }, hostname: `h${index}` });
  const agents = Array.from({ length: registered }, (_, index) => ({
    agent_info: info(index),
    active: true,
  }));
  const known = Array.from({ length: recovered }, (_, index) => info(registered + index));
  return JSON.stringify({
    type: 'GET_AGENTS',
    get_agents: { agents: [...agents, ...more], recovered_agents: known },
  });
};

describe('the agents of the cluster', () => {
  test('are complete when all have registered', async () => {
    expect(await seenOf(masterWith(bodyOf('v1-GET_AGENTS.json')))).toMatchObject({
      at: NOW,
      complete: true,
      faults: [],
      value: [
        { hostname: 'agent-a.rec.local' },
        { hostname: 'agent-b.rec.local' },
        { hostname: 'agent-c.rec.local' },
      ],
    });
  });

  test('mean nothing while all are only recovered, however long that takes', async () => {
    const seen = await seenOf(masterWith(bodyOf('v1-GET_AGENTS.recovered-2.json'), 86_400_000));
    expect(seen.complete).toBe(false);
    expect(seen.value.every((agent) => agent.recovered)).toBe(true);
    expect(seen.faults[0]).toContain('have yet to register');
  });

  test('are doubtful while some have yet to come back in the first minute after an election', async () => {
    const seen = await seenOf(masterWith(agentsOf(2, 1), 5_000));
    expect(seen).toMatchObject({
      complete: false,
      faults: ['1 of 3 agents have yet to register: the Mesos master was elected 5 s ago.'],
    });
  });

  test('are complete later, with the missing one still told apart', async () => {
    const seen = await seenOf(masterWith(agentsOf(2, 1), 61_000));
    expect(seen.complete).toBe(true);
    expect(seen.value.map((agent) => agent.recovered)).toEqual([false, false, true]);
  });

  test('an empty list is believed only of a master that has led for a minute', async () => {
    expect((await seenOf(masterWith(agentsOf(0, 0), 3_000))).complete).toBe(false);
    expect((await seenOf(masterWith(agentsOf(0, 0)))).complete).toBe(false);
    expect((await seenOf(masterWith(agentsOf(0, 0), 61_000))).complete).toBe(true);
  });

  test('an agent that cannot be read is named and the others stand', async () => {
    const seen = await seenOf(masterWith(agentsOf(2, 0, [{ agent_info: { hostname: 'x' } }])));
    expect(seen.value).toHaveLength(2);
    expect(seen).toMatchObject({
      complete: false,
      faults: ['Mesos listed an agent that cannot be read (at agent_info.id).'],
    });
  });

  test('one that is listed twice counts as registered', async () => {
    const twice = agentsOf(1, 0).replace(
      '"recovered_agents":[]',
      '"recovered_agents":[{"id":{"value":"S0"},"hostname":"h0"}]',
    );
    const seen = await seenOf(masterWith(twice));
    expect(seen.value.map((agent) => [agent.id, agent.recovered])).toEqual([['S0', false]]);
  });
});
