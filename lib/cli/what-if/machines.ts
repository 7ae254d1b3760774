// Which machines were there, from when to when and for how much: what the bill is made of.
import { type Market, type Offering, offeringKey } from '../../core/model/offering';
import type { EmulatedWorld } from '../../emulator/world';

export type MachineStay = {
  readonly id: string;
  readonly ip: string;
  readonly shape: string;
  readonly market: Market;
  readonly usdPerHour: number;
  readonly from: number;
  /** Undefined while it lives. */
  to: number | undefined;
  /** It shuts down or has ended. */
  isEnding: boolean;
  /** The cloud takes it back. */
  taken: boolean;
};

export type Machines = {
  /** Every machine that ever was, in the order of their launches. */
  readonly all: readonly MachineStay[];
};

export type MachineHooks = {
  readonly launched: (machine: MachineStay) => void;
  /** It shuts down or is dead: nothing runs on it from now on. */
  readonly ending: (machine: MachineStay) => void;
};

/** Follows EC2's own state changes. A machine costs from its launch until it is terminated. */
export const followMachines = (world: EmulatedWorld, hooks: MachineHooks): Machines => {
  const byId = new Map<string, MachineStay>();
  const prices = new Map(
    world.options.prices.map((offering) => [offeringKey(offering), offering.usdPerHour]),
  );
  world.onEvent(({ detail }) => {
    const id = String(detail['instance-id']);
    const state = detail['state'];
    if (state === 'pending') {
      const made = stayOf(world, id, prices);
      byId.set(id, made);
      hooks.launched(made);
      return;
    }
    const machine = byId.get(id);
    if (machine === undefined || (state !== 'shutting-down' && state !== 'terminated')) return;
    machine.isEnding = true;
    hooks.ending(machine);
    if (state !== 'terminated') return;
    machine.to = world.now();
  });
  return {
    get all() {
      return [...byId.values()];
    },
  };
};

const stayOf = (world: EmulatedWorld, id: string, prices: ReadonlyMap<string, number>): MachineStay => {
  const [one] = world.ec2
    .DescribeInstances({ InstanceIds: [id] })
    .Reservations.flatMap(({ Instances }) => Instances);
  if (one === undefined) throw new Error(`EC2 tells of ${id} and does not list it.`);
  const market: Market = one.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand';
  const place: Omit<Offering, 'usdPerHour'> = {
    cloud: 'aws',
    region: world.options.region,
    zone: one.Placement.AvailabilityZone,
    shape: one.InstanceType,
    market,
  };
  return {
    id,
    ip: one.PrivateIpAddress ?? '',
    shape: one.InstanceType,
    market,
    usdPerHour: prices.get(offeringKey(place)) ?? 0,
    from: world.now(),
    to: undefined,
    isEnding: false,
    taken: false,
  };
};
