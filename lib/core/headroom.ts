// Wishes for room that no task asks for: headroom kept on purpose, and a pool's utilisation target, which works for any
// framework because it only counts what agents have and what is used. Each becomes a want like any other, tied to its
// pool by a constraint on the `pool` attribute, so that the same fit places and buys it.
import type { Shape } from './model/offering';
import { add, NOTHING, type Resources } from './model/resources';
import type { Pool } from './model/spec';
import { takesTasks } from './hosts';
import type { Want } from './place';
import { standingIn, type View } from './view';

/** Pieces into which a percentage is cut: small enough to fit beside tasks, large enough to be few. */
const PIECES_PER_AGENT = 4;
/** Agents announce a little less than the catalogue says; a whole spare agent is asked for with this allowance. */
const WHOLE_AGENT = 0.9;

const PREFIX = 'headroom:';
export const isHeadroom = (runSpec: string): boolean => runSpec.startsWith(PREFIX);

export const headroomWants = (view: View, pool: Pool, reference: Shape | undefined): readonly Want[] => {
  const { agents, percent, shapes } = pool.headroom;
  const asked = shapes.map((shape, nth) =>
    want(pool, `shape-${nth}`, { ...NOTHING, cpuMilli: shape.cpuMilli, memMib: shape.memMib }, shape.count),
  );
  if (reference === undefined) return asked;
  const room = reference.allocatable;
  if (agents > 0) asked.push(want(pool, 'agents', scaled(room, WHOLE_AGENT), agents));
  const spare = Math.max(
    percent,
    pool.targetUtilisationPercent === undefined ? 0 : 100 - pool.targetUtilisationPercent,
  );
  const piece = scaled(room, 1 / PIECES_PER_AGENT);
  const count = pieces(poolTotal(view, pool), piece, spare);
  return count > 0 ? [...asked, want(pool, 'percent', piece, count)] : asked;
};

const want = (pool: Pool, name: string, each: Resources, count: number): Want => ({
  count,
  runSpec: {
    id: `${PREFIX}${pool.name}/${name}`,
    kind: 'app',
    role: pool.role,
    version: '',
    instances: count,
    each,
    constraints: [{ field: 'pool', operator: 'IS', value: pool.name }],
    acceptedRoles: [pool.role],
    labels: {},
    resident: false,
  },
});

/** Cpu and memory alone: nobody keeps ports or disk free. */
const scaled = (room: Resources, share: number): Resources => ({
  ...NOTHING,
  cpuMilli: Math.floor(room.cpuMilli * share),
  memMib: Math.floor(room.memMib * share),
  gpus: share === WHOLE_AGENT ? room.gpus : 0,
});

/** What the pool's registered and coming machines have in all. */
const poolTotal = (view: View, pool: Pool): Resources => {
  const agents = standingIn(view, pool.name).flatMap(({ agent }) =>
    agent !== undefined && takesTasks(agent) ? [agent.total] : [],
  );
  const coming = view.coming
    .filter(
      (host) =>
        host.place.attributes['pool']?.kind === 'text' && host.place.attributes['pool'].value === pool.name,
    )
    .map((host) => host.free);
  return [...agents, ...coming].reduce(add, NOTHING);
};

const pieces = (total: Resources, piece: Resources, percent: number): number => {
  const share = (have: number, one: number): number =>
    one === 0 ? 0 : Math.ceil((have * percent) / 100 / one);
  return Math.max(share(total.cpuMilli, piece.cpuMilli), share(total.memMib, piece.memMib));
};
