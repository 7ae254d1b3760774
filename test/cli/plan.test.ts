import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { plan } from '../../lib/core/plan';
import { anApp, anInput, aWorld, waiting } from '../builders/fleet';
import { json, run } from './terminal';

describe('muster plan', () => {
  test('makes the same plan of a recorded input as the turn did', async () => {
    const input = anInput({ world: aWorld({ queue: [waiting(anApp('/a'), 3)] }) });
    const said = await run(['plan', '--world', 'world.json', '--json'], {
      'world.json': JSON.stringify(input),
    });
    expect(said.code).toBe(0);
    expect(JSON.stringify(json(said))).toBe(JSON.stringify(plan(input)));
    expect(
      (await run(['plan', '--world', 'world.json'], { 'world.json': JSON.stringify(input) })).out,
    ).toContain('/a wants 3 instances');
  });

  test('says what is wrong with a file that is no recorded input', async () => {
    expect(await run(['plan', '--world', 'w.json'], { 'w.json': '{}' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('spec'),
    });
    const recorded = JSON.stringify(anInput({ world: aWorld({ queue: [waiting(anApp('/a'), 3)] }) }));
    const halved = recorded.replace(/"queue":\{"at":\d+,/, '"queue":{');
    expect((await run(['plan', '--world', 'w.json'], { 'w.json': halved })).err).toContain('world.queue.at');
    const odd = recorded.replace('"acceptedRoles":[]', '"acceptedRoles":null');
    expect((await run(['plan', '--world', 'w.json'], { 'w.json': odd })).err).toMatch(
      /w\.json was changed, or recorded by another version: .*Record it again/,
    );
    expect(await run(['plan', '--world', 'w.json'], { 'w.json': '{' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('not JSON'),
    });
  });

  test('makes no plan of a fleet of which nothing answers, and says what did not', async () => {
    const dead = readFileSync('examples/local.yaml', 'utf8').replace(':5050', ':1').replace(':8080', ':1');
    const said = await run(['plan', 'dead.yaml', '--aws-endpoint', 'http://127.0.0.1:1'], {
      'dead.yaml': dead,
    });
    expect(said).toMatchObject({ code: 1, out: '' });
    for (const source of ['machines of aws', 'Mesos master', "Marathon's queue"])
      expect(said.err).toContain(source);
    expect(said.err).toContain('Nothing of the fleet could be read');
  });

  test('takes a file or a recorded input, not both and not two', async () => {
    expect((await run(['plan', 'a.yaml', '--world', 'w.json'])).code).toBe(64);
    expect((await run(['plan', 'a.yaml', 'b.yaml'])).code).toBe(64);
  });
});
