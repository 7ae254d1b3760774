// The room there is, laid out for speed: 40,000 agents and 20,000 pending tasks have to be looked at within a turn.
// Hosts that a constraint cannot tell apart (same attributes but for hostname and instance id, same role) form a class
// and stand side by side in flat arrays; blocks of 64 remember the most cpu and memory any of them has left, so a scan
// steps over full ones. A remembered block may say too much, never too little.
import { isPerHost } from './constraints';
import { attributeText } from './model/attributes';
import type { Place } from './model/app';
import { DIMENSIONS, type Resources } from './model/resources';

/** `agent` is registered, `coming` is bought and not yet registered, `bought` is what this plan buys. */
export type HostKind = 'agent' | 'coming' | 'bought';

/** Free room of one role on one machine. An agent with reservations is several hosts of the same place. */
export type Host = {
  readonly id: string;
  readonly kind: HostKind;
  readonly place: Place;
  readonly free: Resources;
  /** `*`, or the role for which the room is reserved. */
  readonly role: string;
  /** The machine has GPUs: Marathon keeps tasks without a GPU off it (restricted is its default since 1.8). */
  readonly hasGpus: boolean;
};

export type HostClass = {
  readonly start: number;
  readonly end: number;
  readonly place: Place;
  readonly role: string;
  readonly hasGpus: boolean;
};

const BLOCK = 64;
/** Blocks of a row, which remembers as a block does: a full fleet is stepped over in few steps. */
const ROW = 64;

export class Supply {
  readonly hosts: readonly Host[];
  readonly classes: readonly HostClass[];
  /** The room at first, by dimension, and what is left of it. */
  readonly #whole: readonly Float64Array[];
  readonly #free: readonly Float64Array[];
  readonly #blockCpu: Float64Array;
  readonly #blockMem: Float64Array;
  readonly #rowCpu: Float64Array;
  readonly #rowMem: Float64Array;

  /** `like` is a supply of the same hosts: its order is taken over and its room is not. */
  constructor(hosts: readonly Host[], like?: Supply) {
    const blocks = Math.ceil(hosts.length / BLOCK);
    this.#blockCpu = new Float64Array(blocks).fill(Infinity);
    this.#blockMem = new Float64Array(blocks).fill(Infinity);
    this.#rowCpu = new Float64Array(Math.ceil(blocks / ROW)).fill(Infinity);
    this.#rowMem = new Float64Array(Math.ceil(blocks / ROW)).fill(Infinity);
    if (like !== undefined) {
      this.hosts = like.hosts;
      this.classes = like.classes;
      this.#whole = like.#whole;
      this.#free = like.#whole.map((column) => column.slice());
      return;
    }
    const keyed = hosts.map((host) => ({ host, key: classKey(host) }));
    keyed.sort(
      (a, b) => compare(a.key, b.key) || compare(a.host.id, b.host.id) || compare(a.host.role, b.host.role),
    );
    this.hosts = keyed.map((entry) => entry.host);
    this.classes = groupClasses(keyed);
    this.#whole = DIMENSIONS.map((dimension) =>
      Float64Array.from(this.hosts, (host) => host.free[dimension]),
    );
    this.#free = this.#whole.map((column) => column.slice());
  }

  /** How many times `need` fits into what is left at this position. */
  room(position: number, need: Resources): number {
    let times = Infinity;
    for (let d = 0; d < DIMENSIONS.length; d += 1) {
      const wanted = need[DIMENSIONS[d] ?? 'cpuMilli'];
      if (wanted > 0) times = Math.min(times, Math.floor((this.#free[d]?.[position] ?? 0) / wanted));
    }
    return Math.max(0, times);
  }

  /** Whether `need` fits at least once. */
  fits(position: number, need: Resources): boolean {
    const free = this.#free;
    return (
      need.cpuMilli <= cell(free[0], position) &&
      need.memMib <= cell(free[1], position) &&
      need.diskMib <= cell(free[2], position) &&
      need.gpus <= cell(free[3], position) &&
      need.ports <= cell(free[4], position)
    );
  }

  take(position: number, need: Resources, count: number): void {
    for (let d = 0; d < DIMENSIONS.length; d += 1) {
      const column = this.#free[d];
      if (column !== undefined)
        column[position] = (column[position] ?? 0) - need[DIMENSIONS[d] ?? 'cpuMilli'] * count;
    }
  }

  /** Whether anything was taken here. */
  isUsed(position: number): boolean {
    return this.#free.some((column, d) => column[position] !== this.#whole[d]?.[position]);
  }

  left(position: number): Resources {
    const at = (d: number): number => cell(this.#free[d], position);
    return { cpuMilli: at(0), memMib: at(1), diskMib: at(2), gpus: at(3), ports: at(4) };
  }

  /** The first position in [from, end) where `need` fits at least once; -1 when there is none. */
  next(from: number, end: number, need: Resources): number {
    let position = from;
    while (position < end) {
      const block = Math.floor(position / BLOCK);
      const row = Math.floor(block / ROW);
      if (!mayHold(need, this.#rowCpu[row], this.#rowMem[row])) {
        position = (row + 1) * ROW * BLOCK;
        continue;
      }
      const blockEnd = Math.min(end, (block + 1) * BLOCK);
      if (mayHold(need, this.#blockCpu[block], this.#blockMem[block])) {
        const found = this.#scan(position, blockEnd, need);
        if (found >= 0) return found;
        this.#remember(block);
      }
      position = blockEnd;
      if (position % (ROW * BLOCK) === 0 || position === end) this.#rememberRow(row);
    }
    return -1;
  }

  #scan(from: number, end: number, need: Resources): number {
    for (let position = from; position < end; position += 1) if (this.fits(position, need)) return position;
    return -1;
  }

  #remember(block: number): void {
    const end = Math.min(this.hosts.length, (block + 1) * BLOCK);
    let cpu = -1;
    let mem = -1;
    for (let position = block * BLOCK; position < end; position += 1) {
      cpu = Math.max(cpu, this.#free[0]?.[position] ?? 0);
      mem = Math.max(mem, this.#free[1]?.[position] ?? 0);
    }
    this.#blockCpu[block] = cpu;
    this.#blockMem[block] = mem;
  }

  #rememberRow(row: number): void {
    const end = Math.min(this.#blockCpu.length, (row + 1) * ROW);
    let cpu = -1;
    let mem = -1;
    for (let block = row * ROW; block < end; block += 1) {
      cpu = Math.max(cpu, this.#blockCpu[block] ?? 0);
      mem = Math.max(mem, this.#blockMem[block] ?? 0);
    }
    this.#rowCpu[row] = cpu;
    this.#rowMem[row] = mem;
  }

  /** The hosts as they stand now, with what is left as their room: the start of another supply. */
  snapshot(): readonly Host[] {
    return this.hosts.map((host, position) => ({ ...host, free: this.left(position) }));
  }
}

const cell = (column: Float64Array | undefined, position: number): number => column?.[position] ?? 0;

const mayHold = (need: Resources, cpu = 0, mem = 0): boolean => need.cpuMilli <= cpu && need.memMib <= mem;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const ORDER: Readonly<Record<HostKind, string>> = { agent: '0', coming: '1', bought: '2' };

/** Registered agents come first, so that a task is bought for only when nothing that exists takes it. */
const classKey = (host: Host): string => {
  const names = Object.keys(host.place.attributes).filter((name) => !isPerHost(name));
  const attributes = names.sort().map((name) => {
    const value = host.place.attributes[name];
    return `${name}=${value === undefined ? '' : attributeText(value)}`;
  });
  return [
    ORDER[host.kind],
    host.role,
    host.hasGpus ? 'gpu' : '',
    host.place.region,
    host.place.isRemote === true ? 'remote' : '',
    host.place.zone,
    ...attributes,
  ].join('|');
};

const groupClasses = (
  keyed: readonly { readonly host: Host; readonly key: string }[],
): readonly HostClass[] => {
  const classes: HostClass[] = [];
  let start = 0;
  for (let position = 1; position <= keyed.length; position += 1) {
    const first = keyed[start];
    if (first === undefined || keyed[position]?.key === first.key) continue;
    const { place, role, hasGpus } = first.host;
    classes.push({ start, end: position, place, role, hasGpus });
    start = position;
  }
  return classes;
};
