// A real disk that fails, or stops like a power cut, at the calls a test names.
import type { FileHandle } from 'node:fs/promises';
import { type Disk, realDisk } from '../../lib/embedded/disk';

export type Call = { readonly name: string; readonly at: number };
/** Returns the error code of the call, or nothing when it shall succeed. */
export type Plan = (call: Call) => string | undefined;

export const failingDisk = (plan: Plan): Disk & { calls(): number } => {
  let at = 0;
  const guard = <Arguments extends unknown[], Result>(
    name: string,
    call: (...given: Arguments) => Promise<Result>,
  ) => {
    return async (...given: Arguments): Promise<Result> => {
      const code = plan({ name, at: at++ });
      if (code !== undefined) throw Object.assign(new Error(`${code}: ${name}`), { code });
      return call(...given);
    };
  };
  const guarded = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        const call = async (...given: unknown[]): Promise<unknown> => Reflect.apply(value, target, given);
        return property === 'close' ? call : guard(String(property), call);
      },
    });
  return {
    ...realDisk,
    open: guard('open', async (...given: Parameters<Disk['open']>) => guarded(await realDisk.open(...given))),
    mkdir: guard('mkdir', realDisk.mkdir) as Disk['mkdir'],
    rename: guard('rename', realDisk.rename),
    calls: () => at,
  };
};
