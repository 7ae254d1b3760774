// Events queue → facts and wakes.
import { config } from 'zod/mini';
import { ingestDoor } from '../../lib/doors/ingest';
import { intakeOf, once, watchedBy } from '../../lib/wiring/functions';
import { ingestParts } from '../../lib/wiring/intake';

// A cold start parses each thing once: to compile a parser for it first would take longer.
config({ jitless: true });

const around = watchedBy('ingest');
const intake = once(() => intakeOf(around, new URL('./deployment.json', import.meta.url)));

export const handler = ingestDoor(async () => ingestParts(await intake()), around);
