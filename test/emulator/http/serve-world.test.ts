import { describe, expect, test } from '@jest/globals';
import { serveWorld } from '../../../lib/emulator/http/serve-world';
import { serving, send, withAgent } from './served-world';

describe('a served world', () => {
  test('listens on loopback only, each master and each node on a port of its own', async () => {
    const served = await serving({ marathonNodes: 2 }, { masters: 3 });
    const urls = [served.ec2Url, ...served.masterUrls, ...served.marathonUrls];
    expect(urls).toHaveLength(6);
    expect(new Set(urls).size).toBe(6);
    for (const url of urls) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(served.ssmUrl).toBe(served.ec2Url);
  });

  test('says which part cannot have which port, and leaves nothing listening behind', async () => {
    const first = await serving({ marathonNodes: 1 });
    const taken = Number(new URL(first.marathonUrls[0] ?? '').port);
    const other = await serving();
    await other.close();
    const aws = Number(new URL(other.ec2Url).port);
    await expect(serveWorld(first.world, { ports: { aws, marathon: [taken] } })).rejects.toThrow(
      `The emulated Marathon node 1 cannot listen on 127.0.0.1:${taken}: the port is in use by another process.`,
    );
    await expect(send(`http://127.0.0.1:${aws}/`)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('stands still on a stepped clock while clients talk', async () => {
    const served = await serving();
    withAgent(served.world);
    const before = served.world.now();
    for (let i = 0; i < 5; i += 1) await send(`${served.masterUrls[0] ?? ''}/health`);
    expect(served.world.now()).toBe(before);
    served.clock.advance(60_000);
    expect(served.world.now()).toBe(before + 60_000);
  });

  test('moves by itself on a paced clock, and not after it is closed', async () => {
    const served = await serving({ clock: { kind: 'paced', factor: 500, tickMs: 5 } });
    const before = served.world.now();
    while (served.world.now() < before + 1_000) await send(`${served.masterUrls[0] ?? ''}/health`);
    await served.close();
    const stood = served.world.now();
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    expect(served.world.now()).toBe(stood);
    await expect(send(`${served.ec2Url}/`)).rejects.toThrow(/ECONNREFUSED/);
  });
});
