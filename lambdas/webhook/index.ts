// HTTP API → events queue.
import { config } from 'zod/mini';
import { webhookDoor } from '../../lib/doors/webhook';
import { intakeOf, once, watchedBy } from '../../lib/wiring/functions';
import { webhookParts } from '../../lib/wiring/intake';

// A cold start parses each thing once: to compile a parser for it first would take longer.
config({ jitless: true });

const around = watchedBy('webhook');
const intake = once(() => intakeOf(around, new URL('./deployment.json', import.meta.url)));

export const handler = webhookDoor(async () => webhookParts(await intake()), around);
