// Chronos over HTTP, as far as an autoscaler reads it: version 3 under /v1, version 2 without it (semantics §3).
import type { Chronos } from '../chronos/chronos';
import type { Handler, HttpCall } from './exchange';
import { textReply } from './exchange';

/** The fault knobs' name of what is asked. */
export const chronosOperation = (call: HttpCall): string => `${call.method} ${call.path}`;

export const createChronosHandler =
  (chronos: Chronos): Handler =>
  (call) => {
    const path = call.path.replace(/^\/v1(?=\/)/, '');
    if (call.method !== 'GET') return textReply(405, 'Method Not Allowed');
    switch (path) {
      case '/scheduler/jobs':
        return json(chronos.jobs());
      case '/scheduler/jobs/summary':
        return json({ jobs: chronos.summary() });
      case '/scheduler/graph/csv':
        return textReply(200, graph(chronos));
      default:
        return textReply(404, 'Not Found');
    }
  };

const json = (body: unknown) => ({
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

const graph = (chronos: Chronos): string =>
  chronos
    .summary()
    .map(({ name, status, state }) => `node,${name},${status},${state}\n`)
    .join('');
