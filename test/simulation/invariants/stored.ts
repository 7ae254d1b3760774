// S6, S17, S18, S27: what is committed before it is done, and what is stored.
import type { Item, LaunchRequest } from '../../../lib/engine/ports';
import type { Effect } from '../../../lib/engine/schema';
import { type Call, isDeed } from '../call';
import { breach, type Breach, type Invariant } from './invariant';
import { launchIn } from './requests';

const keyOf = (call: Call): { readonly pk: string; readonly sk: string } =>
  (call.args[0] ?? { pk: '', sk: '' }) as { pk: string; sk: string };

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '{}');

const isHead = (call: Call, cluster: string): boolean =>
  call.name === 'store.update' && keyOf(call).pk === `cluster#${cluster}` && keyOf(call).sk === 'head';

/** The ids that a write to the head lists. */
const listed = (call: Call): readonly string[] | undefined => {
  const change = call.args[1] as { readonly set?: { readonly intents?: readonly string[] } } | undefined;
  return change?.set?.intents;
};

/** What a deed asks for, in one form for the call and for the effect that an intent stores. */
const asked = (kind: string, ...what: readonly unknown[]): string => JSON.stringify([kind, ...what]);

const askedBy = (call: Call): string => {
  const [first, second] = call.args;
  switch (call.name) {
    case 'mesos.deactivate':
    case 'mesos.reactivate':
    case 'mesos.drain':
      return asked(call.name.slice('mesos.'.length), first);
    case 'mesos.markGone':
      return asked('mark-gone', first);
    case 'marathon.scale':
      return asked('scale', first, second);
    case 'marathon.kill':
      return asked('kill', (first as { readonly tasks: readonly string[] }).tasks);
    case 'marathon.stopDeployment':
      return asked('stop', first);
    case 'marathon.resetDelay':
      return asked('reset-delay', first);
    default:
      return asked(call.name.slice('cloud.'.length), first);
  }
};

const askedIn = ({ kind, request }: Effect): string => {
  if (kind === 'agent') return asked(request.call, request.agent);
  if (kind !== 'app') return asked(kind, request);
  switch (request.call) {
    case 'scale':
      return asked('scale', request.runSpec, request.to);
    case 'kill':
      return asked('kill', request.tasks);
    case 'stop':
      return asked('stop', request.deployment);
    case 'reset-delay':
      return asked('reset-delay', request.runSpec);
    default:
      return request satisfies never;
  }
};

const intentFirst: Invariant = {
  name: 'S6',
  sentence: 'No effect begins without an intent that the head item has listed; none is sent after its time.',
  watch: ({ spec }) => {
    /** By the exact request: the intents that store it. */
    const stored = new Map<string, Set<string>>();
    const notAfter = new Map<string, number>();
    const ever = new Set<string>();
    return {
      after: (call, answer) => {
        if (answer.kind !== 'answered') return undefined;
        if (call.name === 'store.put' && keyOf(call).sk.startsWith('intent#')) remember(call.args[0] as Item);
        if (isHead(call, spec.cluster)) for (const id of listed(call) ?? []) ever.add(id);
        return undefined;
      },
      before: (call) => {
        if (!isDeed(call)) return undefined;
        const ids = [...(stored.get(askedBy(call)) ?? [])].filter((id) => ever.has(id));
        if (ids.length === 0)
          return breach(call.name, `${call.name} begins without a listed intent of its request`);
        const last = Math.max(...ids.map((id) => notAfter.get(id) ?? 0));
        return call.sentAt >= last
          ? breach(
              call.name,
              `${call.name} is sent ${call.sentAt - last} ms after its intent's time was over`,
            )
          : undefined;
      },
    };
    function remember(item: Item): void {
      const effect = JSON.parse(textOf(item['effect'])) as Effect;
      const id = item.sk.slice('intent#'.length);
      const key = askedIn(effect);
      stored.set(key, (stored.get(key) ?? new Set()).add(id));
      notAfter.set(id, Number(item['notAfter']));
    }
  },
};

const onlyForward: Invariant = {
  name: 'S17',
  sentence:
    'The epoch and the versions of memory only grow, and no write is lost to one that did not see it.',
  watch: (scene) => {
    const { spec } = scene;
    let epoch = 0;
    let restores = 0;
    const versions = new Map<string, number>();
    const forget = (): void => {
      if (scene.restores() === restores) return;
      restores = scene.restores();
      versions.clear();
      epoch = 0;
    };
    return {
      after: (call, answer) => {
        if (answer.kind !== 'answered') return undefined;
        forget();
        if (isHead(call, spec.cluster)) {
          const now = Number((answer.value as Item)['epoch'] ?? 0);
          const before = epoch;
          epoch = Math.max(now, epoch);
          if (now < before) return breach('head', `the epoch goes back from ${before} to ${now}`);
          const by = call.process.epoch;
          return listed(call) !== undefined && by !== undefined && by !== now
            ? breach('head', `turn ${by} lists intents under the epoch ${now}`)
            : undefined;
        }
        if (call.name !== 'store.put' || !keyOf(call).sk.startsWith('memory#')) return undefined;
        return versionFault(call.args[0] as Item, versions);
      },
    };
  },
};

const versionFault = (item: Item, versions: Map<string, number>): Breach | undefined => {
  const version = Number(item['version'] ?? 0);
  const before = versions.get(item.sk);
  versions.set(item.sk, version);
  return before !== undefined && version !== before + 1
    ? breach(item.sk, `${item.sk} goes from version ${before} to ${version}`)
    : undefined;
};

const readBack: Invariant = {
  name: 'S18',
  sentence: 'A launch whose outcome is unknown is closed only when it was read back or answered.',
  watch: (scene) => {
    const { spec } = scene;
    let restores = 0;
    const unknown = new Set<string>();
    const open = new Map<string, string>();
    return {
      told: (call, answer) => {
        const request = launchIn(call);
        if (request !== undefined) settle(request, answer.kind === 'answered' ? undefined : answer.error);
        if (call.name === 'cloud.launched' && answer.kind === 'answered')
          unknown.delete(String(call.args[2]));
        return undefined;
      },
      after: (call, answer) => {
        const ids = isHead(call, spec.cluster) ? listed(call) : undefined;
        if (ids === undefined || answer.kind !== 'answered') return undefined;
        if (scene.restores() !== restores) open.clear();
        restores = scene.restores();
        const dropped = [...open.keys()].filter((id) => !ids.includes(id));
        for (const id of dropped) open.delete(id);
        for (const id of ids) open.set(id, id);
        const lost = dropped.find((id) => unknown.has(id));
        return lost === undefined
          ? undefined
          : breach(lost, `launch ${lost} is closed though nobody knows what became of it`);
      },
    };
    function settle({ launch }: LaunchRequest, error: unknown): void {
      if (error === undefined || (error as { kind?: string }).kind !== 'unknown-outcome')
        unknown.delete(launch);
      else unknown.add(launch);
    }
  },
};

const pausedMeansPaused: Invariant = {
  name: 'S27',
  sentence: 'A turn that begins after a pause was stored changes nothing until it ends.',
  watch: (scene) => {
    let pause: { readonly at: number; readonly until: number; readonly restores: number } | undefined;
    let resumed = 0;
    const word = (call: Call): void => {
      const item = call.args[0] as Item;
      const fact = JSON.parse(textOf(item['fact'])) as {
        at: number;
        expiresAt: number;
        body: { kind: string };
      };
      const now = scene.heap.now();
      if (fact.body.kind === 'pause' && fact.at >= resumed)
        pause = { at: now, until: fact.expiresAt, restores: scene.restores() };
      if (fact.body.kind === 'resume' && fact.at >= resumed) {
        resumed = fact.at;
        pause = undefined;
      }
    };
    return {
      after: (call, answer) => {
        if (call.name === 'store.put' && answer.kind === 'answered' && 'fact' in (call.args[0] as Item))
          word(call);
        return undefined;
      },
      before: (call) =>
        pause !== undefined &&
        pause.restores === scene.restores() &&
        isDeed(call) &&
        call.process.startedAt > pause.at &&
        call.sentAt < pause.until &&
        scene.heap.now() < pause.until
          ? breach(call.name, `${call.name} is sent by a turn that began while Muster was paused`)
          : undefined,
    };
  },
};

export const storedInvariants = [intentFirst, onlyForward, readBack, pausedMeansPaused] as const;
