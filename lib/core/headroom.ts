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
/** A utilisation target asks for a ratio and not for room of any size, so its pieces are smaller. */
const PIECES_FOR_TARGET = 16;
/** A pool that keeps more than this free is asked for more than ten times what its tasks use: more is taken as this. */
const MOST_PERCENT = 90;
/** Agents announce a little less than the catalogue says; a whole spare agent is asked for with this allowance. */
const WHOLE_AGENT = 0.9;

const PREFIX = 'headroom:';
export const isHeadroom = (runSpec: string): boolean => runSpec.startsWith(PREFIX);

export const headroomWants = (view: View, pool: Pool, reference: Shape | undefined): readonly Want[] => {
  const { agents, percent, shapes } = pool.headroom;
  const asked = shapes.map((shape, nth) =>
    want(pool, `shape-${nth}`, { ...NOTHING, cpuMilli: shape.cpuMilli, memMib: shape.memMib }, shape.count),
  );
  // What agents have free is unknown while their list is: room that may be there is not bought.
  if (!view.world.agents.complete) return [];
  if (reference === undefined) return asked;
  const room = reference.allocatable;
  if (agents > 0) asked.push(apart(want(pool, 'agents', scaled(room, WHOLE_AGENT), agents)));
  const target = pool.targetUtilisationPercent === undefined ? 0 : 100 - pool.targetUtilisationPercent;
  const piece = scaled(room, 1 / (percent >= target ? PIECES_PER_AGENT : PIECES_FOR_TARGET));
  const count = pieces(poolUsed(view, pool), piece, Math.min(MOST_PERCENT, Math.max(percent, target)));
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

/** Each on a machine of its own: one large machine is one spare agent, and else the next that is bought would be larger
 *  for being asked for in the shape of the last. */
const apart = (spare: Want): Want => {
  const { runSpec } = spare;
  const constraints = [...runSpec.constraints, { field: 'hostname', operator: 'UNIQUE' } as const];
  return { ...spare, runSpec: { ...runSpec, constraints } };
};

/** Cpu and memory alone: nobody keeps ports or disk free. */
const scaled = (room: Resources, share: number): Resources => ({
  ...NOTHING,
  cpuMilli: Math.floor(room.cpuMilli * share),
  memMib: Math.floor(room.memMib * share),
  gpus: share === WHOLE_AGENT ? room.gpus : 0,
});

/** What tasks of any framework use on the pool's agents. */
const poolUsed = (view: View, pool: Pool): Resources =>
  standingIn(view, pool.name)
    .flatMap(({ agent, standing }) =>
      standing === 'ready' && agent !== undefined && takesTasks(agent) ? [agent.used] : [],
    )
    .reduce(add, NOTHING);

/** A spare share of the whole is `percent / (100 - percent)` of what is used. Reckoned from what is used, because then
 *  the headroom that is bought asks for no headroom of its own. */
const pieces = (used: Resources, piece: Resources, percent: number): number => {
  const share = (have: number, one: number): number =>
    one === 0 ? 0 : Math.ceil((have * percent) / (100 - percent) / one);
  return Math.max(share(used.cpuMilli, piece.cpuMilli), share(used.memMib, piece.memMib));
};
