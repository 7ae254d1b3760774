// A durable store in one directory: an append-only log under an index in memory. All writes that wait are decided in
// order and go into one frame, which is synced once; then the index changes and the callers hear of it. So a read
// sees only what is on the disk, and a write that fails leaves no trace in memory either.
import { join, resolve } from 'node:path';
import type { Millis } from '../core/model/machine';
import { Failure } from '../engine/failure';
import type { Item, Key, Store } from '../engine/ports';
import { type Disk, diskFailure, realDisk } from './disk';
import type { Entry } from './frames';
import { checkKey, type Decision, putting, removing, updating } from './item';
import { acquireLock, type Lock } from './lock';
import { type LogFile, openLog } from './log-file';
import { createTable, type ListOptions, type Table } from './table';

export type FileStore = Store & {
  /** Drops the items whose `expiresAt` has passed at `now`; returns how many. Nothing is dropped unasked. */
  dropExpired(now: Millis): Promise<number>;
  /** Waits for writes under way, and gives the directory free. */
  close(): Promise<void>;
};

export type FileStoreOptions = {
  readonly directory: string;
  readonly onWarning: (text: string) => void;
  /** The log is written anew when it is longer than this and than twice the JSON of its items; 4 MiB if not given. */
  readonly compactAboveBytes?: number;
  readonly disk?: Disk;
};

/** Opens the store, creating the directory where there is none.
 *  @throws Failure `permanent` when another process has it, its file is damaged, or the directory cannot be used. */
export const openFileStore = async (options: FileStoreOptions): Promise<FileStore> => {
  const directory = resolve(options.directory);
  const disk = options.disk ?? realDisk;
  const table = createTable();
  let lock: Lock | undefined;
  try {
    await disk.mkdir(directory, { recursive: true, mode: 0o700 });
    lock = await acquireLock(directory, disk);
    const log = await openLog({ directory, disk, onWarning: options.onWarning }, (entry) =>
      apply(table, entry),
    );
    return new LoggedStore({ ...options, directory }, { table, log, lock });
  } catch (error) {
    await lock?.release();
    throw diskFailure(error, `The store in ${directory} cannot be opened`);
  }
};

const apply = (table: Table, entry: Entry): void => {
  if ('put' in entry) table.put(entry.put);
  else table.remove(entry.remove);
};

type Parts = { readonly table: Table; readonly log: LogFile; readonly lock: Lock };
type Staged = Map<string, { readonly key: Key; readonly after: Item | undefined }>;
type Waiting = {
  /** Decides on what earlier writes of the same commit leave; returns what to do once the commit is on the disk. */
  stage(staged: Staged): () => void;
  fail(error: unknown): void;
};

/** Bounds what one frame holds in memory; a commit takes whatever waits, up to this. */
const MAX_WRITES_A_COMMIT = 1000;
const ITEMS_A_FRAME = 100;

class LoggedStore implements FileStore {
  private readonly table: Table;
  private readonly log: LogFile;
  private readonly lock: Lock;
  private readonly options: FileStoreOptions;
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private compactAbove: number;

  constructor(options: FileStoreOptions, { table, log, lock }: Parts) {
    this.options = options;
    this.table = table;
    this.log = log;
    this.lock = lock;
    this.compactAbove = options.compactAboveBytes ?? 4 * 1024 * 1024;
  }

  async get(key: Key): Promise<Item | undefined> {
    checkKey(key);
    this.requireOpen();
    return this.table.get(key);
  }

  async list(pk: string, options?: ListOptions): Promise<readonly Item[]> {
    this.requireOpen();
    return this.table.list(pk, options);
  }

  async put(...[item, condition]: Parameters<Store['put']>): Promise<void> {
    await this.write(item, putting(item, condition));
  }

  async update(...[key, change, condition]: Parameters<Store['update']>): Promise<Item> {
    return this.write(key, updating(key, change, condition));
  }

  async remove(...[key, condition]: Parameters<Store['remove']>): Promise<void> {
    checkKey(key);
    await this.write(key, removing(key, condition));
  }

  async dropExpired(now: Millis): Promise<number> {
    this.requireOpen();
    const isExpired = (item: Item | undefined) =>
      item?.expiresAt !== undefined && item.expiresAt * 1000 <= now;
    // Looked at again at its turn: a write before it may have given the item more time.
    const dropped = await Promise.all(
      this.table
        .expired(now)
        .map(async (key) => !(await this.write(key, (before) => (isExpired(before) ? undefined : before)))),
    );
    return dropped.filter(Boolean).length;
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    await this.running;
    try {
      await this.log.close();
    } finally {
      await this.lock.release();
    }
  }

  private requireOpen(): void {
    if (this.closing !== undefined)
      throw new Failure('permanent', `The store in ${this.options.directory} is closed.`);
  }

  private write<After extends Item | undefined>(key: Key, decide: Decision<After>): Promise<After> {
    return new Promise((resolve, reject) => {
      this.requireOpen();
      this.waiting.push({
        stage: (staged) => {
          const id = JSON.stringify([key.pk, key.sk]);
          const earlier = staged.get(id);
          const before = earlier === undefined ? this.table.get(key) : earlier.after;
          try {
            const after = decide(before);
            if (after !== before) staged.set(id, { key, after });
            return () => resolve(after);
          } catch (error) {
            return () => reject(error);
          }
        },
        fail: reject,
      });
      this.running ??= this.commitAll();
    });
  }

  private async commitAll(): Promise<void> {
    // One turn of the microtask queue, so that writes begun together share the first commit too.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, MAX_WRITES_A_COMMIT);
      this.waiting = this.waiting.slice(MAX_WRITES_A_COMMIT);
      await this.commit(batch);
      await this.compactWhenWorthwhile();
    }
    this.running = undefined;
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    const staged: Staged = new Map();
    const answers = batch.map((write) => write.stage(staged));
    const entries = [...staged.values()].map(
      ({ key, after }): Entry =>
        after === undefined ? { remove: { pk: key.pk, sk: key.sk } } : { put: after },
    );
    try {
      if (entries.length > 0) await this.log.append(entries);
    } catch (error) {
      for (const write of batch) write.fail(error);
      return;
    }
    for (const entry of entries) apply(this.table, entry);
    for (const answer of answers) answer();
  }

  private async compactWhenWorthwhile(): Promise<void> {
    if (this.log.length() <= Math.max(this.compactAbove, 2 * this.table.bytes())) return;
    try {
      await this.log.rewrite(framesOf(this.table));
      this.compactAbove = this.options.compactAboveBytes ?? 4 * 1024 * 1024;
    } catch (error) {
      // Nothing is lost by it: the log goes on, and compaction is tried again when it has grown by half.
      this.compactAbove = this.log.length() * 1.5;
      const path = join(this.options.directory, 'store.log');
      this.options.onWarning(diskFailure(error, `The store file ${path} could not be made smaller`).message);
    }
  }
}

const framesOf = function* (table: Table): Iterable<readonly Entry[]> {
  let frame: Entry[] = [];
  for (const item of table.all()) {
    frame.push({ put: item });
    if (frame.length < ITEMS_A_FRAME) continue;
    yield frame;
    frame = [];
  }
  if (frame.length > 0) yield frame;
};
