// A purchase that survived Marathon's own placement has usually bought more than it needs: what first fit left over was
// bought on top. So machines are taken away again, or made smaller, as long as the simulated placement still places
// everything. Looks are counted, not timed, so that the same input gives the same plan.
import type { Market } from './buyable';
import type { Purchase } from './purchase';
import { fits } from './model/resources';

/** Cheaper shapes tried in the place of one machine. */
const SMALLER = 5;

/** `holds` simulates the placement on the purchases and says whether everything is placed; it is asked at most `looks`
 *  times. The result holds too. */
export const thin = (
  purchases: readonly Purchase[],
  market: Market,
  looks: number,
  holds: (purchases: readonly Purchase[]) => boolean,
): readonly Purchase[] => {
  let left = looks;
  let kept = purchases;
  const attempt = (changed: readonly Purchase[]): boolean => {
    if (left <= 0) return false;
    left -= 1;
    if (!holds(changed)) return false;
    kept = changed;
    return true;
  };
  const shrink = (purchase: Purchase): void => {
    const found = smallerThan(purchase, market).find((smaller) =>
      attempt([...withoutOne(kept, purchase), smaller]),
    );
    if (found !== undefined) changed = true;
  };
  const drop = (purchase: Purchase): void => {
    let current: Purchase | undefined = purchase;
    while (current !== undefined && attempt(withoutOne(kept, current))) {
      changed = true;
      current = sameIn(kept, current);
    }
  };
  let changed = true;
  while (changed && left > 0) {
    changed = false;
    for (const purchase of byPrice(kept)) drop(purchase);
    for (const purchase of byPrice(kept)) if (kept.includes(purchase)) shrink(purchase);
  }
  return kept;
};

const byPrice = (purchases: readonly Purchase[]): readonly Purchase[] =>
  [...purchases].sort((a, b) => b.buyable.offering.usdPerHour - a.buyable.offering.usdPerHour);

const withoutOne = (purchases: readonly Purchase[], one: Purchase): readonly Purchase[] =>
  purchases.flatMap((purchase) => {
    if (purchase !== one) return [purchase];
    return purchase.count > 1 ? [{ ...purchase, count: purchase.count - 1 }] : [];
  });

const sameIn = (purchases: readonly Purchase[], { buyable, lanes }: Purchase): Purchase | undefined =>
  purchases.find((purchase) => purchase.buyable === buyable && purchase.lanes === lanes);

/** One machine each of the same lane that is cheaper, the dearest first: the smallest step down. */
const smallerThan = ({ buyable, lanes }: Purchase, market: Market): readonly Purchase[] =>
  market.buyables
    .filter(
      (other) =>
        other.lane === buyable.lane &&
        other.offering.usdPerHour < buyable.offering.usdPerHour &&
        fits(other.shape.allocatable, buyable.shape.allocatable),
    )
    .sort((a, b) => b.offering.usdPerHour - a.offering.usdPerHour)
    .slice(0, SMALLER)
    .map((other) => ({ buyable: other, count: 1, load: other.shape.allocatable, lanes }));
