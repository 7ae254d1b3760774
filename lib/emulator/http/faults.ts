// Faults that a test puts on a service: slow, cut off, failing, half-sent. They are consumed in the order in which
// they were injected, at most one per request, so that a test can say "the first call is lost, the second fails".
import { STATUS_CODES } from 'node:http';
import type { HttpReply } from './exchange';

export type ServiceName = 'ec2' | 'ssm' | 'mesos' | 'marathon' | 'chronos';

export type FaultKind =
  /** The answer comes this much later, in real milliseconds. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** The connection ends without an answer: `before` nothing was done, `after` it was done and the caller cannot know. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** Nothing is done; this status and text is the answer. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  /** It was done; the headers promise the whole body, `bytes` of it are sent, then the connection ends. */
  | { readonly kind: 'truncate'; readonly bytes: number };

export type Fault = FaultKind & {
  /** How many requests it hits; without it every one until `clear`. */
  readonly times?: number;
  /** Only operations whose name contains this: `CreateFleet`, `GET_AGENTS`, `/v2/queue`. */
  readonly only?: string;
};

export type Faults = {
  inject(service: ServiceName, fault: Fault): void;
  /** Ends every fault of the service, or of all services. */
  clear(service?: ServiceName): void;
  /** The fault that hits this request, if any; counts it. */
  take(service: ServiceName, operation: string): FaultKind | undefined;
};

export const createFaults = (): Faults => {
  let active: { service: ServiceName; fault: Fault; left: number }[] = [];
  return {
    inject(service, fault) {
      active.push({ service, fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    clear(service) {
      active = active.filter((entry) => service !== undefined && entry.service !== service);
    },
    take(service, operation) {
      const hit = active.find(
        (entry) => entry.service === service && operation.includes(entry.fault.only ?? ''),
      );
      if (hit === undefined) return undefined;
      hit.left -= 1;
      if (hit.left <= 0) active = active.filter((entry) => entry !== hit);
      return hit.fault;
    },
  };
};

/** What a `status` fault answers, in each service's own error form where a client parses it. */
export const faultReply = (service: ServiceName, status: number, body: string | undefined): HttpReply => {
  if (body !== undefined) return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body };
  switch (service) {
    case 'ec2':
      return {
        status,
        headers: { 'Content-Type': 'text/xml;charset=UTF-8' },
        body: `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${status === 503 ? 'Unavailable' : 'InternalError'}</Code><Message>An internal error has occurred</Message></Error></Errors><RequestID>00000000-0000-4000-8000-000000000000</RequestID></Response>`,
      };
    case 'ssm':
      return {
        status,
        headers: { 'Content-Type': 'application/x-amz-json-1.1' },
        body: '{"__type":"InternalServerError","message":"An error occurred on the server side."}',
      };
    case 'mesos':
      return {
        status,
        headers: { 'Content-Type': 'text/plain; charset=utf-8' },
        body: `${status} ${STATUS_CODES[status] ?? 'Unknown'}.`,
      };
    case 'marathon':
    case 'chronos':
      return {
        status,
        headers: { 'Content-Type': 'application/json' },
        body: '{"message":"Internal Server Error"}',
      };
    default:
      return service satisfies never;
  }
};
