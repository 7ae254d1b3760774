// The file system as the embedded store uses it. A seam: tests put one in that fills up, fails or stops.
import { link, mkdir, open, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { Failure, messageOf } from '../engine/failure';

export type Disk = {
  readonly link: typeof link;
  readonly mkdir: typeof mkdir;
  readonly open: typeof open;
  readonly readFile: typeof readFile;
  readonly rename: typeof rename;
  readonly unlink: typeof unlink;
  readonly writeFile: typeof writeFile;
};

export const realDisk: Disk = { link, mkdir, open, readFile, rename, unlink, writeFile };

export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

/** @throws the error again unless it says that there is no such file. */
export const unlessMissing = (error: unknown): undefined => {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
};

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space there; it goes on by itself once there is room.',
  EDQUOT: 'The disk quota is used up: raise it or free some space; it goes on by itself once there is room.',
  EACCES: 'Give the user that runs Muster the right to read and write there, or name another directory.',
  EPERM: 'Give the user that runs Muster the right to read and write there, or name another directory.',
  EROFS: 'The file system is read-only: mount it writable or name another directory.',
  ENOTDIR: 'A part of the path is a file: name a directory.',
  EEXIST: 'There is a file of that name: name a directory.',
  EIO: 'The disk reports an error: check it before anything else, and keep a copy of the directory.',
  EMFILE: 'Too many files are open: raise the limit of open files.',
};

/** Only what a person must change first is permanent; a full disk may have room again at the next attempt. */
const PERMANENT = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR']);

/** Nothing was done, and why: `doing` is a sentence without its full stop that names the path. */
export const diskFailure = (error: unknown, doing: string): Failure => {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  return new Failure(PERMANENT.has(code) ? 'permanent' : 'transient', `${doing}: ${messageOf(error)}.`, {
    ...(code === '' ? {} : { code }),
    ...(ADVICE[code] === undefined ? {} : { advice: ADVICE[code] }),
    cause: error,
  });
};

/** Makes a creation, a rename or a removal in the directory outlive a power cut. */
export const syncDirectory = async (disk: Disk, directory: string): Promise<void> => {
  const handle = await disk.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
