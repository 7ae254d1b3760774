// What no plan for the same demand can cost less than. The packing's own bound is of tasks that were dealt to zones
// before; another deal may be cheaper, so where a constraint spreads tasks they are let go anywhere for the bound.
import { lanesFor } from './buyable';
import { isCounting, isPerHost } from './constraints';
import type { RunSpec } from './model/app';
import type { Bound } from './pack/problem';
import { boundFor, type FitInput, type Packed } from './purchase';
import type { Part } from './split';
import type { Survivor } from './survive';

const NO_BOUND: Bound = { usdPerHour: 0, kind: 'none' };

export const boundOf = (best: Survivor, packed: Packed, parts: readonly Part[], input: FitInput): Bound => {
  const isDealt = parts.some(({ runSpec }) => isSpread(runSpec));
  // The packing left other tasks out than the placement did: its bound is of another demand.
  if (isDealt && best.unplaced > 0) return NO_BOUND;
  const bound = isDealt ? boundFor(parts.map(anywhere(input)), input) : packed.result.bound;
  return bound.usdPerHour > best.usdPerHour + 1e-6 ? NO_BOUND : bound;
};

const isSpread = ({ constraints }: RunSpec): boolean =>
  constraints.some((constraint) => isCounting(constraint) && !isPerHost(constraint.field));

const anywhere =
  (input: FitInput) =>
  (part: Part): Part =>
    isSpread(part.runSpec) ? { ...part, lanes: lanesFor(part.runSpec, input.market.lanes) } : part;
