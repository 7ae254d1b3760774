import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../lib/engine/failure';
import type { FailureKind } from '../../lib/engine/failure';
import { createHosts } from '../../lib/transport/hosts';
import type { Hosts, Use } from '../../lib/transport/hosts';
import { standing } from './server';

const URLS = ['http://a:5050', 'http://b:5050', 'http://c:5050'];
const fail = (kind: FailureKind, code = kind as string) => new Failure(kind, `it was ${kind}.`, { code });

const hostsWith = (clock = standing(0)): Hosts =>
  createHosts({
    urls: URLS,
    clock,
    timeoutMs: 1_000,
    budgetMs: 10_000,
    rounds: 3,
    pauseMs: 500,
    service: 'Mesos master',
    setting: 'mesos.masters',
  });

/** Asks once; `leader` answers, the others say that they are not it. */
const ask = async (hosts: Hosts, use: Use, leader: string | undefined, suggestion = '') => {
  const asked: string[] = [];
  const answer = await hosts
    .ask(use, async ({ url, suggest }) => {
      asked.push(url);
      if (url === leader) return 'done';
      suggest(suggestion);
      throw fail('transient', '307');
    })
    .catch((error: unknown) => error);
  return { asked, answer };
};

describe('several addresses of one service', () => {
  test('tries them in their order until one answers, and begins with that one the next time', async () => {
    const hosts = hostsWith();
    expect((await ask(hosts, 'read', 'http://b:5050')).asked).toEqual(['http://a:5050', 'http://b:5050']);
    expect((await ask(hosts, 'read', 'http://b:5050')).asked).toEqual(['http://b:5050']);
    expect((await ask(hosts, 'read', 'http://a:5050')).asked).toEqual(['http://b:5050', 'http://a:5050']);
  });

  test('goes straight to the address that another names, when it is one of ours', async () => {
    const { asked } = await ask(hostsWith(), 'write', 'http://c:5050', '//c:5050/master/api/v1');
    expect(asked).toEqual(['http://a:5050', 'http://c:5050']);
  });

  test('never goes to an address that is not configured, and says which one to add', async () => {
    const { asked, answer } = await ask(hostsWith(), 'write', undefined, '//evil:5050/master/api/v1');
    expect(asked).toEqual(URLS);
    expect(String(answer)).toContain('The leader is said to be evil:5050, which is not in mesos.masters');
  });

  test('goes round three times for a read, once for a write', async () => {
    expect((await ask(hostsWith(), 'read', undefined)).asked).toHaveLength(9);
    expect((await ask(hostsWith(), 'write', undefined)).asked).toHaveLength(3);
  });

  test('stops when its budget is spent', async () => {
    const clock = standing(0);
    const asked: number[] = [];
    const slow = hostsWith(clock).ask('read', async ({ timeoutMs }) => {
      asked.push(timeoutMs);
      clock.at += 4_500;
      throw fail('transient');
    });
    await expect(slow).rejects.toMatchObject({ kind: 'transient' });
    expect(asked).toEqual([1_000, 1_000, 1_000]);
  });

  test('is permanent only when every address fails in a way that a person must cure', async () => {
    const tls = hostsWith().ask('read', () => Promise.reject(fail('transient', 'tls')));
    await expect(tls).rejects.toMatchObject({ kind: 'permanent', code: 'tls' });
  });

  test('never repeats a write that may have been done, whatever the answers', async () => {
    const kinds = fc.constantFrom<FailureKind>(
      'gone',
      'conflict',
      'throttled',
      'transient',
      'unknown-outcome',
      'permanent',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { minLength: 12, maxLength: 12 }), async (answers) => {
        const given: FailureKind[] = [];
        const work = hostsWith().ask('write', async () => {
          const kind = answers[given.length] ?? 'permanent';
          given.push(kind);
          throw fail(kind);
        });
        await work.catch(() => undefined);
        expect(given.slice(0, -1).every((kind) => kind === 'transient')).toBe(true);
      }),
    );
  });
});
