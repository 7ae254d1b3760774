// From what the fit wants bought to launch actions. A launch names its best offering first and then others that hold
// the same load, so that the cloud can take the next one within the same call when the first has no capacity.
import { type Buyable, type Market } from './buyable';
import type { Purchase } from './purchase';
import type { Launch } from './model/plan';
import { type Offering, offeringKey } from './model/offering';
import { fits } from './model/resources';
import type { View } from './view';

/** Offerings named in one launch, and how much dearer than the best any of them may be. */
const MOST_OFFERINGS = 8;
const DEAREST = 1.5;

/** `replaced` are machines ended in the same plan, by pool: as many new ones are failure replacements. */
export const launchesOf = (
  purchases: readonly Purchase[],
  view: View,
  market: Market,
  replaced: ReadonlyMap<string, readonly string[]>,
): readonly Launch[] => {
  const left = new Map([...replaced].map(([pool, machines]) => [pool, [...machines]]));
  return together(purchases, market).map(({ purchase, offerings, count }, nth) => {
    const { pool, offering } = purchase.buyable;
    const replaces = (left.get(pool.name) ?? []).splice(0, count);
    return {
      kind: 'launch',
      id: `${view.turn}.${view.round}.${nth}`,
      step: 'scale-out',
      pool: pool.name,
      cloud: pool.cloud,
      account: pool.account,
      region: pool.region,
      offerings,
      count,
      replaces,
      why: `${count} x ${offering.shape} (${offering.market}, ${offering.zone}) for ${pool.name}`,
    };
  });
};

type Call = {
  readonly purchase: Purchase;
  readonly offerings: readonly Offering[];
  readonly count: number;
};

/** Purchases that name the same offerings are one call to the cloud. */
const together = (purchases: readonly Purchase[], market: Market): readonly Call[] => {
  const calls = new Map<string, Call>();
  for (const purchase of [...purchases].sort(byName)) {
    const offerings = alternatives(purchase, market);
    const name = [purchase.buyable.pool.name, ...offerings.map(offeringKey)].join('|');
    const count = (calls.get(name)?.count ?? 0) + purchase.count;
    calls.set(name, { purchase, offerings, count });
  }
  return [...calls.values()];
};

const byName = (a: Purchase, b: Purchase): number => {
  const [x, y] = [a, b].map(({ buyable }) => `${buyable.pool.name}|${offeringKey(buyable.offering)}`);
  return (x ?? '') < (y ?? '') ? -1 : 1;
};

const alternatives = (purchase: Purchase, market: Market): readonly Offering[] => {
  const { buyable, lanes, load } = purchase;
  const holds = ({ pool, offering, shape, lane }: Buyable): boolean =>
    pool.name === buyable.pool.name &&
    offering.market === buyable.offering.market &&
    offering.usdPerHour <= buyable.offering.usdPerHour * DEAREST &&
    (lane === buyable.lane || lanes.includes(lane)) &&
    fits(load, shape.allocatable) &&
    offeringKey(offering) !== offeringKey(buyable.offering);
  const others = market.buyables
    .filter(holds)
    .map(({ offering }) => offering)
    .sort(
      (a, b) =>
        distance(a, buyable.offering) - distance(b, buyable.offering) ||
        elsewhere(a, buyable.offering) - elsewhere(b, buyable.offering) ||
        (offeringKey(a) < offeringKey(b) ? -1 : 1),
    );
  return [buyable.offering, ...others.slice(0, MOST_OFFERINGS - 1)];
};

/** The same shape in another zone first, then by price. */
const distance = (offering: Offering, best: Offering): number =>
  offering.shape === best.shape ? offering.usdPerHour - 1e6 : offering.usdPerHour;

/** Among equals the zone that was chosen, so that the spread survives when a shape runs dry everywhere. */
const elsewhere = (offering: Offering, best: Offering): number => (offering.zone === best.zone ? 0 : 1);

export const HOURS_A_MONTH = 730;

/** What the launches cost an hour if each takes its dearest offering, as the spend cap counts. */
export const dearest = (launch: Launch): number =>
  launch.count * Math.max(...launch.offerings.map((offering) => offering.usdPerHour));
