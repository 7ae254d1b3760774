// What the fleet is for: some thirty apps whose load moves, deploys by others, pods, apps with data, other frameworks'
// tasks, and people who pause, resume and ask for more.
import type { Scene } from './scene';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Wanted = {
  readonly id: string;
  readonly base: number;
  readonly swing: number;
  readonly periodMs: number;
  readonly phase: number;
};

/** Creates the apps and begins to move them; `publish` puts a request on the events queue. */
export const startWorkload = (scene: Scene, publish: (body: string) => void): void => {
  const apps = Array.from({ length: 30 }, (_, nth) => createApp(scene, nth));
  createPods(scene);
  every(scene, 'load', 4 * MINUTE, () => moveLoad(scene, apps));
  every(scene, 'deploy', 25 * MINUTE, () => deploy(scene, apps));
  every(scene, 'other-framework', 7 * MINUTE, () => otherFramework(scene));
  every(scene, 'request', 90 * MINUTE, () => ask(scene, publish));
};

/** On average as often as that, until the calm. */
export const every = (scene: Scene, kind: string, ms: number, what: () => void): void => {
  const { heap, dice } = scene;
  heap.after(dice.int(`every ${kind}`, ms / 2, (ms * 3) / 2), () => {
    if (scene.isCalm()) return;
    what();
    every(scene, kind, ms, what);
  });
};

/** Marathon may be down, or busy with that app: then nobody's wish is carried out, as in life. */
export const attempted = (what: () => unknown): boolean => {
  try {
    what();
    return true;
  } catch {
    return false;
  }
};

const CONSTRAINTS: readonly (readonly string[])[][] = [
  [],
  [],
  [['hostname', 'UNIQUE']],
  [['zone', 'GROUP_BY', '3']],
  [['hostname', 'MAX_PER', '2']],
];

const createApp = (scene: Scene, nth: number): Wanted => {
  const { dice, world } = scene;
  const pool = nth < 18 ? 'web' : nth < 26 ? 'batch' : 'data';
  const id = `/${pool}/app-${nth}`;
  const extra = CONSTRAINTS[dice.int('constraint', 0, CONSTRAINTS.length - 1)] ?? [];
  const base = dice.int('instances', 1, pool === 'web' ? 7 : 4);
  world.marathon.createApp({
    id,
    instances: base,
    cpus: dice.int('cpus', 2, pool === 'batch' ? 14 : 24) / 10,
    mem: dice.int('mem', 2, pool === 'data' ? 24 : 12) * 256,
    portDefinitions: [],
    constraints: [['pool', 'LIKE', pool], ...extra],
    ...(nth % 3 === 0 ? { healthChecks: [{ protocol: 'MESOS_HTTP', path: '/' }] } : {}),
    ...(pool === 'data' ? { ...RESIDENT } : {}),
  });
  return {
    id,
    base,
    swing: pool === 'data' ? 0 : dice.int('swing', 0, base),
    periodMs: dice.int('period', 2 * HOUR, 8 * HOUR),
    phase: dice.int('phase', 0, 628) / 100,
  };
};

const RESIDENT = {
  container: {
    type: 'MESOS',
    volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 100 } }],
  },
  upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
};

const createPods = ({ world }: Scene): void => {
  for (const nth of [1, 2])
    world.marathon.createPod({
      id: `/web/pod-${nth}`,
      scaling: { kind: 'fixed', instances: 2 },
      containers: [
        { name: 'main', resources: { cpus: 0.5, mem: 512 }, exec: { command: { shell: 'sleep 1' } } },
      ],
      scheduling: { placement: { constraints: [{ fieldName: 'pool', operator: 'LIKE', value: 'web' }] } },
    });
};

const moveLoad = (scene: Scene, apps: readonly Wanted[]): void => {
  const { dice, world, heap } = scene;
  const app = apps[dice.int('moved', 0, apps.length - 1)];
  if (app === undefined || app.swing === 0) return;
  const wave = Math.sin((heap.now() / app.periodMs) * 2 * Math.PI + app.phase);
  const burst = dice.int('burst', 1, 12) === 1 ? app.base * 2 : 0;
  const instances = Math.max(0, Math.round(app.base + app.swing * wave) + burst);
  attempted(() => world.marathon.updateApp(app.id, { instances }));
};

const deploy = (scene: Scene, apps: readonly Wanted[]): void => {
  const { dice, world, heap } = scene;
  const app = apps[dice.int('deployed', 0, apps.length - 1)];
  if (app === undefined || app.swing === 0) return;
  attempted(() => world.marathon.updateApp(app.id, { env: { RELEASE: String(heap.now()) } }));
};

const otherFramework = (scene: Scene): void => {
  const { dice, world, heap, truth } = scene;
  const agents =
    truth.agents()?.filter(({ active, hostname }) => active && !hostname.startsWith('control')) ?? [];
  const agent = agents[dice.int('occupied', 0, Math.max(0, agents.length - 1))];
  if (agent === undefined) return;
  attempted(() => {
    const task = world.mesos.occupy(agent.id, { cpuMilli: 100, memMib: 128 }, 'chronos');
    heap.after(dice.int('occupied for', MINUTE, 40 * MINUTE), () =>
      attempted(() => world.mesos.release(task)),
    );
  });
};

const ask = (scene: Scene, publish: (body: string) => void): void => {
  const { dice, heap, spec } = scene;
  const by = 'ada';
  const cluster = spec.cluster;
  publish(JSON.stringify({ muster: 'request', kind: 'pause', cluster, by, reason: 'a look', minutes: 30 }));
  heap.after(dice.int('paused for', MINUTE, 20 * MINUTE), () =>
    publish(JSON.stringify({ muster: 'request', kind: 'resume', cluster, by, reason: 'done' })),
  );
};
