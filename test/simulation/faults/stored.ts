// F17 to F22: the state store.
import { Failure } from '../../../lib/engine/failure';
import { isWrite } from '../call';
import type { Fault } from './fault';

export const storeFaults: readonly Fault[] = [
  {
    kind: 'call',
    name: 'F17',
    what: 'the store throttles',
    mostPermille: 15,
    strikes: ({ name }) => name.startsWith('store.'),
    verdict: () => ({ kind: 'refuse', error: new Failure('throttled', 'The table is throttled.') }),
  },
  {
    kind: 'call',
    name: 'F18',
    what: 'a conditional write meets another writer',
    mostPermille: 8,
    strikes: (call) => isWrite(call) && call.args.length > 1 && call.args.at(-1) !== undefined,
    verdict: () => ({ kind: 'refuse', error: new Failure('conflict', 'The condition does not hold.') }),
  },
  {
    kind: 'call',
    name: 'F19',
    what: 'a write takes effect and its answer is lost',
    mostPermille: 10,
    strikes: isWrite,
    verdict: () => ({
      kind: 'lose',
      error: new Failure('unknown-outcome', 'The answer of the table is lost.'),
    }),
  },
];
