import { describe, expect, test } from '@jest/globals';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { addAgents, app, conditions, MINUTE, smallWorld, START } from './small-world';

const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;

type Setting = {
  readonly world: EmulatedWorld;
  readonly id: string;
  readonly machine: { hostname: string; ip: string };
};

const one = (marathonVersion: '1.5' | '1.10' = '1.10'): Setting => {
  const world = smallWorld({ marathonVersion });
  const [id = ''] = addAgents(world, 1, { cpus: 4, memMib: 8192 });
  return { world, id, machine: { hostname: 'agent-0', ip: '10.9.0.1' } };
};

describe('a maintenance schedule', () => {
  test('keeps Marathon from the machine inside its window only, and moves nothing', () => {
    const { world, machine } = one();
    world.marathon.createApp(app('/early', 1));
    world.advance(MINUTE);
    world.mesos.updateMaintenanceSchedule([
      { machines: [machine], startNs: ns(START + 2 * MINUTE), durationNs: ns(10 * MINUTE) },
    ]);
    world.marathon.createApp(app('/before', 1));
    world.advance(30_000);
    expect(conditions(world, '/before')).toEqual({ Running: 1 });
    world.advance(MINUTE);
    world.marathon.createApp(app('/inside', 1));
    world.advance(3 * MINUTE);
    expect(conditions(world, '/early')).toEqual({ Running: 1 });
    expect(conditions(world, '/inside')).toEqual({ Scheduled: 1 });
    world.advance(10 * MINUTE);
    expect(world.mesos.maintenanceStatus().draining).toEqual([machine]);
    expect(conditions(world, '/inside')).toEqual({ Running: 1 });
  });

  test('is masked in the queue by UnfulfilledConstraint, and named beside the unused offer', () => {
    const { world, machine } = one();
    world.mesos.updateMaintenanceSchedule([{ machines: [machine], startNs: ns(START) }]);
    world.marathon.createApp(app('/web', 1));
    world.advance(MINUTE);
    const [row] = world.marathon.queue({ embed: 'lastUnusedOffers' });
    const declined = row?.processedOffersSummary.rejectSummaryLastOffers.filter((one) => one.declined > 0);
    expect(declined?.map(({ reason }) => reason)).toEqual(['UnfulfilledConstraint']);
    expect(row?.lastUnusedOffers?.[0]?.reason).toEqual(['UnfulfilledConstraint', 'AgentMaintenance']);
  });

  test('is nothing to Marathon 1.5', () => {
    const { world, machine } = one('1.5');
    world.mesos.updateMaintenanceSchedule([{ machines: [machine], startNs: ns(START) }]);
    world.marathon.createApp(app('/web', 1));
    world.advance(MINUTE);
    expect(conditions(world, '/web')).toEqual({ Running: 1 });
  });

  test('refuses a drain, and no deactivation', () => {
    const { world, id, machine } = one();
    world.mesos.updateMaintenanceSchedule([{ machines: [machine], startNs: ns(START + 60 * MINUTE) }]);
    expect(() => world.mesos.drainAgent(id)).toThrow(
      `Agent ${id} is part of a maintenance schedule under Machine agent-0 (10.9.0.1)`,
    );
    world.mesos.deactivateAgent(id);
    world.mesos.reactivateAgent(id);
    world.mesos.updateMaintenanceSchedule([]);
    world.mesos.drainAgent(id);
    expect(world.mesos.agents()[0]?.drain?.state).toBe('DRAINED');
  });

  test('survives a failover', () => {
    const { world, machine } = one();
    world.mesos.updateMaintenanceSchedule([{ machines: [machine], startNs: ns(START) }]);
    world.troubles.masterFailover();
    world.advance(MINUTE);
    expect(world.mesos.maintenanceSchedule()).toHaveLength(1);
  });
});

describe('a machine that is taken down', () => {
  test('loses its agents and their tasks at once, and they are back under their ids when it is up', () => {
    const { world, id, machine } = one();
    world.marathon.createApp(app('/web', 2));
    world.advance(MINUTE);
    const events: string[] = [];
    world.mesos.subscribe((event) =>
      events.push(event.type === 'TASK_UPDATED' ? event.task.state : event.type),
    );
    world.mesos.updateMaintenanceSchedule([{ machines: [machine], startNs: ns(START) }]);
    world.mesos.deactivateAgent(id);
    world.mesos.startMaintenance([machine]);
    expect(events).toEqual(['TASK_LOST', 'TASK_LOST', 'AGENT_REMOVED']);
    expect([world.mesos.agents(), world.mesos.recoveredAgents()]).toEqual([[], []]);
    world.advance(5 * MINUTE);
    expect(world.mesos.agents()).toEqual([]);
    expect(conditions(world, '/web')).toEqual({ Scheduled: 2 });
    world.mesos.stopMaintenance([machine]);
    world.advance(MINUTE);
    expect(world.mesos.agents().map((row) => [row.id, row.active, row.deactivated])).toEqual([
      [id, true, false],
    ]);
    expect(world.mesos.maintenanceSchedule()).toEqual([]);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
  });
});
