import { describe, expect, test } from '@jest/globals';
import { text } from '../../lib/core/model/attributes';
import { isLive } from '../../lib/core/model/machine';
import type { Engine } from '../../lib/engine/engine';
import { reconcile, type TurnReport } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import { aroundPorts, Crash, crashAt } from '../builders/around-ports';
import { appIn, type EmulatedFleet, emulatedFleet, running, templatesOf } from '../builders/emulated-fleet';
import { aPool, aSpec, MINUTE } from '../builders/fleet';

const SETTINGS = { ec2: { pendingMs: [5_000, 5_000], bootMs: [20_000, 20_000] } } as const;
const zone = { zones: [{ name: 'us-east-1a' }] };
const DEADLINE = 5;

/** A sound pool of two, and a pool for which something waits. */
const fleetWith = async (): Promise<EmulatedFleet> => {
  const web = aPool({ ...zone, registerWithinMs: DEADLINE * MINUTE });
  const spec = aSpec({ pools: [aPool({ ...zone, name: 'batch', size: { min: 2, max: 2 } }), web] });
  const fleet = emulatedFleet({ spec, settings: SETTINGS });
  await fleet.minutes(3);
  return fleet;
};

const isWeb = ({ pool }: { readonly pool?: string }): boolean => pool === 'web';
const web = (fleet: EmulatedFleet) => fleet.machines().filter(isWeb);
const strikes = async (fleet: EmulatedFleet) => (await recall(fleet.engine.store, 'prod')).memory.strikes;
const launched = (fleet: EmulatedFleet): number =>
  fleet.world.chronicle.entries().filter(({ kind }) => kind === 'machine-launched').length;
/** From now on no machine of the pool registers, until the returned end is called. */
const neverWeb = (fleet: EmulatedFleet): (() => void) => {
  let isBroken = true;
  fleet.world.troubles.neverRegister({ when: ({ tags }) => isBroken && tags['muster:pool'] === 'web' });
  return () => {
    isBroken = false;
  };
};

describe('a machine whose agent was there', () => {
  test.each([3, 12, 60])(
    'and is out of reach %s minutes later is not ended, and its tasks run on',
    async (minutes) => {
      const fleet = await fleetWith();
      fleet.world.marathon.createApp(appIn('web', '/shop', 2));
      await fleet.minutes(3);
      const [machine] = web(fleet);
      await fleet.minutes(minutes);
      const agents = () =>
        fleet.world.mesos.agents().filter(({ attributes }) => attributes['instance_id'] !== undefined);
      const agent = agents().find(({ attributes }) =>
        JSON.stringify(attributes['instance_id']).includes(machine?.id ?? '?'),
      );
      const heal = fleet.world.troubles.partition(agent?.id ?? '');
      await fleet.minutes(DEADLINE + 4);
      expect(fleet.machines().find(({ id }) => id === machine?.id)?.state).toBe('running');
      heal();
      await fleet.minutes(2);
      expect(agents().some(({ id }) => id === agent?.id)).toBe(true);
    },
  );
});

describe('a machine whose agent never registers', () => {
  test('is ended after its deadline and replaced, and what waited for it is placed', async () => {
    const fleet = await fleetWith();
    fleet.world.troubles.neverRegister({ nth: 1 });
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    await fleet.minutes(1);
    const [failed] = web(fleet);
    await fleet.minutes(DEADLINE);
    expect(web(fleet).map(({ id, state }) => [id, state])).toEqual([[failed?.id, 'running']]);
    await fleet.minutes(4);
    expect(web(fleet).filter(isLive).length).toBe(1);
    expect(web(fleet).find(({ id }) => id === failed?.id)?.state).toBe('terminated');
    expect(running(fleet.world, '/shop')).toBe(3);
    // A sound machine of the same image takes the strike back.
    expect(await strikes(fleet)).toEqual([]);
  });

  test('that announces another pool and runs nothing is ended and replaced too', async () => {
    const fleet = await fleetWith();
    fleet.world.troubles.wrongPool({ nth: 1 }, 'other');
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    await fleet.minutes(12);
    expect(
      web(fleet)
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['running', 'terminated']);
    expect(running(fleet.world, '/shop')).toBe(3);
  });

  test('that registers between the decision and the next turn is not ended by what was left of the last one', async () => {
    const fleet = await fleetWith();
    const [machine] = await lateMachine(fleet);
    // The turn decides to end it and dies before the call; then the agent comes and takes tasks.
    const names: string[] = [];
    const dry = await fleetWith();
    await lateMachine(dry);
    await reconcile(
      aroundPorts(dry.engine, (name, call) => {
        names.push(name);
        return call();
      }),
    );
    const nth = names.indexOf('cloud.terminate') + 1;
    expect(nth).toBeGreaterThan(0);
    const brief: Engine = { ...fleet.engine, leaseMs: 30_000 };
    await expect(reconcile(aroundPorts(brief, crashAt(nth, 'before')))).rejects.toThrow(Crash);
    fleet.world.mesos.addAgent({
      hostname: 'late',
      ip: '10.0.9.9',
      attributes: { pool: text('web'), instance_id: text(machine?.id ?? ''), zone: text('us-east-1a') },
      total: { cpuMilli: 8000, memMib: 16_384, diskMib: 10_000, gpus: 0, ports: 100 },
      machine: machine?.id ?? '',
    });
    fleet.world.advance(40_000);
    await reconcile(fleet.engine);
    await fleet.minutes(4);
    expect(running(fleet.world, '/shop')).toBe(3);
    expect(web(fleet).find(({ id }) => id === machine?.id)?.state).toBe('running');
  });
});

/** A machine past its deadline that is about to be ended; its tasks still wait. */
const lateMachine = async (fleet: EmulatedFleet) => {
  fleet.world.troubles.neverRegister({ nth: 1 });
  fleet.world.marathon.createApp(appIn('web', '/shop', 3));
  await fleet.minutes(1);
  const machines = web(fleet);
  await fleet.minutes(DEADLINE);
  fleet.world.advance(1000);
  return machines;
};

describe('an image whose machines never register', () => {
  test('leaks no machine either where no agent has ever registered', async () => {
    const pools = [aPool({ ...zone, registerWithinMs: DEADLINE * MINUTE })];
    const fleet = emulatedFleet({ spec: aSpec({ pools }), settings: SETTINGS });
    neverWeb(fleet);
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    await fleet.minutes(30);
    expect(launched(fleet)).toBe(3);
    expect(web(fleet).filter(isLive)).toEqual([]);
  });

  test('opens the breaker after three, is told once, is not bought again, and no machine leaks', async () => {
    const fleet = await fleetWith();
    neverWeb(fleet);
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    await fleet.minutes(45);
    expect(web(fleet).length).toBe(3);
    expect(web(fleet).filter(isLive)).toEqual([]);
    expect(fleet.notices.map(({ alarm, subject }) => [alarm, subject])).toEqual([['breaker-open', 'web']]);
    const report = await fleet.minute();
    expect(codesOf(report)).toContain('breaker-open');
    expect(fleet.failures).toEqual([]);
  });

  test('is tried with one machine after an hour, and only one', async () => {
    const fleet = await fleetWith();
    neverWeb(fleet);
    fleet.world.marathon.createApp(appIn('web', '/shop', 30));
    await fleet.minutes(20);
    const before = launched(fleet);
    expect((await strikes(fleet))[0]?.openedAt).toBeDefined();
    await fleet.minutes(60);
    expect(launched(fleet)).toBe(before + 1);
  });

  test('is forgotten when the template changes: the new image is bought at once', async () => {
    const fleet = await fleetWith();
    const mend = neverWeb(fleet);
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    await fleet.minutes(25);
    expect(web(fleet).filter(isLive)).toEqual([]);
    mend();
    const templates = templatesOf(fleet.world, fleet.engine.spec, 'ami-0fedcba9876543210');
    const fixed: Engine = { ...fleet.engine, templates };
    for (let nth = 0; nth < 4; nth += 1) await fleet.minute(fixed);
    expect(
      web(fleet)
        .filter(isLive)
        .map(({ image }) => image),
    ).toEqual(['ami-0fedcba9876543210']);
    expect(running(fleet.world, '/shop')).toBe(3);
  });

  test('is told even when the turn that opens the breaker dies at any of its calls', async () => {
    const ready = async (): Promise<EmulatedFleet> => {
      const fleet = await fleetWith();
      neverWeb(fleet);
      fleet.world.marathon.createApp(appIn('web', '/shop', 3));
      await fleet.minutes(18);
      expect(fleet.notices).toEqual([]);
      fleet.world.advance(MINUTE);
      return fleet;
    };
    const calm = await ready();
    let calls = 0;
    await reconcile(
      aroundPorts(calm.engine, (_name, call) => {
        calls += 1;
        return call();
      }),
    );
    expect(calm.notices.length).toBe(1);
    for (let nth = 1; nth <= calls; nth += 1) {
      const fleet = await ready();
      await reconcile(aroundPorts(fleet.engine, crashAt(nth, 'before'))).catch(() => undefined);
      await fleet.minutes(4);
      expect({ nth, told: fleet.notices.length > 0 }).toEqual({ nth, told: true });
    }
  });
});

const codesOf = (report: TurnReport | undefined): readonly string[] =>
  report?.kind === 'done' ? report.plans.flatMap(({ blocked }) => blocked.map(({ code }) => code)) : [];
