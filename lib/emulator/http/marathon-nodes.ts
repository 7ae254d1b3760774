// The nodes of a Marathon: one leads, the others hand every request on to it and add nothing, except the event stream,
// for which they point at the leader (semantics §2.8).
import { MarathonFailure } from '../marathon/api';
import type { EmulatedWorld } from '../world';
import type { Credentials } from './credentials';
import { authenticate, challenge } from './credentials';
import type { Handler, HttpCall, HttpReply } from './exchange';
import { emptyReply, isStream, textReply } from './exchange';
import { info } from './marathon-answers';
import type { EventStreams } from './marathon-events';
import { json, route } from './marathon-routes';

export type MarathonNodes = {
  readonly world: EmulatedWorld;
  /** `host:port` of each node, known once all listen. */
  readonly addresses: () => readonly string[];
  readonly credentials: Credentials | undefined;
  readonly events: EventStreams;
  /** Which node leads. */
  readonly leader: { index: number };
};

/** The fault knobs' name of what is asked. */
export const marathonOperation = (call: HttpCall): string => `${call.method} ${call.path}`;

export const createMarathonHandler =
  (nodes: MarathonNodes, index: number): Handler =>
  (call) => {
    if (authenticate(call, nodes.credentials) === undefined) return unauthorized(nodes.credentials);
    if (!nodes.world.marathon.isUp()) return textReply(502, 'Could not determine the current leader');
    if (call.path === '/v2/events') return events(nodes, index, call);
    return fromLeader(nodes, answer(nodes, call));
  };

const unauthorized = (credentials: Credentials | undefined): HttpReply =>
  textReply(401, 'Unauthorized', { 'WWW-Authenticate': challenge(credentials, 'Mesosphere') });

const leaderAddress = ({ addresses, leader }: MarathonNodes): string => addresses()[leader.index] ?? '';

const events = (nodes: MarathonNodes, index: number, call: HttpCall): HttpReply => {
  if (index !== nodes.leader.index && nodes.world.marathon.redirectsEvents)
    return emptyReply(302, { Location: `http://${leaderAddress(nodes)}${call.path}${call.search}` });
  const isWanted = String(call.headers.accept ?? '').includes('text/event-stream');
  return call.method === 'GET' && isWanted
    ? nodes.events.stream(call)
    : json(405, { message: 'Method Not Allowed' });
};

const fromLeader = (nodes: MarathonNodes, reply: HttpReply): HttpReply =>
  isStream(reply)
    ? reply
    : { ...reply, headers: { ...reply.headers, 'X-Marathon-Leader': `http://${leaderAddress(nodes)}` } };

const answer = (nodes: MarathonNodes, call: HttpCall): HttpReply => {
  try {
    if (call.path === '/v2/leader') return ofLeader(nodes, call);
    if (call.path === '/v2/info' && call.method === 'GET')
      return json(200, info(nodes.world.marathon, leaderAddress(nodes)));
    return route(nodes.world, call);
  } catch (error) {
    if (!(error instanceof MarathonFailure)) throw error;
    return json(error.status, error.body);
  }
};

const ofLeader = (nodes: MarathonNodes, call: HttpCall): HttpReply => {
  if (call.method === 'GET') return json(200, { leader: leaderAddress(nodes) });
  if (call.method !== 'DELETE') return json(405, { message: 'Method Not Allowed' });
  stepDown(nodes);
  return json(200, { message: 'Leadership abdicated' });
};

/** The next node leads; streams of the old one end. */
export const stepDown = (nodes: MarathonNodes): void => {
  nodes.leader.index = (nodes.leader.index + 1) % nodes.addresses().length;
  nodes.events.cut();
};
