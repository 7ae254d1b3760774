// Several addresses of one service, of which one answers: the leader, or whoever is alive. An attempt says by the
// kind of its Failure whether another address may be tried: `transient` means that nothing was done here.
import { Failure, isFailure } from '../engine/failure';
import type { FailureKind } from '../engine/failure';
import type { Clock } from '../engine/ports';

export type HostsOptions = {
  readonly urls: readonly string[];
  readonly clock: Clock;
  /** Longest silence of one attempt. */
  readonly timeoutMs: number;
  /** Time for all attempts of one call together. */
  readonly budgetMs: number;
  /** How often a read goes round all addresses; a write goes round once. */
  readonly rounds: number;
  /** Pause after the first round, doubled after each. */
  readonly pauseMs: number;
  /** For messages: `Mesos master`. */
  readonly service: string;
  /** For messages: `mesos.masters`. */
  readonly setting: string;
};

export type Attempt = {
  readonly url: string;
  readonly timeoutMs: number;
  /** The instant at which the call's budget ends. */
  readonly until: number;
  /** A hint where to go next. It is taken only when it names one of the configured addresses: whoever answers at an
   *  address must not be able to send us, with our credentials, to another. */
  readonly suggest: (location: string) => void;
};

/** A read may be repeated after anything that is not `permanent`, `gone` or `conflict`; a write only after
 *  `transient`, when nothing was done. */
export type Use = 'read' | 'write';

export type Hosts = { ask<T>(use: Use, attempt: (to: Attempt) => Promise<T>): Promise<T> };

export const createHosts = (options: HostsOptions): Hosts => {
  let preferred: string | undefined;
  return {
    ask: async (use, attempt) => {
      const trip = startTrip(options, use);
      for (let round = 0; round < trip.rounds; round += 1) {
        if (round > 0) await options.clock.sleep(options.pauseMs * 2 ** (round - 1));
        if (spent(trip)) break;
        const found = await goRound(trip, preferred, attempt);
        if (found !== undefined) {
          preferred = found.url;
          return found.value;
        }
        preferred = undefined;
      }
      throw noneAnswered(options, trip);
    },
  };
};

type Trip = {
  readonly options: HostsOptions;
  readonly use: Use;
  readonly rounds: number;
  readonly until: number;
  /** The last failure of each address. */
  readonly failures: Map<string, Failure>;
  /** Suggested addresses that are not ours. */
  readonly foreign: Set<string>;
};

const startTrip = (options: HostsOptions, use: Use): Trip => ({
  options,
  use,
  rounds: use === 'read' ? options.rounds : 1,
  until: options.clock.now() + options.budgetMs,
  failures: new Map(),
  foreign: new Set(),
});

const spent = (trip: Trip): boolean => trip.options.clock.now() >= trip.until;

const goRound = async <T>(
  trip: Trip,
  preferred: string | undefined,
  attempt: (to: Attempt) => Promise<T>,
): Promise<{ readonly url: string; readonly value: T } | undefined> => {
  const waiting = inOrder(trip.options.urls, preferred);
  const suggest = (location: string) => bringForward(trip, waiting, location);
  for (let url = waiting.shift(); url !== undefined && !spent(trip); url = waiting.shift()) {
    const timeoutMs = Math.max(1, Math.min(trip.options.timeoutMs, trip.until - trip.options.clock.now()));
    try {
      return { url, value: await attempt({ url, timeoutMs, until: trip.until, suggest }) };
    } catch (error) {
      if (!isFailure(error) || !mayGoOn(trip.use, error.kind)) throw error;
      trip.failures.set(url, error);
    }
  }
  return undefined;
};

const mayGoOn = (use: Use, kind: FailureKind): boolean =>
  kind === 'transient' || (use === 'read' && (kind === 'unknown-outcome' || kind === 'throttled'));

const inOrder = (urls: readonly string[], preferred: string | undefined): string[] =>
  preferred === undefined ? [...urls] : [preferred, ...urls.filter((url) => url !== preferred)];

const bringForward = (trip: Trip, waiting: string[], location: string): void => {
  const host = hostOf(location);
  if (host === undefined) return;
  if (!trip.options.urls.some((url) => hostOf(url) === host)) trip.foreign.add(host);
  const at = waiting.findIndex((url) => hostOf(url) === host);
  if (at > 0) waiting.unshift(...waiting.splice(at, 1));
};

/** `host:port` of a URL, also of one without a scheme (Mesos' `Location: //host:port/path`). */
const hostOf = (location: string): string | undefined => {
  const full = location.startsWith('//') ? `http:${location}` : location;
  if (!URL.canParse(full)) return undefined;
  const { hostname, port, protocol } = new URL(full);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
};

const PERSISTENT = new Set(['tls', 'not-json']);

const noneAnswered = (options: HostsOptions, trip: Trip): Failure => {
  const failures = [...trip.failures.values()];
  const foreign = [...trip.foreign];
  const kind =
    failures.length > 0 && failures.every((f) => PERSISTENT.has(f.code)) ? 'permanent' : 'transient';
  const each = failures.map((failure) => failure.message).join(' ');
  const advice =
    foreign.length > 0
      ? `The leader is said to be ${foreign.join(', ')}, which is not in ${options.setting}: add it there.`
      : `Check ${options.setting}, the network and the security groups between here and there.`;
  return new Failure(kind, `No ${options.service} of ${options.setting} answered. ${each}`.trim(), {
    code: failures[0]?.code ?? 'no-answer',
    advice,
    cause: failures[0],
  });
};
