// Events queue → facts and wakes.
import { ingestDoor } from '../../lib/doors/ingest';
import { intakeOf, once, watchedBy } from '../../lib/wiring/functions';
import { ingestParts } from '../../lib/wiring/intake';

const around = watchedBy('ingest');
const intake = once(() => intakeOf(around, new URL('./deployment.json', import.meta.url)));

export const handler = ingestDoor(async () => ingestParts(await intake()), around);
