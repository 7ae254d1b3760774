// Wake queue → turns.
import { reconcileDoor } from '../../lib/doors/reconcile';
import { reconcileParts } from '../../lib/wiring/engine';
import { outsideOf, watchedBy } from '../../lib/wiring/functions';

const around = watchedBy('reconcile');
const outside = outsideOf(around, new URL('./deployment.json', import.meta.url));

let parts: Promise<ReturnType<typeof reconcileParts>> | undefined;

export const handler = reconcileDoor(() => (parts ??= outside().then(reconcileParts)), around);
