// HTTP API → events queue.
import { webhookDoor } from '../../lib/doors/webhook';
import { webhookParts } from '../../lib/wiring/engine';
import { outsideOf, watchedBy } from '../../lib/wiring/functions';

const around = watchedBy('webhook');
const outside = outsideOf(around, new URL('./deployment.json', import.meta.url));

export const handler = webhookDoor(async () => webhookParts(await outside()), around);
