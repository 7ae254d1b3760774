// `muster serve` on a disk that is really full: a small tmpfs where we may mount one.
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFileStore } from '../../lib/embedded/file-store';
import { ended, ends, serving, setting, TOKEN, until } from './serving';

/** The reason when it is not possible here. */
const mountSmallDisk = (directory: string): string | undefined => {
  try {
    mkdirSync(directory);
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory], { stdio: 'pipe' });
    ends.push(() => void execFileSync('/bin/umount', ['-l', directory]));
    return undefined;
  } catch (error) {
    return String(error).split('\n')[0];
  }
};

const alert = (nth: number): string => {
  const text = readFileSync('test/fixtures/events/alertmanager-webhook-v4.json', 'utf8');
  const body = JSON.parse(text.replaceAll('MesosPoolSaturated', 'HighLatency')) as Record<string, unknown>;
  return JSON.stringify({ ...body, groupKey: `group-${nth}`, externalURL: `http://${'x'.repeat(60_000)}` });
};

test('when the disk is full webhooks are not taken and it is said; it goes on once there is room, and has lost nothing that it took', async () => {
  const place = await setting();
  const disk = join(place.folder, 'disk');
  const why = mountSmallDisk(disk);
  if (why !== undefined) {
    process.stdout.write(`skipped: a full disk needs the right to mount a tmpfs (${why})\n`);
    return;
  }
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, 'x'.repeat(1_000_000));
  const state = join(disk, 'state');
  const { child, url, text } = await serving({ ...place, folder: disk });
  const send = async (nth: number): Promise<number> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return (await fetch(`${url}/hooks/alertmanager`, { method: 'POST', headers, body: alert(nth) })).status;
  };
  let taken = 0;
  let answer = await send(taken);
  while (answer === 202 && taken < 100) {
    taken += 1;
    answer = await send(taken);
  }
  expect(answer).toBe(500);
  expect(taken).toBeGreaterThan(2);
  await until('the full disk is said', () => /ENOSPC[\s\S]*free some space/.test(text()));
  expect(child.exitCode).toBeNull();

  rmSync(ballast);
  await until('webhooks are taken again', async () => (await send(taken)) === 202);
  child.kill('SIGINT');
  expect(await ended(child)).toBe(0);
  const store = await openFileStore({ directory: state, onWarning: () => undefined });
  const kept = [...(await store.list('facts#cluster#home')), ...(await store.list('queue#events'))];
  await store.close();
  const wishes = kept.filter((item) => /scale-out|HighLatency/.test(JSON.stringify(item)));
  expect(wishes.length).toBeGreaterThanOrEqual(taken + 1);
});
