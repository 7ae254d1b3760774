// A fleet that is driven as it is in production: a tick every minute, a turn when the plan asks for one, and a turn within a
// second of an event, which goes through the real ingest. Time stands still while a turn runs.
import { ingestDoor, type IngestDoor } from '../../lib/doors/ingest';
import type { Engine } from '../../lib/engine/engine';
import { reconcile, type TurnReport } from '../../lib/engine/reconcile';
import { type EmulatedFleet, SCOPE } from './emulated-fleet';
import { MINUTE } from './fleet';
import { CONTEXT, sqsEvent } from './lambda';

const SECOND = 1000;

export type Driver = {
  /** Seconds pass; turns run as they are due. `each` is called at the end of every one. */
  readonly seconds: (count: number, each?: () => void) => Promise<void>;
  /** Until it holds, at most so many seconds; false when it never did. */
  readonly until: (holds: () => boolean | Promise<boolean>, mostSeconds: number) => Promise<boolean>;
  /** Something was asked for: the next turn runs within a second. */
  readonly wake: () => void;
  /** Turns run by this engine from now on; nobody's when undefined. */
  readonly by: (engine: Engine | undefined) => void;
  readonly turns: () => number;
};

export const drive = (
  fleet: EmulatedFleet,
  onTurn: (report: TurnReport) => void = () => undefined,
): Driver => {
  const { world } = fleet;
  const door: IngestDoor = { ...fleet.engine, routes: [{ cluster: 'prod', scopes: [SCOPE] }], webhooks: {} };
  const ingest = ingestDoor(async () => door, door);
  let events: string[] = [];
  world.onEvent((event) => events.push(JSON.stringify(event)));
  let engine: Engine | undefined = fleet.engine;
  let due = world.now();
  let turns = 0;
  const deliver = async (): Promise<void> => {
    if (events.length === 0) return;
    const sentAt = world.now();
    const batch = events;
    events = [];
    await ingest(sqsEvent(batch.map((body, nth) => ({ id: `m${nth}`, body, sentAt }))), CONTEXT);
    due = sentAt;
  };
  const turn = async (by: Engine): Promise<void> => {
    due = world.now() + MINUTE;
    try {
      const report = await reconcile(by);
      turns += 1;
      onTurn(report);
      const next = report.kind === 'done' ? report.plans.at(-1)?.lookAgainAt : undefined;
      due = Math.min(due, next ?? Infinity);
    } catch (error) {
      fleet.failures.push(error);
    }
  };
  const second = async (): Promise<void> => {
    world.advance(SECOND);
    await deliver();
    if (engine !== undefined && world.now() >= due) await turn(engine);
  };
  return {
    seconds: async (count, each) => {
      for (let nth = 0; nth < count; nth += 1) {
        await second();
        each?.();
      }
    },
    until: async (holds, most) => {
      for (let nth = 0; nth < most; nth += 1) {
        if (await holds()) return true;
        await second();
      }
      return holds();
    },
    wake: () => {
      due = world.now();
    },
    by: (other) => {
      engine = other;
    },
    turns: () => turns,
  };
};
