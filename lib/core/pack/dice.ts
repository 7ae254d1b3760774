// A tiny generator for the searches that need to shake things up. Its seed comes from the problem itself, so the same
// problem is always shaken the same way (mulberry32).

export type Dice = { state: number };

export const diceOf = (cells: Float64Array): Dice => {
  let hash = 2166136261;
  for (const cell of cells) hash = Math.imul(hash ^ (Math.round(cell) | 0), 16777619);
  return { state: hash >>> 0 };
};

/** A number in [0, 1). */
export const roll = (dice: Dice): number => {
  dice.state = (dice.state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(dice.state ^ (dice.state >>> 15), 1 | dice.state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

export const pick = (dice: Dice, below: number): number => Math.floor(roll(dice) * below);
