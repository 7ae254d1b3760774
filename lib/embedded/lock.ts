// One process at a time may have a directory open. The lock is a file that names its holder; it comes into being whole
// (by a link), and outlives its holder only when that was killed.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../engine/failure';
import { codeOf, type Disk, unlessMissing } from './disk';

type Holder = {
  readonly pid: number;
  readonly host: string;
  /** The process's start time in the kernel's ticks, where there is /proc: tells a reused pid from its first owner. */
  readonly started: string;
};

export type Lock = { release(): Promise<void> };

const heldHere = new Set<string>();

/** @throws Failure `permanent` that names the holder when another live process, or this one, has the directory. */
export const acquireLock = async (directory: string, disk: Disk): Promise<Lock> => {
  const path = join(directory, 'lock');
  const me: Holder = { pid: process.pid, host: hostname(), started: await startOf(process.pid, disk) };
  if (heldHere.has(path)) throw inUse(directory, path, me);
  heldHere.add(path);
  try {
    await take(directory, path, { me, disk });
  } catch (error) {
    heldHere.delete(path);
    throw error;
  }
  return {
    release: async () => {
      await disk.unlink(path).catch(unlessMissing);
      heldHere.delete(path);
    },
  };
};

type Taker = { readonly me: Holder; readonly disk: Disk };

const take = async (directory: string, path: string, { me, disk }: Taker): Promise<void> => {
  const draft = `${path}.${me.pid}`;
  try {
    await disk.writeFile(draft, JSON.stringify(me));
    // Each round is lost only to another process that got the lock first, or that gave it up just now.
    for (let round = 0; round < 5; round += 1) {
      if (await linked(draft, path, disk)) return;
      const text = await disk.readFile(path, 'utf8').catch(unlessMissing);
      if (text === undefined) continue;
      const holder = parseHolder(text);
      if (await isAlive(holder, { me, disk })) throw inUse(directory, path, holder);
      await moveAway(path, text, { me, disk });
    }
    throw new Failure('transient', `Several processes want the store in ${directory} at once.`);
  } finally {
    await disk.unlink(draft).catch(unlessMissing);
  }
};

const linked = async (draft: string, path: string, disk: Disk): Promise<boolean> => {
  try {
    await disk.link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
};

/** Another process may take the stale lock over between our look and our move: then what we moved is its lock, and it
 *  gets it back. */
const moveAway = async (path: string, stale: string, { me, disk }: Taker): Promise<void> => {
  const aside = `${path}.${me.pid}.stale`;
  try {
    await disk.rename(path, aside);
  } catch (error) {
    unlessMissing(error);
    return;
  }
  const moved = await disk.readFile(aside, 'utf8');
  if (moved !== stale) await linked(aside, path, disk);
  await disk.unlink(aside);
};

const isAlive = async (holder: Holder, { me, disk }: Taker): Promise<boolean> => {
  // Nothing can be asked of a process on another host.
  if (holder.host !== me.host) return true;
  // Our own pid, and `heldHere` says it is not us: a process before us had the same number, as in a container.
  if (holder.pid <= 0 || holder.pid === me.pid || !exists(holder.pid)) return false;
  const started = await startOf(holder.pid, disk);
  return started === '' || holder.started === '' || started === holder.started;
};

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
};

/** Field 22 of /proc/PID/stat; the second, the command, may hold spaces and brackets. Empty where there is no /proc. */
const startOf = async (pid: number, disk: Disk): Promise<string> => {
  const stat = await disk.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};

/** A lock that cannot be read was not written by us whole, so nobody holds it. */
const NOBODY: Holder = { pid: 0, host: hostname(), started: '' };

const parseHolder = (text: string): Holder => {
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : NOBODY;
  } catch {
    return NOBODY;
  }
};

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  'host' in value &&
  'started' in value &&
  typeof value.pid === 'number' &&
  typeof value.host === 'string' &&
  typeof value.started === 'string';

const inUse = (directory: string, path: string, { pid, host }: Holder): Failure =>
  new Failure('permanent', `The store in ${directory} is in use by process ${pid} on ${host}.`, {
    code: 'StoreInUse',
    advice: `Stop that process or name another directory. If it or its host is gone for good, remove ${path}.`,
  });
