// F1 to F8: events on their way to the queue.
import type { Scene } from '../scene';
import type { EventFault, Fault, Struck, WorldFault } from './fault';

const MINUTE = 60_000;

const onTheWay: readonly EventFault[] = [
  {
    kind: 'event',
    name: 'F1',
    what: 'an event is lost',
    mostPermille: 400,
    copies: () => [],
  },
  {
    kind: 'event',
    name: 'F2',
    what: 'an event comes several times',
    mostPermille: 200,
    copies: ({ dice }) =>
      Array.from({ length: dice.int('F2', 2, 10) }, () => dice.int('F2 delay', 100, MINUTE)),
  },
  {
    kind: 'event',
    name: 'F3',
    what: 'an event is overtaken by later ones',
    mostPermille: 300,
    copies: ({ dice }) => [dice.int('F3', 1000, 20_000)],
  },
  {
    kind: 'event',
    name: 'F4',
    what: 'an event comes up to a quarter of an hour late',
    mostPermille: 100,
    copies: ({ dice }) => [dice.int('F4', MINUTE, 15 * MINUTE)],
  },
];

const event = ({ heap }: Scene, more: Readonly<Record<string, unknown>>, agoMs = 0): string =>
  JSON.stringify({
    version: '0',
    id: `made-${heap.now()}`,
    account: '123456789012',
    time: new Date(heap.now() - agoMs).toISOString().replace(/\.\d+/, ''),
    region: 'us-east-1',
    resources: [],
    source: 'aws.ec2',
    ...more,
  });

const notice = (machine: string) => ({
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  detail: { 'instance-id': machine, 'instance-action': 'terminate' },
});

const published = (subject: string, scene: Scene, bodies: readonly string[]): Struck => {
  for (const body of bodies) scene.publish(body);
  return { subject };
};

const madeUp: readonly WorldFault[] = [
  {
    kind: 'world',
    name: 'F5',
    what: 'a burst of events comes at once',
    everyMs: 120 * MINUTE,
    strike: (scene) => {
      const count = scene.dice.int('F5', 100, 600);
      const bodies = Array.from({ length: count }, (_, nth) =>
        event(scene, {
          id: `burst-${scene.heap.now()}-${nth}`,
          'detail-type': 'EC2 Instance State-change Notification',
          detail: { 'instance-id': `i-${nth.toString(16).padStart(17, '0')}`, state: 'stopping' },
        }),
      );
      return published(`${count} events`, scene, bodies);
    },
  },
  {
    kind: 'world',
    name: 'F6',
    what: 'events that nobody can read',
    everyMs: 40 * MINUTE,
    strike: (scene) =>
      published('malformed', scene, [
        'not json',
        '{}',
        '[1]',
        event(scene, { 'detail-type': 'EC2 Spot Instance Interruption Warning', detail: 7 }),
      ]),
  },
  {
    kind: 'world',
    name: 'F7',
    what: "events about another's machines",
    everyMs: 30 * MINUTE,
    strike: (scene) => published('i-0strange', scene, [event(scene, notice('i-0123456789abcdef0'))]),
  },
  {
    kind: 'world',
    name: 'F8',
    what: "last week's notice comes again",
    everyMs: 60 * MINUTE,
    strike: (scene) => {
      const [machine] = scene.truth.ours();
      if (machine === undefined) return undefined;
      return published(machine.id, scene, [event(scene, notice(machine.id), 7 * 24 * 60 * MINUTE)]);
    },
  },
];

export const eventFaults: readonly Fault[] = [...onTheWay, ...madeUp];
