// The only function inside the VPC: forwards what the allow list permits to the masters, Marathon and listed agents.
import { reachDoor } from '../../lib/doors/reach';
import { watchedBy } from '../../lib/wiring/functions';
import { reachParts } from '../../lib/wiring/reach';

const around = watchedBy('reach');

export const handler = reachDoor(await reachParts(around, new URL('./deployment.json', import.meta.url)));
