// Wake queue → turns.
import { reconcileDoor } from '../../lib/doors/reconcile';
import { reconcileParts } from '../../lib/wiring/engine';
import { once, watchedBy } from '../../lib/wiring/functions';
import { outsideOf } from '../../lib/wiring/turning';

const around = watchedBy('reconcile');
const parts = once(async () =>
  reconcileParts(await outsideOf(around, new URL('./deployment.json', import.meta.url))),
);

export const handler = reconcileDoor(parts, around);
