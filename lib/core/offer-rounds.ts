// Marathon's placement as it really goes on machines that register one after the other: each is offered until it is full,
// an offer takes at most five instances, and the waiting apps are asked in rotation for one instance each
// (OfferMatcherManager; semantics §0). Large and small tasks end up mixed on every host, which packs otherwise than one
// app after the other does. Marathon shuffles the apps for each offer; here they rotate, so that the same input gives the
// same plan.
import type { HostClass, Supply } from './supply';
import {
  allowedOnHost,
  classAccepts,
  type PlaceContext,
  type Placed,
  placedBy,
  put,
  type Run,
  runOf,
  spreadAccepts,
  type Want,
} from './place';

/** Marathon's --max_instances_per_offer. */
const PER_OFFER = 5;

type Waiting = { readonly run: Run; readonly classes: readonly HostClass[] };

/** Host by host, again until nothing more is placed (a spread constraint may free a host that was passed). Takes room from
 *  the supply and adds to the context's tally. A host that takes nothing leaves no trace: without it, all else is placed as
 *  with it. */
export const placeByOffers = (
  supply: Supply,
  wants: readonly Want[],
  context: PlaceContext,
): readonly Placed[] => {
  const all = wants.map((want): Waiting => {
    const classes = supply.classes.filter((hosts) => classAccepts(hosts, want.runSpec));
    return { run: runOf(supply, want, context), classes };
  });
  let turn = 0;
  for (let before = -1; before !== turn; ) {
    before = turn;
    for (const hosts of supply.classes) {
      const suited = all.filter(({ run, classes }) => run.remaining > 0 && classes.includes(hosts));
      turn += fillClass(hosts, suited, turn);
    }
  }
  return all.map(({ run, classes }) => placedBy(run, classes));
};

/** Offers each host of a class until it takes nothing more; how many of them took something. `turn` says who is asked
 *  first. */
const fillClass = (hosts: HostClass, suited: readonly Waiting[], turn: number): number => {
  let filled = 0;
  let waiting = suited.map(({ run }) => run);
  for (let position = hosts.start; position < hosts.end && waiting.length > 0; position += 1) {
    if (fillHost(hosts, position, rotated(waiting, turn + filled)) === 0) continue;
    filled += 1;
    waiting = waiting.filter(({ remaining }) => remaining > 0);
  }
  return filled;
};

const rotated = (list: readonly Run[], by: number): readonly Run[] => {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
};

/** Offer after offer until nobody wants one: how many instances were placed. The queue is asked in rotation, for one instance
 *  each, and an offer ends with five. Who refuses the host once refuses it for good, since it only gets fuller. */
const fillHost = (hosts: HostClass, position: number, queue: readonly Run[]): number => {
  let placed = 0;
  let willing = queue;
  for (let inOffer = 0; willing.length > 0; ) {
    const kept: Run[] = [];
    for (const [nth, run] of willing.entries()) {
      if (!takes(run, position, hosts)) continue;
      put(run, position, 1);
      kept.push(run);
      placed += 1;
      inOffer += 1;
      if (inOffer < PER_OFFER) continue;
      kept.push(...willing.slice(nth + 1));
      inOffer = 0;
      break;
    }
    willing = kept;
  }
  return placed;
};

const takes = (run: Run, position: number, hosts: HostClass): boolean =>
  run.remaining > 0 &&
  run.supply.fits(position, run.want.runSpec.each) &&
  spreadAccepts(run, hosts) &&
  allowedOnHost(run, position) > 0;
