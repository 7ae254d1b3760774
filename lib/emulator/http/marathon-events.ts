// Marathon's event stream: `event_stream_attached` first, no ids, no replay; when Marathon goes down the connection
// just ends (semantics §2.8).
import { z } from 'zod';
import type { Marathon, MarathonEvent } from '../marathon/api';
import type { WorldClock } from './clocks';
import { KEEP_ALIVE, sseEvent } from './event-stream';
import type { HttpCall, Stream } from './exchange';

/** Jetty's own interval for keeping an event source alive. */
const KEEP_ALIVE_MS = 10_000;

export type EventStreams = {
  stream(call: HttpCall): Stream;
  /** Ends every stream. */
  cut(): void;
};

export const createEventStreams = (marathon: Marathon, clock: WorldClock): EventStreams => {
  const cuts = new Set<() => void>();
  return {
    stream: (call) => {
      const wanted = new Set(call.query.getAll('event_type'));
      const isLight = call.query.get('plan-format') === 'light';
      return {
        status: 200,
        headers: { 'Content-Type': 'text/event-stream;charset=utf-8' },
        open: (write, cut) => {
          const send = (event: MarathonEvent): void => {
            if (wanted.size === 0 || wanted.has(event.eventType))
              write(sseEvent(event.eventType, JSON.stringify(isLight ? light(event) : event)));
          };
          send({
            remoteAddress: '127.0.0.1',
            eventType: 'event_stream_attached',
            timestamp: new Date(clock.now()).toISOString(),
          });
          const endEvents = marathon.subscribe(send);
          const endBeats = clock.every(KEEP_ALIVE_MS, () => {
            write(KEEP_ALIVE);
          });
          cuts.add(cut);
          return () => {
            endEvents();
            endBeats();
            cuts.delete(cut);
          };
        },
      };
    },
    cut: () => {
      for (const cut of cuts) cut();
    },
  };
};

const plan = z.looseObject({ plan: z.looseObject({}) });

/** Without the groups before and after, which only old versions send. */
const light = (event: MarathonEvent): object => {
  const read = plan.safeParse(event).data;
  if (read === undefined) return event;
  const { original: _original, target: _target, ...rest } = read.plan;
  return { ...event, plan: rest };
};
