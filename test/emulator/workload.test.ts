import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { workloadApps } from '../../lib/emulator/workload';
import { addAgents, MINUTE, smallWorld } from './small-world';

const titus = readFileSync('lib/emulator/data/titus-2016-snapshot.csv', 'utf8');

describe('the Titus workload', () => {
  test('is 437 tasks in a few apps, each of one bucket and one shape', () => {
    const apps = workloadApps(titus);
    expect(apps.reduce((sum, app) => sum + app.instances, 0)).toBe(437);
    expect(new Set(apps.map(({ id }) => id)).size).toBe(apps.length);
    expect(apps.length).toBeLessThan(60);
    const cpus = titus
      .trim()
      .split('\n')
      .slice(1)
      .reduce((sum, line) => sum + Number(line.split(',')[2]), 0);
    expect(apps.reduce((sum, app) => sum + app.instances * app.cpus * 1000, 0)).toBe(cpus);
  });

  test('runs in the emulated world as it is', () => {
    const world = smallWorld();
    for (const app of workloadApps(titus)) world.marathon.createApp(app);
    addAgents(world, 60, { cpus: 48, memMib: 400_000 });
    world.advance(30 * MINUTE);
    const running = world.mesos.tasks().length;
    const waiting = world.marathon.queue().reduce((sum, row) => sum + row.count, 0);
    expect(running + waiting).toBe(437);
    expect(running).toBeGreaterThan(60);
  });

  test('does not depend on the order of its lines', () => {
    const [header = '', ...lines] = titus.trim().split('\n');
    expect(workloadApps([header, ...lines.reverse()].join('\n'))).toEqual(workloadApps(titus));
  });

  test('names the line that cannot be read', () => {
    expect(() => workloadApps('task_id,bucket,cpu_milli,mem_mib,disk_mib\na,b,100,x,5\n')).toThrow(
      'Line 2 of the workload',
    );
    expect(() => workloadApps('task_id,bucket,cpu_milli,mem_mib,disk_mib\na,,100,7,5\n')).toThrow(
      'has no bucket',
    );
  });
});
