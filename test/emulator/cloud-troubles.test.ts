import { describe, expect, test } from '@jest/globals';
import { AwsFailure } from '../../lib/emulator/aws-failure';
import type { CloudEvent, EmulatedWorld } from '../../lib/emulator/world';
import { translate } from '../../lib/events/translate';
import { fleet, happenings, MINUTE, smallWorld, template, userData } from './small-world';

const launch = (world: EmulatedWorld, count: number, market: 'spot' | 'on-demand' = 'spot'): string[] => {
  const id = template(world, userData(), `t${world.chronicle.entries().length}`);
  const overrides = [
    { InstanceType: 'm7i.2xlarge', SubnetId: 'subnet-a', Priority: 0 },
    { InstanceType: 'm7i.2xlarge', SubnetId: 'subnet-b', Priority: 1 },
  ];
  const answer = world.ec2.CreateFleet(fleet({ id, count, market, overrides }));
  world.advance(2 * MINUTE);
  return answer.Instances.flatMap(({ InstanceIds }) => [...InstanceIds]);
};

const eventsOf = (world: EmulatedWorld): CloudEvent[] => {
  const seen: CloudEvent[] = [];
  world.onEvent((event) => seen.push(event));
  return seen;
};

/** What the real translators make of what the world emitted; state changes aside. */
const signalsOf = (world: EmulatedWorld, events: readonly CloudEvent[]) =>
  events
    .filter((event) => event['detail-type'] !== 'EC2 Instance State-change Notification')
    .map((event) => translate(JSON.parse(JSON.stringify(event)), { receivedAt: world.now() }))
    .map((translation) => ('malformed' in translation ? translation : translation.signals));

const row = (world: EmulatedWorld, id: string) =>
  world.ec2.DescribeInstances({ InstanceIds: [id] }).Reservations[0]?.Instances[0];

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsFailure) return `${error.status} ${error.code}`;
    throw error;
  }
  return 'done';
};

describe('notices of EC2', () => {
  test('recommend a move, with a spot notice later or never', () => {
    const world = smallWorld();
    const [first = '', second = ''] = launch(world, 2);
    const events = eventsOf(world);
    const at = world.now();
    world.troubles.rebalanceRecommendation(first, { noticeAfterMs: 5 * MINUTE });
    world.troubles.rebalanceRecommendation(second);
    world.advance(6 * MINUTE);
    expect(signalsOf(world, events)).toMatchObject([
      [{ kind: 'ec2.rebalance', subject: first, urgency: 'soon', at, fact: { body: { kind: 'rebalance' } } }],
      [{ kind: 'ec2.rebalance', subject: second }],
      [
        {
          kind: 'ec2.spot-interruption',
          subject: first,
          urgency: 'now',
          fact: {
            scope: { cloud: 'aws', account: '123456789012', region: 'us-east-1' },
            body: { kind: 'interruption', action: 'terminate', deadline: at + 7 * MINUTE },
          },
        },
      ],
    ]);
    world.advance(30 * MINUTE);
    expect([row(world, first)?.State.Name, row(world, second)?.State.Name]).toEqual([
      'terminated',
      'running',
    ]);
  });

  test('can be given and not come true', () => {
    const world = smallWorld();
    const [id = ''] = launch(world, 1);
    const events = eventsOf(world);
    world.troubles.spotNotice(id, { isCancelled: true });
    world.advance(30 * MINUTE);
    expect(signalsOf(world, events)).toMatchObject([[{ kind: 'ec2.spot-interruption', subject: id }]]);
    expect(row(world, id)?.State.Name).toBe('running');
  });

  test('can be missing: the state reason alone tells why a machine ended', () => {
    const world = smallWorld();
    const [id = ''] = launch(world, 1);
    const events = eventsOf(world);
    world.troubles.spotEnd(id);
    world.advance(MINUTE);
    expect(row(world, id)).toMatchObject({
      State: { Name: 'terminated' },
      StateReason: { Code: 'Server.SpotInstanceTermination' },
    });
    expect(events.map((event) => event.detail['state'])).toEqual(['shutting-down', 'terminated']);
    expect(signalsOf(world, events)).toEqual([]);
  });

  test('warn of a capacity reservation that is reclaimed', () => {
    const world = smallWorld();
    const [id = ''] = launch(world, 1);
    const events = eventsOf(world);
    world.troubles.capacityReservationNotice(id);
    expect(signalsOf(world, events)).toMatchObject([
      [{ kind: 'ec2.capacity-reservation-interruption', subject: id, urgency: 'now' }],
    ]);
    world.advance(2 * MINUTE);
    expect(row(world, id)?.State.Name).toBe('shutting-down');
  });
});

describe('a scheduled change', () => {
  test('is told by AWS Health, listed with the status, and stops the machine at its time', () => {
    const world = smallWorld();
    const [id = ''] = launch(world, 1, 'on-demand');
    const events = eventsOf(world);
    const startsAt = world.now() + 60 * MINUTE;
    world.troubles.scheduledChange(id, 'instance-retirement', startsAt);
    expect(signalsOf(world, events)).toMatchObject([
      [
        {
          kind: 'health.scheduled-change',
          subject: id,
          fact: {
            scope: { cloud: 'aws', account: '123456789012', region: 'us-east-1' },
            body: {
              kind: 'scheduled-maintenance',
              code: 'AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
              startsAt,
            },
          },
        },
      ],
    ]);
    const status = () => world.ec2.DescribeInstanceStatus({ IncludeAllInstances: true }).InstanceStatuses[0];
    expect(status()).toMatchObject({
      InstanceId: id,
      Events: [{ Code: 'instance-retirement', NotBefore: new Date(startsAt).toISOString() }],
    });
    world.advanceTo(startsAt - 1);
    expect(row(world, id)?.State.Name).toBe('running');
    world.advance(MINUTE);
    expect(row(world, id)?.State.Name).toBe('stopped');
    expect(world.mesos.agents().map(({ connected }) => connected)).toEqual([false]);
    expect(status()?.Events[0]?.Description).toMatch(/^\[Completed\] /);
    expect(world.ec2.DescribeInstanceStatus({}).InstanceStatuses).toEqual([]);
    const [, closed] = signalsOf(world, events);
    expect(closed).toMatchObject([{ fact: { at: startsAt, expiresAt: startsAt } }]);
    world.ec2.TerminateInstances({ InstanceIds: [id] });
    world.advance(MINUTE);
    expect(row(world, id)?.State.Name).toBe('terminated');
  });

  test('ends a spot machine, which cannot be stopped', () => {
    const world = smallWorld();
    const [id = ''] = launch(world, 1);
    world.troubles.scheduledChange(id, 'instance-stop', world.now() + MINUTE);
    world.advance(2 * MINUTE);
    expect(row(world, id)?.State.Name).toBe('terminated');
  });

  test('that restarts a machine brings a new agent from the same address', () => {
    const world = smallWorld();
    const [id = ''] = launch(world, 1);
    const before = world.mesos.agents().map((agent) => [agent.id, agent.ip]);
    world.troubles.scheduledChange(id, 'system-reboot', world.now() + MINUTE);
    world.advance(3 * MINUTE);
    const after = world.mesos.agents().map((agent) => [agent.id, agent.ip]);
    expect([before[0]?.[1], before[0]?.[0] === after[0]?.[0], after.length]).toEqual([
      after[0]?.[1],
      false,
      1,
    ]);
    expect(row(world, id)?.State.Name).toBe('running');
  });
});

describe('people', () => {
  test('end machines and change their tags', () => {
    const world = smallWorld();
    const [first = '', second = ''] = launch(world, 2);
    world.troubles.humanTerminates(first);
    world.troubles.humanTags(second, { 'muster:cluster': undefined, owner: 'ada' });
    world.advance(MINUTE);
    expect(row(world, first)).toMatchObject({
      State: { Name: 'terminated' },
      StateReason: { Code: 'Client.UserInitiatedShutdown' },
    });
    const tags = Object.fromEntries((row(world, second)?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    expect([tags['owner'], Object.hasOwn(tags, 'muster:cluster')]).toEqual(['ada', false]);
    expect(happenings(world, 'trouble')).toHaveLength(2);
  });
});

describe('ends and launches that go wrong', () => {
  test('an end that lingers is accepted and takes minutes', () => {
    const world = smallWorld();
    const [id = ''] = launch(world, 1);
    world.troubles.lingeringEnd(id, 10 * MINUTE);
    world.ec2.TerminateInstances({ InstanceIds: [id] });
    world.advance(9 * MINUTE);
    expect(row(world, id)?.State.Name).toBe('shutting-down');
    world.advance(MINUTE);
    expect(row(world, id)?.State.Name).toBe('terminated');
  });

  test('a launch can end from pending, with the reason in its state', () => {
    const world = smallWorld();
    world.troubles.diesAtLaunch({ nth: 2 });
    const [first = '', second = ''] = launch(world, 2);
    expect(row(world, first)?.State.Name).toBe('running');
    expect(row(world, second)).toMatchObject({
      State: { Name: 'terminated' },
      StateReason: { Code: 'Client.InternalError' },
    });
  });
});

describe('faults of the API', () => {
  test('last for a while, for one call or for all', () => {
    const world = smallWorld();
    world.troubles.apiError({ code: 'Unavailable', status: 503, until: world.now() + MINUTE });
    expect(codeOf(() => world.ec2.DescribeInstances({}))).toBe('503 Unavailable');
    world.advance(MINUTE);
    expect(codeOf(() => world.ec2.DescribeInstances({}))).toBe('done');
    const lift = world.troubles.accessDenied('DescribeInstances');
    expect(codeOf(() => world.ec2.DescribeInstances({}))).toBe('403 UnauthorizedOperation');
    expect(codeOf(() => world.ec2.DescribeSubnets({}))).toBe('done');
    lift();
    expect(codeOf(() => world.ec2.DescribeInstances({}))).toBe('done');
  });

  test('can lose the answer of a call that was carried out, which its token then gives again', () => {
    const world = smallWorld();
    const request = fleet({ id: template(world), count: 1, token: 'lost' });
    world.troubles.apiError({
      action: 'CreateFleet',
      code: 'InternalError',
      status: 500,
      calls: 1,
      isDone: true,
    });
    expect(codeOf(() => world.ec2.CreateFleet(request))).toBe('500 InternalError');
    const made = world.ec2
      .DescribeInstances({})
      .Reservations.flatMap(({ Instances }) => Instances.map(({ InstanceId }) => InstanceId));
    expect(made).toHaveLength(1);
    expect(world.ec2.CreateFleet(request).Instances[0]?.InstanceIds).toEqual(made);
  });
});

describe('the account', () => {
  test('runs no more vCPUs of a market than its quota', () => {
    const world = smallWorld();
    const lift = world.troubles.quota('spot', 20);
    const id = template(world);
    const wish = fleet({ id, count: 3, market: 'spot' });
    const answer = world.ec2.CreateFleet(wish);
    expect([answer.Instances[0]?.InstanceIds.length, answer.Errors.map((one) => one.ErrorCode)]).toEqual([
      2,
      ['MaxSpotInstanceCountExceeded'],
    ]);
    expect(world.ec2.CreateFleet(fleet({ id, count: 3 })).Errors).toEqual([]);
    lift();
    expect(world.ec2.CreateFleet(wish).Errors).toEqual([]);
  });

  test('pays the price of the moment', () => {
    const world = smallWorld();
    const sold = { shape: 'm7i.large', zone: 'us-east-1a', market: 'spot' } as const;
    world.troubles.priceChange(sold, 0.09);
    const { SpotPriceHistory } = world.ec2.DescribeSpotPriceHistory({
      InstanceTypes: ['m7i.large'],
      AvailabilityZone: 'us-east-1a',
    });
    expect(SpotPriceHistory.map(({ SpotPrice }) => SpotPrice)).toEqual(['0.090000']);
    const now = world.options.prices.find(
      (one) => one.shape === sold.shape && one.zone === sold.zone && one.market === sold.market,
    );
    expect(now?.usdPerHour).toBe(0.09);
  });
});

describe('a lost zone', () => {
  test('takes its machines along, launches nothing, and comes back', () => {
    const world = smallWorld();
    const enough = world.troubles.capacityError({ zone: 'us-east-1a', left: 2 });
    const ids = launch(world, 3);
    enough();
    const back = world.troubles.zoneLost('us-east-1a');
    expect(ids.map((id) => row(world, id)?.State.Name)).toEqual(['terminated', 'terminated', 'running']);
    const wish = fleet({ id: template(world), count: 1 });
    expect(world.ec2.CreateFleet(wish).Errors.map(({ ErrorCode }) => ErrorCode)).toEqual([
      'InsufficientInstanceCapacity',
    ]);
    back();
    expect(world.ec2.CreateFleet(wish).Errors).toEqual([]);
  });
});
