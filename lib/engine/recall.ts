// Memory in the store: one item for each member, written only when it changed, conditional on the version that was
// read, and carrying its writer's epoch. A turn whose write meets another version has been deposed.
import type * as z from 'zod/mini';
import type { Memory } from '../core/model/memory';
import { NO_MEMORY } from '../core/model/memory';
import { Failure, isFailure } from './failure';
import { memoryKey } from './keys';
import type { Clause, Item, Store } from './ports';
import { memorySchemas, readStored } from './schema';

type Member = keyof typeof memorySchemas;
const MEMBERS = [
  'joined',
  'unjoined',
  'seen',
  'cold',
  'expected',
  'strikes',
  'floors',
  'bought',
  'leaving',
  'surges',
  'drained',
  'buried',
  'pause',
] as const satisfies readonly Member[];

/** What is remembered, and the version of each member's item as it was read (0: never written). */
export type Recalled = { readonly memory: Memory; readonly versions: Readonly<Record<Member, number>> };

export const recall = async (store: Store, cluster: string): Promise<Recalled> => {
  const items = await Promise.all(MEMBERS.map((member) => store.get(memoryKey(cluster, member))));
  const versions = {
    joined: 0,
    unjoined: 0,
    seen: 0,
    cold: 0,
    expected: 0,
    strikes: 0,
    floors: 0,
    bought: 0,
    leaving: 0,
    surges: 0,
    drained: 0,
    buried: 0,
    pause: 0,
  };
  let memory: Memory = NO_MEMORY;
  MEMBERS.forEach((member, nth) => {
    const item = items[nth];
    if (item === undefined) return;
    versions[member] = Number(item['version'] ?? 0);
    memory = withMember(memory, member, item);
  });
  return { memory, versions };
};

const withMember = (memory: Memory, member: Member, item: Item): Memory => {
  const { pause: _paused, ...rest } = memory;
  const schema: z.ZodMiniType<unknown> = memorySchemas[member];
  if (member !== 'pause') return { ...memory, [member]: readStored(schema, item, item['value']) };
  return item['value'] === undefined
    ? rest
    : { ...rest, pause: readStored(memorySchemas.pause, item, item['value']) };
};

/** Writes the members that differ. Throws Failure('conflict') when another turn wrote meanwhile. */
export const remember = async (
  store: Store,
  on: { readonly cluster: string; readonly epoch: number },
  before: Recalled,
  memory: Memory,
): Promise<Recalled> => {
  const changed = MEMBERS.filter(
    (member) => JSON.stringify(memory[member]) !== JSON.stringify(before.memory[member]),
  );
  await Promise.all(
    changed.map(async (member) => {
      const version = before.versions[member];
      const unchanged: Clause =
        version === 0 ? { field: 'version', is: 'absent' } : { field: 'version', is: '=', value: version };
      const value = memory[member];
      await write(
        store,
        {
          ...memoryKey(on.cluster, member),
          version: version + 1,
          epoch: on.epoch,
          ...(value === undefined ? {} : { value: JSON.stringify(value) }),
        },
        unchanged,
      );
    }),
  );
  const versions = { ...before.versions };
  for (const member of changed) versions[member] += 1;
  return { memory, versions };
};

const write = async (store: Store, item: Item, unchanged: Clause): Promise<void> => {
  try {
    await store.put(item, [unchanged]);
  } catch (error) {
    if (!isFailure(error, 'conflict')) throw error;
    throw new Failure('conflict', `Another turn wrote ${item.sk} of ${item.pk} meanwhile.`, {
      code: 'deposed',
      advice: 'This turn stops; the later one carries on.',
      cause: error,
    });
  }
};
