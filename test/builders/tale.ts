// A story for people: a fleet on which something happens, told in the lines that `npm start` prints. Machines are m1, m2, ...
// in the order in which they are named.
import { createTurnLines, happenings } from '../../lib/cli/tell';
import type { Memory } from '../../lib/core/model/memory';
import { messageOf } from '../../lib/engine/failure';
import type { TurnReport } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import { busyFleet, type Health, requestDrain, watchHealth } from './draining';
import { type Driver, drive } from './driven';
import type { EmulatedFleet, FleetOptions } from './emulated-fleet';

export type Tale = Driver & {
  readonly fleet: EmulatedFleet;
  readonly health: Health;
  /** What the script itself does. */
  readonly say: (line: string) => void;
  /** An operator's wish, which the next turn reads. */
  readonly drain: (agent: string, withinMs: number) => Promise<void>;
  readonly memory: () => Promise<Memory>;
  readonly lines: () => readonly string[];
  /** What must be over at the end of each. */
  readonly ending: () => Promise<Ending>;
};

export type Ending = {
  readonly instances: Readonly<Record<string, number>>;
  readonly running: Readonly<Record<string, number>>;
  readonly lowest: Readonly<Record<string, number>>;
  readonly drains: readonly string[];
  readonly ends: readonly string[];
  readonly surges: number;
  readonly deactivated: number;
  readonly failures: readonly string[];
};

/** The apps run before the first line is told. */
export const tale = async (
  apps: readonly Record<string, unknown>[],
  options: FleetOptions = {},
): Promise<Tale> => {
  const fleet = await busyFleet(apps, options);
  const health = watchHealth(fleet);
  const began = fleet.world.now();
  const turnLines = createTurnLines();
  const lines: string[] = [];
  let told = fleet.world.chronicle.entries().length;
  const stamp = (): string => {
    const seconds = Math.round((fleet.world.now() - began) / 1000);
    return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  };
  const happened = (): void => {
    const entries = fleet.world.chronicle.entries();
    for (const line of happenings(entries.slice(told))) lines.push(`${stamp()} ${line}`);
    told = entries.length;
  };
  const onTurn = (report: TurnReport): void => {
    const fresh = turnLines(report);
    if (fresh.length === 0) return;
    happened();
    for (const line of fresh) lines.push(`${stamp()} ${line}`);
  };
  const driver = drive(fleet, onTurn);
  const memory = async (): Promise<Memory> => (await recall(fleet.engine.store, 'prod')).memory;
  return {
    ...driver,
    fleet,
    health,
    say: (line) => {
      happened();
      lines.push(`== ${line} ==`);
    },
    drain: async (agent, withinMs) => {
      await requestDrain(fleet, agent, { withinMs });
      driver.wake();
    },
    memory,
    lines: () => {
      happened();
      return named(lines);
    },
    ending: async () => endingOf(fleet, health, await memory()),
  };
};

const endingOf = ({ world, failures }: EmulatedFleet, health: Health, memory: Memory): Ending => {
  const apps = world.marathon.apps();
  const each = (of: (id: string) => number) => Object.fromEntries(apps.map(({ id }) => [id, of(id)]));
  return {
    instances: Object.fromEntries(apps.map(({ id, instances }) => [id, instances])),
    running: each(
      (app) => world.marathon.instances(app).filter(({ condition }) => condition === 'Running').length,
    ),
    lowest: each((app) => health.get(app) ?? Number.NaN),
    drains: memory.leaving.flatMap(({ machine, drain }) => (drain === undefined ? [] : [machine])),
    ends: memory.drained.map(({ end }) => end),
    surges: memory.surges.length,
    deactivated: world.mesos.agents().filter(({ deactivated }) => deactivated).length,
    failures: failures.map(messageOf),
  };
};

const named = (lines: readonly string[]): readonly string[] => {
  const names = new Map<string, string>();
  return lines.map((line) =>
    line.replace(/\bi-[0-9a-f]{17}\b/g, (id) => {
      const name = names.get(id) ?? `m${names.size + 1}`;
      names.set(id, name);
      return name;
    }),
  );
};
