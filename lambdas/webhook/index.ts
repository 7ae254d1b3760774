// HTTP API → events queue.
import { webhookDoor } from '../../lib/doors/webhook';
import { intakeOf, once, watchedBy } from '../../lib/wiring/functions';
import { webhookParts } from '../../lib/wiring/intake';

const around = watchedBy('webhook');
const intake = once(() => intakeOf(around, new URL('./deployment.json', import.meta.url)));

export const handler = webhookDoor(async () => webhookParts(await intake()), around);
