import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  appSchema,
  podSchema,
  podStatusSchema,
  queueItemSchema,
  queueSchema,
} from '../../lib/marathon/schema';
import { appOf, appTasksOf, podOf, podTasksOf, queueItemOf } from '../../lib/marathon/translate';

const read = (file: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/marathon-api', file), 'utf8'));

const DEFAULTS = { role: 'ours' };
const app = (more = {}) => appOf(appSchema.parse({ id: '/a', ...more }), DEFAULTS);
const pod = (more = {}) => podOf(podSchema.parse({ id: '/p', containers: [], ...more }), DEFAULTS);
const item = (more = {}) =>
  queueItemOf(
    queueItemSchema.parse({ count: 1, since: '2026-02-03T17:25:00.000Z', app: { id: '/a' }, ...more }),
    DEFAULTS,
  );

describe('an item of the queue', () => {
  test('as Marathon 1.11 writes it', () => {
    const [row] = queueSchema.parse(read('marathon-v2-queue-response.json')).queue;
    expect(queueItemOf(queueItemSchema.parse(row), DEFAULTS)).toEqual({
      runSpec: {
        id: '/web/frontend',
        kind: 'app',
        role: '*',
        version: '2026-02-01T08:00:00.000Z',
        instances: 10,
        each: { cpuMilli: 2_000, memMib: 4_096, diskMib: 0, gpus: 0, ports: 0 },
        constraints: [{ field: '@zone', operator: 'GROUP_BY', value: '3' }],
        acceptedRoles: [],
        labels: {},
        resident: false,
      },
      count: 4,
      since: Date.UTC(2026, 1, 3, 17, 25),
      backoffMs: 0,
      processedOffers: 36,
      rejects: [
        { reason: 'UnfulfilledRole', declined: 0, processed: 12 },
        { reason: 'UnfulfilledConstraint', declined: 4, processed: 12 },
        { reason: 'NoCorrespondingReservationFound', declined: 0, processed: 8 },
        { reason: 'AgentMaintenance', declined: 0, processed: 8 },
        { reason: 'InsufficientCpus', declined: 8, processed: 8 },
        { reason: 'InsufficientMemory', declined: 0, processed: 0 },
        { reason: 'InsufficientDisk', declined: 0, processed: 0 },
        { reason: 'InsufficientGpus', declined: 0, processed: 0 },
        { reason: 'InsufficientPorts', declined: 0, processed: 0 },
        { reason: 'DeclinedScarceResources', declined: 0, processed: 0 },
      ],
    });
  });

  test('backs off for as long as time is left, whatever `overdue` says', () => {
    expect(item({ delay: { timeLeftSeconds: 7, overdue: true } }).backoffMs).toBe(7_000);
    expect(item({ delay: { timeLeftSeconds: 0, overdue: false } }).backoffMs).toBe(0);
    expect(item({ delay: { timeLeftSeconds: -3, overdue: true } }).backoffMs).toBe(0);
  });

  test('takes its role from the item, the definition, or Marathon itself', () => {
    expect(item({ role: 'web' }).runSpec.role).toBe('web');
    expect(item({ role: 'web', app: { id: '/a', role: 'own' } }).runSpec.role).toBe('own');
    expect(item().runSpec.role).toBe('ours');
  });

  test('of an old version, without a time and with nulls for what is empty, is read too', () => {
    const old = item({
      since: null,
      delay: null,
      processedOffersSummary: null,
      app: { id: 'a', version: '2015-09-25T15:13:48.343Z', container: null, acceptedResourceRoles: null },
    });
    expect(old).toMatchObject({ since: Date.UTC(2015, 8, 25, 15, 13, 48, 343), backoffMs: 0, rejects: [] });
    expect(old.runSpec.id).toBe('/a');
  });

  test('with a refusal that nobody knows is not guessed at, unless it refused nothing', () => {
    const rows = (declined: number) => ({
      processedOffersSummary: { rejectSummaryLastOffers: [{ reason: 'NewReason', declined, processed: 3 }] },
    });
    expect(item(rows(0)).rejects).toEqual([]);
    expect(() => item(rows(2))).toThrow('NewReason');
  });

  test('is refused when its time or its constraint cannot be understood', () => {
    expect(() => item({ since: 'yesterday' })).toThrow('no time');
    expect(() => item({ app: { id: '/a', constraints: [['zone', 'IN', 'a']] } })).toThrow('IN');
  });
});

describe('an app', () => {
  test('as in the example of the API', () => {
    expect(appOf(appSchema.parse(read('app.json')), DEFAULTS)).toMatchObject({
      id: '/foo',
      instances: 2,
      each: { cpuMilli: 100, memMib: 16, diskMib: 0, gpus: 0, ports: 1 },
      constraints: [{ field: 'hostname', operator: 'LIKE', value: 'srv2.*' }],
      acceptedRoles: ['mesos_role'],
      labels: { owner: 'zeus' },
    });
  });

  test('has the defaults of the API where it says nothing', () => {
    expect(app()).toMatchObject({ instances: 1, each: { cpuMilli: 1_000, memMib: 128, diskMib: 0 } });
  });

  test('needs its resources rounded up, its executor included', () => {
    const own = app({ cpus: 0.1, mem: 100.2, executorResources: { cpus: 0.2, mem: 32, disk: 10 } });
    expect(own.each).toMatchObject({ cpuMilli: 300, memMib: 133, diskMib: 10 });
  });

  test.each([
    [{ portDefinitions: [{ port: 0 }, { port: 80 }], requirePorts: true }, 2],
    [{ ports: [10_013, 10_015] }, 2],
    [
      {
        networks: [{ mode: 'container/bridge' }],
        container: { portMappings: [{ containerPort: 80 }, { hostPort: 0 }] },
      },
      2,
    ],
    [
      {
        networks: [{ mode: 'container' }],
        container: { portMappings: [{ hostPort: null }, { hostPort: 0 }] },
      },
      1,
    ],
    [{ container: { docker: { network: 'BRIDGE', portMappings: [{ containerPort: 80, hostPort: 0 }] } } }, 1],
    [{ container: { docker: { network: 'USER', portMappings: [{ containerPort: 80 }] } } }, 0],
    [{ networks: [{ mode: 'host' }], portDefinitions: [{}], container: { portMappings: [] } }, 1],
    [{}, 0],
  ])('%j takes %d ports of its agent', (more, ports) => {
    expect(app(more).each.ports).toBe(ports);
  });

  test('is resident by its volumes or its residency', () => {
    expect(app({ container: { volumes: [{ containerPath: 'x', persistent: { size: 5 } }] } }).resident).toBe(
      true,
    );
    expect(app({ residency: { taskLostBehavior: 'WAIT_FOREVER' } }).resident).toBe(true);
    expect(app({ container: { volumes: [{ hostPath: '/x' }] } }).resident).toBe(false);
  });

  test('has the version of its definition, which scaling does not change', () => {
    const version = '2026-02-02T00:00:00.000Z';
    const lastConfigChangeAt = '2026-02-01T00:00:00.000Z';
    expect(app({ version }).version).toBe(version);
    expect(app({ version, versionInfo: { lastConfigChangeAt } }).version).toBe(lastConfigChangeAt);
  });

  test('takes constraints in any case, with numbers, and with empty values left out', () => {
    const { constraints } = app({
      constraints: [
        ['zone', 'max_per', 3],
        ['hostname', 'UNIQUE', ''],
      ],
    });
    expect(constraints).toEqual([
      { field: 'zone', operator: 'MAX_PER', value: '3' },
      { field: 'hostname', operator: 'UNIQUE' },
    ]);
  });
});

describe('a pod', () => {
  test('as in the example of the API: its containers and its executor together', () => {
    expect(podOf(podSchema.parse(read('pod.json')), DEFAULTS)).toMatchObject({
      id: '/foo',
      kind: 'pod',
      role: 'ours',
      instances: 1,
      each: { cpuMilli: 1_200, memMib: 192, diskMib: 50, gpus: 0, ports: 1 },
      resident: false,
    });
  });

  test('has the default executor when it does not say one', () => {
    expect(pod({ containers: [{ resources: { cpus: 1, mem: 64 } }] }).each).toEqual({
      cpuMilli: 1_100,
      memMib: 96,
      diskMib: 10,
      gpus: 0,
      ports: 0,
    });
  });

  test('sums any containers exactly, rounded up once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 12 }), (thousandths) => {
        const containers = thousandths.map((n) => ({ resources: { cpus: n / 1_000, mem: n / 1_000 } }));
        const sum = thousandths.reduce((a, b) => a + b, 0);
        const { cpuMilli, memMib } = pod({
          containers,
          executorResources: { cpus: 0, mem: 0, disk: 0 },
        }).each;
        expect([cpuMilli, memMib]).toEqual([sum, Math.ceil(sum / 1_000)]);
      }),
    );
  });

  test('has constraints as objects and volumes that persist', () => {
    const placement = {
      constraints: [{ fieldName: 'zone', operator: 'IS', value: 'a' }],
      acceptedResourceRoles: ['*'],
    };
    expect(
      pod({ scheduling: { placement }, volumes: [{ name: 'v', persistent: { size: 1 } }] }),
    ).toMatchObject({
      constraints: [{ field: 'zone', operator: 'IS', value: 'a' }],
      acceptedRoles: ['*'],
      resident: true,
    });
  });
});

describe('tasks', () => {
  const changed = '2026-02-01T00:00:00.000Z';
  const wire = (more = {}) => ({
    id: 't',
    host: 'h',
    slaveId: 'S1',
    state: 'TASK_RUNNING',
    version: changed,
    ...more,
  });
  const own = appSchema.parse({
    id: '/a',
    version: '2026-03-01T00:00:00.000Z',
    versionInfo: { lastConfigChangeAt: changed },
  });
  const tasks = (...rows: object[]) =>
    appTasksOf(
      rows.map((row) => wire(row)),
      own,
    );

  test('of the present definition are told from those of an older one, scaling or not', () => {
    const versions = tasks(
      { version: '2026-02-20T00:00:00.000Z' },
      {},
      { version: '2026-01-01T00:00:00.000Z' },
    );
    expect(versions.map((task) => task.version)).toEqual([changed, changed, '2026-01-01T00:00:00.000Z']);
  });

  test('have the conditions of Marathon and the agent they are on', () => {
    expect(tasks({})).toEqual([
      { id: 't', runSpec: '/a', version: changed, condition: 'Running', host: 'h', agentId: 'S1' },
    ]);
    const states = ['TASK_STAGING', 'TASK_UNREACHABLE', 'TASK_GONE_BY_OPERATOR', 'TASK_KILLING'];
    expect(tasks(...states.map((state) => ({ state }))).map((task) => task.condition)).toEqual([
      'Staging',
      'Unreachable',
      'Gone',
      'Killing',
    ]);
  });

  test('of a pod come from its status, those that are on an agent', () => {
    const status = podStatusSchema.parse({
      id: '/p',
      spec: { id: '/p', version: changed, containers: [] },
      instances: [
        { id: 'p.1', status: 'STABLE', agentHostname: 'h1', agentId: 'S1' },
        { id: 'p.2', status: 'PENDING' },
        { id: 'p.3', status: 'DEGRADED', agentHostname: 'h2', containers: [{ status: 'TASK_UNREACHABLE' }] },
        { id: 'p.4', status: 'TERMINAL', agentHostname: 'h2' },
      ],
    });
    expect(podTasksOf(status).map((task) => [task.id, task.condition, task.host])).toEqual([
      ['p.1', 'Running', 'h1'],
      ['p.3', 'Unreachable', 'h2'],
      ['p.4', 'Finished', 'h2'],
    ]);
  });
});
