// What every queue promises: at least once, unordered. Each implementation runs this suite.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isFailure } from '../../lib/engine/failure';
import type { Delivery, Receiver, Sender } from '../../lib/engine/ports';

/** Opened with a visibility timeout of `VISIBILITY_MS` and dead letters after two receives. */
export type OpenQueue = {
  readonly queue: Sender & Receiver;
  readonly deadLetters: Receiver;
  /** Lets that much time go by, in milliseconds. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
};

export const VISIBILITY_MS = 1000;

export const queueContract = (name: string, open: () => Promise<OpenQueue>): void => {
  describe(`${name} as a queue`, () => {
    let opened: OpenQueue;
    let queue: OpenQueue['queue'];
    const now = { max: 10, waitMs: 0 };
    const bodies = (deliveries: readonly Delivery[]) => deliveries.map(({ body }) => body).sort();
    const beyondVisibility = () => opened.pass(VISIBILITY_MS + 200);
    const kindOf = async (promise: Promise<unknown>) => {
      const error: unknown = await promise.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return isFailure(error) ? error.kind : error;
    };
    /** Receives until the queue shows nothing more. */
    const drain = async (): Promise<readonly Delivery[]> => {
      const all: Delivery[] = [];
      for (;;) {
        const some = await queue.receive(now);
        if (some.length === 0) return all;
        all.push(...some);
      }
    };

    beforeEach(async () => {
      opened = await open();
      queue = opened.queue;
    });
    afterEach(() => opened.close());

    test('an empty queue has nothing, at once or after the wait', async () => {
      expect(await queue.receive(now)).toEqual([]);
      const waiting = queue.receive({ max: 1, waitMs: 1000 });
      await opened.pass(1000);
      expect(await waiting).toEqual([]);
    });

    test('a message is received as it was sent, and never again once it is acknowledged', async () => {
      // No character beyond U+FFFF: SQS takes them, fauxqs does not.
      const body = JSON.stringify({ text: 'ä€\n"quoted" <&>', long: 'x'.repeat(100_000) });
      await queue.send(body);
      const deliveries = await queue.receive(now);
      expect(deliveries.map(({ body: text, receives }) => ({ text, receives }))).toEqual([
        { text: body, receives: 1 },
      ]);
      await queue.acknowledge(deliveries);
      await beyondVisibility();
      expect(await queue.receive(now)).toEqual([]);
    });

    test('a received message is hidden, and comes back when it was not acknowledged in time', async () => {
      await queue.send('a');
      const [first] = await queue.receive(now);
      expect(await queue.receive(now)).toEqual([]);
      await beyondVisibility();
      const [second] = await queue.receive(now);
      expect(second).toMatchObject({ id: first?.id, body: 'a', receives: 2 });
      expect(second?.receipt).not.toBe(first?.receipt);
    });

    test('a message that was received twice in vain goes to the dead letters', async () => {
      await queue.send('poison');
      for (const receives of [1, 2]) {
        expect(await queue.receive(now)).toMatchObject([{ body: 'poison', receives }]);
        await beyondVisibility();
      }
      expect(await queue.receive(now)).toEqual([]);
      expect(bodies(await opened.deadLetters.receive({ max: 10, waitMs: 0 }))).toEqual(['poison']);
      await beyondVisibility();
      expect(await queue.receive(now)).toEqual([]);
    });

    test('a delayed message is not received before its time', async () => {
      await queue.send('later', { delayMs: 1500 });
      await queue.send('now');
      expect(bodies(await drain())).toEqual(['now']);
      await opened.pass(1400);
      expect(bodies(await drain())).not.toContain('later');
      await opened.pass(900);
      expect(bodies(await drain())).toContain('later');
    });

    test('who waits gets what is sent meanwhile', async () => {
      const waiting = queue.receive({ max: 10, waitMs: 20_000 });
      await opened.pass(100);
      await queue.send('news');
      const deliveries = await waiting;
      expect(bodies(deliveries)).toEqual(['news']);
      await queue.acknowledge(deliveries);
    });

    test('many messages go to many receivers, each to one, and all are acknowledged', async () => {
      const sent = Array.from({ length: 45 }, (_, at) => `message ${String(at).padStart(2, '0')}`);
      await Promise.all(sent.map((body) => queue.send(body)));
      const parts = await Promise.all(Array.from({ length: 6 }, () => queue.receive({ max: 7, waitMs: 0 })));
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(7);
      const all = [...parts.flat(), ...(await drain())];
      expect(bodies(all)).toEqual(sent);
      await queue.acknowledge(all);
      await beyondVisibility();
      expect(await queue.receive(now)).toEqual([]);
    });

    test('acknowledging late, twice, or nothing is no failure', async () => {
      await queue.send('a');
      const deliveries = await queue.receive(now);
      await beyondVisibility();
      await queue.receive(now);
      await queue.acknowledge(deliveries);
      await queue.acknowledge(deliveries);
      await queue.acknowledge([]);
    });

    test('an empty message, or a delay of more than 15 minutes or less than none, is permanent', async () => {
      expect(await kindOf(queue.send(''))).toBe('permanent');
      for (const delayMs of [900_001, -1, Number.NaN])
        expect(await kindOf(queue.send('a', { delayMs }))).toBe('permanent');
      await queue.send('a', { delayMs: 900_000 });
      expect(await drain()).toEqual([]);
    });
  });
};
