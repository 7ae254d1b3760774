// What the pools can buy and for how much: their shapes in their zones on their markets.
import { type Offering, offeringKey, type Shape } from '../core/model/offering';
import type { Pool } from '../core/model/spec';
import { shapesFor } from './shapes';

/** An assumption, not a quotation: the share of the on-demand price that a spot machine costs while no live price is
 *  known. Spot machines of current families mostly cost between a third and a half. */
export const ASSUMED_SPOT_SHARE = 0.4;

export type Prices = {
  /** US dollars an hour on demand, by the name of the shape. */
  readonly onDemandUsd: ReadonlyMap<string, number>;
  /** US dollars an hour as last read from the cloud, by offeringKey; wins over the table. */
  readonly live?: ReadonlyMap<string, number>;
};

/** Each offering once, in the order of pools, zones, markets and shapes. A shape without any price is left out. */
export const offeringsFor = (
  pools: readonly Pool[],
  shapes: readonly Shape[],
  prices: Prices,
): readonly Offering[] => {
  const found = new Map<string, Offering>();
  for (const pool of pools) {
    const allowed = shapesFor(pool.shapes, shapes);
    const wanted = places(pool).flatMap((place) => allowed.map((shape) => ({ ...place, shape: shape.name })));
    for (const offering of wanted) {
      const key = offeringKey(offering);
      const usdPerHour = found.has(key) ? undefined : priceOf(offering, key, prices);
      if (usdPerHour !== undefined) found.set(key, { ...offering, usdPerHour });
    }
  }
  return [...found.values()];
};

type Place = Omit<Offering, 'shape' | 'usdPerHour'>;

const places = ({ cloud, region, zones, markets }: Pool): readonly Place[] =>
  zones.flatMap(({ name: zone }) => markets.map((market) => ({ cloud, region, zone, market })));

const priceOf = (offering: Omit<Offering, 'usdPerHour'>, key: string, prices: Prices): number | undefined => {
  const live = prices.live?.get(key);
  const onDemand = prices.onDemandUsd.get(offering.shape);
  if (live !== undefined || onDemand === undefined) return live;
  // A millionth of a dollar is the finest that the clouds quote.
  return offering.market === 'spot' ? Math.round(onDemand * ASSUMED_SPOT_SHARE * 1e6) / 1e6 : onDemand;
};
