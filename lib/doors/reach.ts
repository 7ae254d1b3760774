// The forwarding function's handler: one request in, the far end's answer streamed out. It logs neither headers nor
// bodies, only that something was forwarded and how it ended.
import middy from '@middy/core';
import { Readable } from 'node:stream';
import type { Transport } from '../engine/ports';
import { type Allow, bytesOf, forward } from './forward';
import { type Watched, watched } from './door';

export type ReachDoor = Watched & { readonly allow: Allow; readonly transport: Transport };

/** A stream of bytes: the head's line, then the body. On Lambda middy pipes it into the response stream. */
export const reachHandler =
  (door: ReachDoor) =>
  async (payload: unknown): Promise<Readable> => {
    const forwarded = await forward(payload, door.allow, door.transport);
    if ('failure' in forwarded.head) door.log.warn('not forwarded', { failure: forwarded.head.failure.kind });
    return Readable.from(bytesOf(forwarded), { objectMode: false });
  };

export const reachDoor = (door: ReachDoor) =>
  middy({ streamifyResponse: true }).use(watched(door)).handler(reachHandler(door));
