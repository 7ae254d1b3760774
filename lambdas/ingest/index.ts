// Events queue → facts and wakes.
import { ingestDoor } from '../../lib/doors/ingest';
import { ingestParts } from '../../lib/wiring/engine';
import { outsideOf, watchedBy } from '../../lib/wiring/functions';

const around = watchedBy('ingest');
const outside = outsideOf(around, new URL('./deployment.json', import.meta.url));

export const handler = ingestDoor(async () => ingestParts(await outside()), around);
