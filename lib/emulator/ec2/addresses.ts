// Private addresses of a subnet. An address is not given again before all others were: an agent that registers from
// the address of a dead one would end it (semantics §1.1).
export type AddressPool = {
  readonly id: string;
  readonly zone: string;
  readonly cidr: string;
  readonly first: number;
  readonly size: number;
  used: number;
  readonly freed: number[];
};

/** The cloud keeps four addresses at the start of a subnet and one at its end. */
const RESERVED = 5;

/** @throws Error when the cidr is not an IPv4 block between /16 and /28. */
export const createAddressPool = (id: string, zone: string, cidr: string): AddressPool => {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  const bits = Number(match?.[5] ?? 0);
  if (match === null || bits < 16 || bits > 28) {
    throw new Error(`The subnet ${id} has the block ${cidr}: give an IPv4 block between /16 and /28.`);
  }
  const first = match.slice(1, 5).reduce((sum, part) => sum * 256 + Number(part), 0);
  return { id, zone, cidr, first, size: 2 ** (32 - bits) - RESERVED, used: 0, freed: [] };
};

export const addressesLeft = (pool: AddressPool): number => pool.size - pool.used + pool.freed.length;

/** undefined when the subnet is full. */
export const takeAddress = (pool: AddressPool): string | undefined => {
  if (pool.used < pool.size) {
    pool.used += 1;
    return dotted(pool.first + RESERVED - 2 + pool.used);
  }
  const again = pool.freed.shift();
  return again === undefined ? undefined : dotted(again);
};

export const giveAddress = (pool: AddressPool, ip: string): void => {
  pool.freed.push(ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0));
};

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
