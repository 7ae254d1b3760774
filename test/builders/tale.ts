// A story for people: a fleet on which something happens, told in the lines that `npm start` prints. Machines are m1, m2, ...
// in the order in which they are named.
import { expect } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { createTurnLines, happenings, isLoud } from '../../lib/cli/tell';
import { attributeText } from '../../lib/core/model/attributes';
import { isLive, type Machine } from '../../lib/core/model/machine';
import type { Memory } from '../../lib/core/model/memory';
import { messageOf } from '../../lib/engine/failure';
import type { TurnReport } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import { busyFleet, type Health, requestDrain, watchHealth } from './draining';
import { type Driver, drive } from './driven';
import { appIn, type EmulatedFleet, type FleetOptions } from './emulated-fleet';
import { aPool, aSpec, MINUTE } from './fleet';

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

/** Quiet happenings are told together, at most so many milliseconds late. */
const TOLD_EVERY_MS = 15_000;

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
  let toldAt = began;
  const stamp = (): string => {
    const seconds = Math.round((fleet.world.now() - began) / 1000);
    return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  };
  const happened = (): void => {
    const entries = fleet.world.chronicle.entries();
    for (const line of happenings(entries.slice(told))) lines.push(`${stamp()} ${line}`);
    told = entries.length;
    toldAt = fleet.world.now();
  };
  const onTurn = (report: TurnReport): void => {
    const fresh = turnLines(report);
    if (fresh.length === 0) return;
    happened();
    for (const line of fresh) lines.push(`${stamp()} ${line}`);
  };
  fleet.world.chronicle.subscribe(({ kind }) => {
    if (isLoud(kind) || fleet.world.now() - toldAt >= TOLD_EVERY_MS) happened();
  });
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

/** The transcript is as it was; with UPDATE_GOLDEN=1 it is written anew. */
export const golden = (name: string, told: Tale): void => {
  const path = new URL(`../stories/${name}.golden.txt`, import.meta.url);
  const text = `${told.lines().join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
};

/** Idle machines stay, so that what happens is the story's doing. */
const CALM = { budget: { percent: 100 }, windows: [], emptyForMs: 24 * 60 * MINUTE } as const;
const SHAPES = { ...aPool().shapes, families: [], names: ['m7i.xlarge'] };
const of = (markets: readonly ('spot' | 'on-demand')[]) => ({
  spec: aSpec({ pools: [aPool({ disruption: CALM, shapes: SHAPES, markets })] }),
});
export const ON_DEMAND = of(['on-demand']);
export const SPOT = of(['spot']);
export const shopAndApi = [appIn('web', '/shop', 20), appIn('web', '/api', 8)];
/** No drain is under way, nothing is left of one, and no turn failed. */
export const OVER = { drains: [], surges: 0, deactivated: 0, failures: [] };

/** The agent with the most tasks. */
export const fullest = ({ fleet: { world } }: Tale): string => {
  const counts = new Map<string, number>();
  for (const { slaveId } of world.marathon.tasks()) counts.set(slaveId, (counts.get(slaveId) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? '';
};

export const live = ({ fleet }: Tale): readonly Machine[] => fleet.machines().filter(isLive);

export const machineOf = ({ fleet }: Tale, agent: string): string => {
  const id = fleet.world.mesos.agents().find((one) => one.id === agent)?.attributes['instance_id'];
  return id === undefined ? '' : attributeText(id);
};
