// What a plan leads to: its launches as expected machines, and as machines that have registered.
import type { Agent } from '../../lib/core/model/agent';
import type { Machine } from '../../lib/core/model/machine';
import type { Action, Launch, Plan, Terminate } from '../../lib/core/model/plan';
import { NOTHING } from '../../lib/core/model/resources';
import { fold } from '../../lib/core/remember';
import { viewOf } from '../../lib/core/view';
import type { PlanInput } from '../../lib/core/view';
import { MINUTE } from './fleet';

export const launchesIn = (plan: Plan): readonly Launch[] =>
  plan.actions.filter((action: Action): action is Launch => action.kind === 'launch');

export const endsIn = (plan: Plan): readonly Terminate[] =>
  plan.actions.filter((action: Action): action is Terminate => action.kind === 'terminate');

export const boughtIn = (plan: Plan, pool?: string): number =>
  launchesIn(plan)
    .filter((launch) => pool === undefined || launch.pool === pool)
    .reduce((sum, { count }) => sum + count, 0);

const bestOf = ({ offerings: [best] }: Launch) => {
  if (best === undefined) throw new Error('a launch without an offering');
  return best;
};

const idsOf = (launch: Launch): readonly string[] =>
  Array.from({ length: launch.count }, (_, nth) => `i-${launch.id}-${nth}`);

/** The next turn, when every launch was answered with machines of its best offering that the cloud does not list yet. */
export const afterAnswer = (input: PlanInput, plan: Plan, later = MINUTE / 2): PlanInput => {
  const memory = fold(
    plan.memory,
    launchesIn(plan).map((launch) => ({
      kind: 'launched',
      action: launch.id,
      pool: launch.pool,
      at: input.now,
      machines: idsOf(launch).map((id) => ({ id, offering: bestOf(launch) })),
      errors: [],
      asked: launch.count,
    })),
  );
  return { ...input, memory, now: input.now + later, turn: `${input.turn}+` };
};

const machinesOf = (launch: Launch, now: number): readonly Machine[] =>
  idsOf(launch).map((id) => {
    const { cloud, region, zone, shape, market } = bestOf(launch);
    const { account, pool } = launch;
    const started = { launchedAt: now, image: 'ami-1', bootstrap: 'b1', launch: launch.id };
    return { id, cloud, account, region, zone, shape, market, state: 'running', pool, ...started };
  });

/** The agent that the bootstrap of a pool's machine registers. */
export const registered = (input: PlanInput, machine: Machine, at: number): Agent => {
  const view = viewOf(input);
  const launch = {
    launch: 'x',
    pool: machine.pool ?? '',
    offering: { ...machine, usdPerHour: 0 },
    at,
    machines: [machine.id],
    count: 1,
    absentAt: [],
  };
  const empty = { ...input.world, clouds: [], agents: { ...input.world.agents, value: [] } };
  const [host] = viewOf({ ...input, world: empty, memory: { ...input.memory, expected: [launch] } }).coming;
  const total = view.shapes.get(machine.shape)?.allocatable ?? NOTHING;
  const role = view.pools.get(machine.pool ?? '')?.role ?? '*';
  return {
    id: `agent-${machine.id}`,
    hostname: machine.id,
    active: true,
    deactivated: false,
    recovered: false,
    attributes: host?.place.attributes ?? {},
    total,
    used: NOTHING,
    reserved: role === '*' ? {} : { [role]: total },
    registeredAt: at,
  };
};

/** The turn after everything that was bought has booted and registered, and everything that was ended is gone. Nothing
 *  was placed yet. */
export const afterBoot = (input: PlanInput, plan: Plan, later = 3 * MINUTE): PlanInput => {
  const bought = launchesIn(plan).flatMap((launch) => machinesOf(launch, input.now));
  const ended = new Set(endsIn(plan).flatMap(({ machines }) => machines));
  const now = input.now + later;
  const { world } = input;
  const [cloud, ...others] = world.clouds;
  if (cloud === undefined) throw new Error('a world without a cloud');
  return {
    ...input,
    memory: plan.memory,
    now,
    turn: `${input.turn}++`,
    world: {
      ...world,
      clouds: [
        { ...cloud, at: now, value: [...cloud.value.filter(({ id }) => !ended.has(id)), ...bought] },
        ...others,
      ],
      agents: {
        ...world.agents,
        at: now,
        value: [...world.agents.value, ...bought.map((machine) => registered(input, machine, now - MINUTE))],
      },
      queue: { ...world.queue, at: now },
      tasks: { ...world.tasks, at: now },
    },
  };
};
