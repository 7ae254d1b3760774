// The main job as a story: a fleet short of capacity, a load step, no capacity on the best offering, a machine that never
// registers, an alert that asks for more, a spot notice, a machine that dies, an operator who wants one emptied. The script
// only makes trouble and asks; everything else is Muster's doing.
import { readFileSync } from 'node:fs';
import { plan as makePlan } from '../core/plan';
import { dryInput } from '../doors/api';
import { workloadApps } from '../emulator/workload';
import { engineOf } from '../wiring/engine';
import { type Carrier, carriers, type Shortfall, watchShortfalls } from './bystander';
import { type Home, TOKEN } from './home';

/** Virtual milliseconds after the start. */
export type Scene = {
  readonly at: number;
  readonly title: string;
  readonly play: (home: Home, url: string, notes: Notes) => Promise<void>;
};

export type Chosen = Carrier & { readonly at: number };

/** What the script did to which machine, for the expectations. */
export type Notes = {
  noticed?: Chosen;
  dead?: Chosen;
  /** Apps that had fewer healthy tasks than they want since the drain was asked for. */
  drained?: Chosen & { readonly shortfalls: () => readonly Shortfall[] };
};

const MINUTE = 60_000;
/** Share of the workload that runs before the load step. */
const MORNING = 0.4;

export const workload = () =>
  workloadApps(readFileSync(new URL('../emulator/data/titus-2016-snapshot.csv', import.meta.url), 'utf8'));

export const tasksWanted = (): number => workload().reduce((sum, { instances }) => sum + instances, 0);

export const STORY: readonly Scene[] = [
  {
    at: 0,
    title:
      'Morning: apps of a real Titus-on-Mesos cluster are deployed to a fleet that has no agents. The third machine bought will never register',
    play: async ({ world }) => {
      world.troubles.neverRegister({ nth: 3 });
      for (const app of workload())
        world.marathon.createApp({ ...app, instances: Math.ceil(app.instances * MORNING) });
    },
  },
  {
    at: 14 * MINUTE,
    title:
      'A load step: every app is scaled to its full number of instances. The best offering has no capacity',
    play: async (home) => {
      for (const app of workload()) home.world.marathon.updateApp(app.id, { instances: app.instances });
      await sellOut(home);
    },
  },
  {
    at: 22 * MINUTE,
    title:
      'Alertmanager fires HighLatency, which muster.yaml answers with 20 % more machines for half an hour',
    play: async ({ world }, url) => {
      const answer = await fetch(`${url}/hooks/alertmanager`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify(alert(world.now())),
      });
      if (answer.status !== 202)
        throw new Error(`The webhook answered ${answer.status}: ${await answer.text()}`);
    },
  },
  {
    // Between two ticks, so that only its event can tell in time.
    at: 29.25 * MINUTE,
    title: 'EC2 sends a spot notice for the machine with the most tasks: two minutes are left',
    play: async ({ world }, _url, notes) => {
      notes.noticed = fullest(world);
      world.troubles.spotNotice(notes.noticed.machine);
    },
  },
  {
    at: 34.25 * MINUTE,
    title: 'The host under another machine dies. Mesos alone would need 75 to 98 s to notice',
    play: async ({ world }, _url, notes) => {
      notes.dead = fullest(world);
      world.troubles.killMachine(notes.dead.machine);
    },
  },
  {
    at: 38.25 * MINUTE,
    title: 'An operator asks for a machine to be emptied within a quarter of an hour: muster drain',
    play: async ({ world }, url, notes) => {
      const chosen = fullest(world);
      notes.drained = { ...chosen, shortfalls: watchShortfalls(world) };
      await askForDrain(url, chosen.machine);
    },
  },
];

/** The end of the story: late enough for the last drain to be over. */
export const END = 44 * MINUTE;

const fullest = (world: Home['world']): Chosen => {
  const [first] = carriers(world);
  if (first === undefined) throw new Error('No machine has a task; the story makes no sense.');
  return { ...first, at: world.now() };
};

/** As `muster drain` asks. */
const askForDrain = async (url: string, machine: string): Promise<void> => {
  const answer = await fetch(`${url}/api/requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      kind: 'drain',
      subject: machine,
      within: '15m',
      by: 'ada',
      reason: 'a new kernel',
    }),
  });
  if (answer.status !== 202) throw new Error(`The API answered ${answer.status}: ${await answer.text()}`);
};

/** Takes the capacity of what a turn would buy first, in all zones. */
const sellOut = async (home: Home): Promise<void> => {
  // Marathon needs some seconds to refuse: look as a turn will look.
  const soon = { ...home.outside, clock: { ...home.served.clock, now: () => home.world.now() + 15_000 } };
  const plan = makePlan(await dryInput(engineOf(soon, home.spec.cluster)));
  const launches = plan.actions.flatMap((action) => (action.kind === 'launch' ? [action] : []));
  const best = [...launches].sort((a, b) => b.count - a.count)[0]?.offerings[0];
  if (best === undefined) throw new Error('The load step asked for no machine; the story makes no sense.');
  home.world.troubles.capacityError({ shape: best.shape, market: best.market });
};

/** Alertmanager's webhook, version 4. */
const alert = (now: number) => ({
  version: '4',
  groupKey: '{}:{alertname="HighLatency"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'muster',
  groupLabels: { alertname: 'HighLatency' },
  commonLabels: { alertname: 'HighLatency', severity: 'page' },
  commonAnnotations: {},
  externalURL: 'http://alertmanager.example',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'HighLatency', severity: 'page' },
      annotations: {},
      startsAt: new Date(now - MINUTE).toISOString(),
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example',
      fingerprint: '0123456789abcdef',
    },
  ],
});
