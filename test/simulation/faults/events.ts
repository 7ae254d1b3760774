// F1 to F8: events on their way to the queue.
import type { EventFault } from './fault';

const MINUTE = 60_000;

export const eventFaults: readonly EventFault[] = [
  {
    kind: 'event',
    name: 'F1',
    what: 'an event is lost',
    mostPermille: 400,
    copies: () => [],
  },
  {
    kind: 'event',
    name: 'F2',
    what: 'an event comes several times',
    mostPermille: 200,
    copies: ({ dice }) =>
      Array.from({ length: dice.int('F2', 2, 10) }, () => dice.int('F2 delay', 100, MINUTE)),
  },
  {
    kind: 'event',
    name: 'F3',
    what: 'an event is overtaken by later ones',
    mostPermille: 300,
    copies: ({ dice }) => [dice.int('F3', 1000, 20_000)],
  },
  {
    kind: 'event',
    name: 'F4',
    what: 'an event comes up to a quarter of an hour late',
    mostPermille: 100,
    copies: ({ dice }) => [dice.int('F4', MINUTE, 15 * MINUTE)],
  },
];
