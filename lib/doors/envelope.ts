// How a door hands a payload to the events queue: with the name of the source it has authenticated, and the time it was
// received. A body without an envelope comes from EventBridge, a schedule or an Auto Scaling hook as it is.
import * as z from 'zod/mini';

const envelope = z.object({
  muster: z.literal('received'),
  source: z.string(),
  receivedAt: z.number(),
  payload: z.unknown(),
});

export type Envelope = { readonly payload: unknown; readonly receivedAt: number; readonly source?: string };

export const sealEnvelope = (source: string, payload: unknown, receivedAt: number): string =>
  JSON.stringify({ muster: 'received', source, receivedAt, payload });

/** `sentAt` is when the queue took the message, in epoch milliseconds: the time of reception where no door said it. */
export const openEnvelope = (body: string, sentAt: number): Envelope | { readonly malformed: string } => {
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch (error) {
    return { malformed: `The body is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const sealed = envelope.safeParse(payload);
  if (!sealed.success) return { payload, receivedAt: sentAt };
  return { payload: sealed.data.payload, receivedAt: sealed.data.receivedAt, source: sealed.data.source };
};
