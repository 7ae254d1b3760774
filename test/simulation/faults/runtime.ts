// F9 to F16: the process itself.
import { isDeed, isWrite } from '../call';
import type { CallFault } from './fault';

const MINUTE = 60_000;

export const runtimeFaults: readonly CallFault[] = [
  {
    kind: 'call',
    name: 'F9',
    what: 'the process dies before the call takes effect',
    mostPermille: 12,
    strikes: (call) => isDeed(call) || isWrite(call),
    verdict: () => ({ kind: 'crash', when: 'before' }),
  },
  {
    kind: 'call',
    name: 'F10',
    what: 'the process dies after the call took effect, before it is recorded',
    mostPermille: 12,
    strikes: (call) => isDeed(call) || isWrite(call),
    verdict: () => ({ kind: 'crash', when: 'after' }),
  },
  {
    kind: 'call',
    name: 'F11',
    what: 'the process dies at any call, as when its time or its memory is over (F14)',
    mostPermille: 4,
    strikes: () => true,
    verdict: () => ({ kind: 'crash', when: 'after' }),
  },
  {
    kind: 'call',
    name: 'F12',
    what: 'the process stands still until its lease is over, and goes on as if nothing had been',
    mostPermille: 4,
    strikes: () => true,
    verdict: ({ dice }) => ({ kind: 'freeze', ms: dice.int('F12', 130_000, 400_000), isZombie: true }),
  },
  {
    kind: 'call',
    name: 'F13',
    what: 'the process stands still for a while',
    mostPermille: 6,
    strikes: () => true,
    verdict: ({ dice }) => ({ kind: 'freeze', ms: dice.int('F13', 1000, 2 * MINUTE), isZombie: false }),
  },
];
