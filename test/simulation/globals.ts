// While a simulation runs nothing may ask the real world for time, chance or a connection: what it did could not be
// done again.

/** Longer than any chain of promises between two calls of the engine's; what is longer only goes on one entry later. */
const HOPS = 60;

/** Everybody who waits for something that has happened goes on until he waits for something that has not. A turn of the
 *  event loop would do the same, and costs forty times as much. */
export const settled = async (): Promise<void> => {
  for (let hop = 0; hop < HOPS; hop += 1) await Promise.resolve();
};

type Global = { [name: string]: unknown };
const CLOSED = ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'WebSocket'] as const;

/** Closes the globals; returns what opens them again. Every attempt is told to `caught`, and throws too. */
export const closeGlobals = (caught: (what: string) => void): (() => void) => {
  const scope: Global = globalThis as unknown as Global;
  const undo: (() => void)[] = [];
  const forbid = (owner: Global, name: string): void => {
    const real = owner[name];
    owner[name] = () => {
      caught(name);
      throw new Error(`A simulation asked the real world: ${name}.`);
    };
    undo.push(() => {
      owner[name] = real;
    });
  };
  for (const name of CLOSED) if (scope[name] !== undefined) forbid(scope, name);
  forbid(Math as unknown as Global, 'random');
  forbid(Date as unknown as Global, 'now');
  return () => {
    for (const open of undo.reverse()) open();
  };
};
