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

/** Host by host, again until nothing more is placed (a spread constraint may free a host that was passed). Takes room from the supply and adds to the context's tally. */
export const placeByOffers = (
  supply: Supply,
  wants: readonly Want[],
  context: PlaceContext,
): readonly Placed[] => {
  const all = wants.map((want): Waiting => {
    const classes = supply.classes.filter((hosts) => classAccepts(hosts, want.runSpec));
    return { run: runOf(supply, want, context), classes };
  });
  let waiting = all;
  for (let round = 0, progress = true; progress && waiting.length > 0; round += 1) {
    progress = false;
    for (const hosts of supply.classes) {
      const suited = waiting.filter(({ classes }) => classes.includes(hosts));
      if (fill(hosts, suited, round) > 0) progress = true;
    }
    waiting = waiting.filter(({ run }) => run.remaining > 0);
  }
  return all.map(({ run, classes }) => placedBy(run, classes));
};

/** Offers each host of a class until it takes nothing more; how many instances were placed. */
const fill = (hosts: HostClass, suited: readonly Waiting[], round: number): number => {
  let placed = 0;
  for (let position = hosts.start; position < hosts.end; position += 1) {
    let taken = offer(position, hosts, rotated(suited, position + round));
    while (taken > 0) {
      placed += taken;
      taken = offer(position, hosts, rotated(suited, position + round));
    }
  }
  return placed;
};

const rotated = (list: readonly Waiting[], by: number): Waiting[] => {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
};

/** One offer: how many instances it takes. */
const offer = (position: number, hosts: HostClass, queue: Waiting[]): number => {
  let taken = 0;
  for (let next = queue.shift(); next !== undefined && taken < PER_OFFER; next = queue.shift()) {
    const { run } = next;
    if (!takes(run, position, hosts)) continue;
    put(run, position, 1);
    taken += 1;
    if (run.remaining > 0) queue.push(next);
  }
  return taken;
};

const takes = (run: Run, position: number, hosts: HostClass): boolean =>
  run.remaining > 0 &&
  run.supply.room(position, run.want.runSpec.each) > 0 &&
  spreadAccepts(run, hosts) &&
  allowedOnHost(run, position) > 0;
