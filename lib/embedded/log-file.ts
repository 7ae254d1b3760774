// The one file of a store and what may be known of it: how far it is sound on the disk. An append either is on the
// disk when it returns, or is taken back; what could not be taken back is settled before anything else is written.
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, messageOf } from '../engine/failure';
import { codeOf, type Disk, diskFailure, syncDirectory, unlessMissing } from './disk';
import { type Entry, frameOf, HEADER, scan } from './frames';

export type LogFile = {
  /** Bytes that are known to be on the disk. */
  length(): number;
  /** On the disk when it returns.
   *  @throws Failure when it is not; `unknown-outcome` only when it could not be taken back either. */
  append(entries: readonly Entry[]): Promise<void>;
  /** Puts a new file with these frames in place of the old one, which stays in use when that fails. */
  rewrite(frames: Iterable<readonly Entry[]>): Promise<void>;
  close(): Promise<void>;
};

export type LogOptions = {
  readonly directory: string;
  readonly disk: Disk;
  readonly onWarning: (text: string) => void;
};

/** Reads the log from its beginning, gives every entry in order to `apply`, and makes it ready for appends.
 *  @throws Failure `permanent`, naming file and offset, when the file is damaged. */
export const openLog = async (options: LogOptions, apply: (entry: Entry) => void): Promise<LogFile> => {
  const { directory, disk } = options;
  const path = join(directory, 'store.log');
  await disk.unlink(`${path}.new`).catch(unlessMissing);
  const content = await disk.readFile(path).catch(unlessMissing);
  if (content === undefined) {
    const { handle, length } = await writeAnew(disk, path, []);
    await syncDirectory(disk, directory);
    return logFile(options, { path, handle, length, isTailDirty: false, isDirectoryDirty: false });
  }
  const found = scan(content, (entries) => {
    for (const entry of entries) apply(entry);
  });
  if (found.kind === 'damaged') throw damage(path, found.end, found.why);
  const isTailDirty = found.kind === 'torn';
  if (isTailDirty)
    options.onWarning(
      `The last write in ${path} was cut short at byte ${found.end} of ${content.length} and is dropped: ` +
        'Muster was stopped in the middle of it, before it was acknowledged.',
    );
  const handle = await disk.open(path, 'r+');
  const file: State = { path, handle, length: found.end, isTailDirty, isDirectoryDirty: false };
  await settle(options, file);
  return logFile(options, file);
};

const damage = (path: string, at: number, why: string): Failure =>
  new Failure('permanent', `The store file ${path} is damaged at byte ${at}: ${why}. Nothing was changed.`, {
    code: 'StoreDamaged',
    advice:
      'Keep a copy of the file and restore it from a backup; or keep what comes before the damage and lose all that ' +
      `follows it with: truncate -s ${at} ${path}${at < HEADER.length ? ' (that is everything: remove the file instead)' : ''}`,
  });

type State = {
  readonly path: string;
  handle: FileHandle;
  length: number;
  /** Bytes beyond `length` may be in the file. */
  isTailDirty: boolean;
  /** The file's name may not be on the disk yet. */
  isDirectoryDirty: boolean;
};

const logFile = (options: LogOptions, file: State): LogFile => ({
  length: () => file.length,
  append: (entries) => append(options, file, entries),
  rewrite: (frames) => rewrite(options, file, frames),
  close: () => file.handle.close(),
});

const append = async (options: LogOptions, file: State, entries: readonly Entry[]): Promise<void> => {
  const doing = `A write to ${file.path} was not done`;
  await settle(options, file).catch((error: unknown) => {
    throw diskFailure(error, doing);
  });
  const frame = frameOf(entries);
  try {
    file.isTailDirty = true;
    await writeFully(file.handle, frame, file.length);
    await file.handle.datasync();
    file.length += frame.length;
    file.isTailDirty = false;
  } catch (error) {
    await settle(options, file).catch((second: unknown) => {
      throw new Failure(
        'unknown-outcome',
        `A write to ${file.path} failed (${messageOf(error)}) and could not be taken back (${messageOf(second)}).`,
        { code: codeOf(error), advice: 'It counts as not done unless Muster is started anew.', cause: error },
      );
    });
    throw diskFailure(error, doing);
  }
};

/** After a failed fsync the kernel may have dropped the pages and call the next one a success, so the tail is cut off
 *  and that is synced, instead of syncing again. */
const settle = async ({ disk, directory }: LogOptions, file: State): Promise<void> => {
  if (file.isTailDirty) {
    await file.handle.truncate(file.length);
    await file.handle.sync();
    file.isTailDirty = false;
  }
  if (file.isDirectoryDirty) {
    await syncDirectory(disk, directory);
    file.isDirectoryDirty = false;
  }
};

const rewrite = async (
  options: LogOptions,
  file: State,
  frames: Iterable<readonly Entry[]>,
): Promise<void> => {
  const next = await writeAnew(options.disk, file.path, frames);
  const old = file.handle;
  Object.assign(file, { ...next, isTailDirty: false, isDirectoryDirty: true });
  await old.close();
  await settle(options, file);
};

const writeAnew = async (
  disk: Disk,
  path: string,
  frames: Iterable<readonly Entry[]>,
): Promise<{ handle: FileHandle; length: number }> => {
  const draft = `${path}.new`;
  const handle = await disk.open(draft, 'w+');
  try {
    let length = await writeFully(handle, HEADER, 0);
    for (const entries of frames) length += await writeFully(handle, frameOf(entries), length);
    await handle.sync();
    await disk.rename(draft, path);
    return { handle, length };
  } catch (error) {
    await handle.close();
    await disk.unlink(draft).catch(unlessMissing);
    throw error;
  }
};

/** A write may be short, on a disk that is nearly full for one. */
const writeFully = async (handle: FileHandle, bytes: Buffer, at: number): Promise<number> => {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
  return done;
};
