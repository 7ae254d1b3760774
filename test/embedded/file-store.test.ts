import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type FileStore, type FileStoreOptions, openFileStore } from '../../lib/embedded/file-store';
import { type Failure, isFailure } from '../../lib/engine/failure';
import { storeContract } from '../contract/store';
import { modelStore, operation, outcomeOf } from '../contract/store-model';
import { type Plan, failingDisk } from './failing-disk';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();

const opened = async (directory: string, options: Partial<FileStoreOptions> = {}) => {
  const warnings: string[] = [];
  const store = await openFileStore({ directory, onWarning: (text) => warnings.push(text), ...options });
  return { store, warnings };
};

const failureOf = async (promise: Promise<unknown>): Promise<Failure> => {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!isFailure(error)) throw error;
  return error;
};

const everything = async (store: FileStore) => store.list('p');

storeContract(
  'The file store',
  async () => opened(await newDirectory()).then(({ store }) => ({ store, close: () => store.close() })),
  30,
);
storeContract(
  'The file store that compacts all the time',
  async () => {
    const { store } = await opened(await newDirectory(), { compactAboveBytes: 100 });
    return { store, close: () => store.close() };
  },
  15,
);

describe('What was acknowledged', () => {
  test('is there after the store is opened again, whatever was done', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { maxLength: 10 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(60, 1_000_000),
        async (sessions, compactAboveBytes) => {
          const directory = await newDirectory();
          const model = modelStore();
          for (const operations of sessions) {
            const { store, warnings } = await opened(directory, { compactAboveBytes });
            expect(await everything(store)).toEqual(await model.list('p'));
            for (const one of operations)
              expect(await outcomeOf(store, 'p', one)).toEqual(await outcomeOf(model, 'p', one));
            await store.close();
            expect(warnings).toEqual([]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a log that is full of old versions is made smaller, and leaves nothing else behind', async () => {
    const directory = await newDirectory();
    const { store } = await opened(directory, { compactAboveBytes: 10_000 });
    for (let n = 0; n < 1000; n += 1)
      await store.update({ pk: 'p', sk: 'a' }, { set: { n, text: 'x'.repeat(50) } });
    expect((await stat(join(directory, 'store.log'))).size).toBeLessThan(11_000);
    await store.close();
    expect(await readdir(directory)).toEqual(['store.log']);
    const again = await opened(directory);
    expect((await again.store.get({ pk: 'p', sk: 'a' }))?.['n']).toBe(999);
    await again.store.close();
  });

  test('writes begun together share one commit', async () => {
    const disk = failingDisk(() => undefined);
    const { store } = await opened(await newDirectory(), { disk });
    const before = disk.calls();
    await Promise.all(Array.from({ length: 500 }, (_, at) => store.put({ pk: 'p', sk: `${at}` })));
    expect(disk.calls() - before).toBe(2);
    await store.close();
  });

  test('a closed store refuses', async () => {
    const { store } = await opened(await newDirectory());
    const last = store.put({ pk: 'p', sk: 'a' });
    await store.close();
    await last;
    await store.close();
    expect((await failureOf(store.put({ pk: 'p', sk: 'b' }))).message).toContain('is closed');
    expect((await failureOf(store.get({ pk: 'p', sk: 'a' }))).kind).toBe('permanent');
  });

  test('expired items go when they are dropped, unless a write gave them more time', async () => {
    const directory = await newDirectory();
    const { store } = await opened(directory);
    for (const sk of ['a', 'b']) await store.put({ pk: 'p', sk, expiresAt: 100 });
    const longer = store.update({ pk: 'p', sk: 'b' }, { set: { expiresAt: 500 } });
    expect(await store.dropExpired(100_000)).toBe(1);
    await longer;
    await store.close();
    const again = await opened(directory);
    expect(await everything(again.store)).toEqual([{ pk: 'p', sk: 'b', expiresAt: 500 }]);
    await again.store.close();
  });
});

describe('A damaged log', () => {
  /** Three commits; returns the log's bytes and where the last begins. */
  const sample = async () => {
    const directory = await newDirectory();
    const { store } = await opened(directory);
    const path = join(directory, 'store.log');
    await store.put({ pk: 'p', sk: 'a', text: 'first' });
    await store.put({ pk: 'p', sk: 'b', text: 'second' });
    const lastAt = (await stat(path)).size;
    await store.put({ pk: 'p', sk: 'c', text: 'ä third' });
    await store.close();
    return { log: await readFile(path), lastAt };
  };
  const openedWith = async (log: Buffer) => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'store.log'), log);
    return { directory, result: opened(directory) };
  };

  test('that ends anywhere inside its last commit opens without it, says so, and goes on', async () => {
    const { log, lastAt } = await sample();
    for (let end = lastAt; end <= log.length; end += 1) {
      const { directory, result } = await openedWith(log.subarray(0, end));
      const { store, warnings } = await result;
      const whole = end === log.length;
      expect((await everything(store)).map(({ sk }) => sk)).toEqual(whole ? ['a', 'b', 'c'] : ['a', 'b']);
      expect(warnings).toHaveLength(whole || end === lastAt ? 0 : 1);
      for (const warning of warnings) expect(warning).toContain(`byte ${lastAt} of ${end}`);
      await store.put({ pk: 'p', sk: 'd' });
      await store.close();
      const again = await opened(directory);
      expect((await everything(again.store)).map(({ sk }) => sk)).toContain('d');
      expect(again.warnings).toEqual([]);
      await again.store.close();
    }
  });

  test('whose last commit has pages that were never written opens without it', async () => {
    const { log, lastAt } = await sample();
    for (let from = lastAt; from < log.length; from += 1) {
      const { result } = await openedWith(Buffer.from(log).fill(0, from));
      const { store, warnings } = await result;
      expect((await everything(store)).map(({ sk }) => sk)).toEqual(['a', 'b']);
      expect(warnings).toHaveLength(1);
      await store.close();
    }
  });

  test('with any flipped bit does not open: it names the file, the offset and what to do, and changes nothing', async () => {
    const { log, lastAt } = await sample();
    for (let at = 0; at < log.length; at += 1) {
      const flipped = Buffer.from(log);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      const { directory, result } = await openedWith(flipped);
      const failure = await failureOf(result);
      expect(failure.kind).toBe('permanent');
      expect(failure.code).toBe('StoreDamaged');
      expect(failure.message).toContain(join(directory, 'store.log'));
      expect(failure.message).toMatch(at >= lastAt ? `at byte ${lastAt}:` : /at byte \d+:/);
      expect(failure.advice).toContain('truncate -s');
      expect(await readdir(directory)).toEqual(['store.log']);
      expect(await readFile(join(directory, 'store.log'))).toEqual(flipped);
    }
  });

  test('opens as far as the damage when it is cut off as advised', async () => {
    const { log, lastAt } = await sample();
    const { result } = await openedWith(log.subarray(0, lastAt));
    const { store } = await result;
    expect((await everything(store)).map(({ sk }) => sk)).toEqual(['a', 'b']);
    await store.close();
  });

  test('that is some other file is refused', async () => {
    for (const text of ['', 'hello\n', 'muster store 2\n'])
      expect((await failureOf((await openedWith(Buffer.from(text))).result)).message).toContain(
        'does not begin with',
      );
  });
});

describe('A disk that fails', () => {
  const item = (sk: string) => ({ pk: 'p', sk });

  test.each(['write', 'datasync'])(
    'at %s loses nothing: not acknowledged, not to be seen, later writes work',
    async (name) => {
      const directory = await newDirectory();
      let isFull = false;
      const disk = failingDisk((call) => (isFull && call.name === name ? 'ENOSPC' : undefined));
      const { store } = await opened(directory, { disk });
      await store.put(item('before'));
      isFull = true;
      const failure = await failureOf(store.put(item('refused')));
      expect(failure.kind).toBe('transient');
      expect(failure.code).toBe('ENOSPC');
      expect(failure.message).toContain(join(directory, 'store.log'));
      expect(failure.message).toContain('disk is full');
      expect(await everything(store)).toEqual([item('before')]);
      isFull = false;
      await store.put(item('after'));
      await store.close();
      const again = await opened(directory);
      expect(await everything(again.store)).toEqual([item('after'), item('before')]);
      await again.store.close();
    },
  );

  test('and cannot take the write back either makes the outcome unknown until it works again', async () => {
    const directory = await newDirectory();
    let isBroken = false;
    const broken = new Set(['datasync', 'truncate']);
    const disk = failingDisk((call) => (isBroken && broken.has(call.name) ? 'EIO' : undefined));
    const { store } = await opened(directory, { disk });
    isBroken = true;
    expect((await failureOf(store.put(item('unknown')))).kind).toBe('unknown-outcome');
    expect((await failureOf(store.put(item('refused')))).kind).toBe('transient');
    expect(await everything(store)).toEqual([]);
    isBroken = false;
    await store.put(item('after'));
    await store.close();
    const again = await opened(directory);
    expect(await everything(again.store)).toEqual([item('after')]);
    await again.store.close();
  });

  test('while the log is made smaller warns and keeps everything', async () => {
    const directory = await newDirectory();
    const disk = failingDisk((call) => (call.name === 'rename' ? 'ENOSPC' : undefined));
    const first = await opened(directory);
    await first.store.close();
    const { store, warnings } = await opened(directory, { disk, compactAboveBytes: 200 });
    for (let n = 0; n < 20; n += 1) await store.put({ ...item('a'), n });
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.length).toBeLessThan(10);
    expect(warnings[0]).toContain('could not be made smaller');
    await store.close();
    expect(await readdir(directory)).toEqual(['store.log']);
    const again = await opened(directory);
    expect(await everything(again.store)).toEqual([{ ...item('a'), n: 19 }]);
    await again.store.close();
  });

  test('when the new log takes its name: nothing is acknowledged until that name is on the disk', async () => {
    const directory = await newDirectory();
    let [hasRenamed, isBroken] = [false, true];
    const first = await opened(directory);
    await first.store.close();
    const disk = failingDisk(({ name }) => {
      hasRenamed ||= name === 'rename';
      return hasRenamed && isBroken && name === 'sync' ? 'EIO' : undefined;
    });
    const { store } = await opened(directory, { disk, compactAboveBytes: 200 });
    let n = 0;
    const refusal = (async () => {
      for (; n < 100; n += 1) await store.put({ ...item('a'), n: n + 1 });
    })();
    expect(await failureOf(refusal)).toMatchObject({ kind: 'transient', code: 'EIO' });
    expect((await store.get(item('a')))?.['n']).toBe(n);
    isBroken = false;
    await store.put(item('after'));
    await store.close();
    const again = await opened(directory);
    expect(await everything(again.store)).toEqual([{ ...item('a'), n }, item('after')]);
    await again.store.close();
  });

  test('at any one call leaves every acknowledged write and no refused one', async () => {
    const run = async (plan: Plan) => {
      const directory = await newDirectory();
      const disk = failingDisk(plan);
      const acknowledged: number[] = [];
      const unknown: number[] = [];
      const { store } = await opened(directory, { disk, compactAboveBytes: 300 });
      for (let n = 0; n < 12; n += 1)
        await store.put({ ...item('a'), [`n${n}`]: n, n }).then(
          () => acknowledged.push(n),
          (error: unknown) => isFailure(error, 'unknown-outcome') && unknown.push(n),
        );
      expect((await store.get(item('a')))?.['n']).toBe(acknowledged.at(-1));
      const crashed = await newDirectory();
      await copyFile(join(directory, 'store.log'), join(crashed, 'store.log'));
      await store.close();
      for (const place of [directory, crashed]) {
        const again = await opened(place);
        expect((await again.store.get(item('a')))?.['n']).toBe(acknowledged.at(-1));
        await again.store.close();
      }
      return { calls: disk.calls(), failed: 12 - acknowledged.length };
    };
    const { calls } = await run(() => undefined);
    let failures = 0;
    // The first calls are those of opening, where a failure is simply reported.
    for (let at = 8; at < calls; at += 1)
      failures += (await run((call) => (call.at === at ? 'EIO' : undefined))).failed;
    expect(failures).toBeGreaterThan(10);
  });

  test('a directory that is a file or cannot be made is a Failure that names it', async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'file'), '');
    for (const path of [join(directory, 'file'), join(directory, 'file', 'below')]) {
      const failure = await failureOf(opened(path));
      expect(failure.kind).toBe('permanent');
      expect(failure.message).toContain(path);
      expect(failure.message).toContain('name a directory');
    }
    const disk = failingDisk((call) => (call.name === 'mkdir' ? 'EACCES' : undefined));
    const failure = await failureOf(opened(directory, { disk }));
    expect(failure.kind).toBe('permanent');
    expect(failure.advice).toContain('the right to read and write');
    await mkdir(join(directory, 'store.log'));
    expect((await failureOf(opened(directory))).kind).toBe('permanent');
  });
});

test('a store that failed to open can be opened once the cause is gone', async () => {
  const directory = await newDirectory();
  await writeFile(join(directory, 'store.log'), 'nonsense');
  await failureOf(opened(directory));
  await writeFile(join(directory, 'store.log'), 'muster store 1\n');
  const { store } = await opened(directory);
  expect(await everything(store)).toEqual([]);
  await store.close();
});
