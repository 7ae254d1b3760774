import { beforeAll, describe, expect, test } from '@jest/globals';
import { startFauxqs } from 'fauxqs';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { bundleFunctions, FUNCTIONS, LAMBDA_DIR } from '../../build/bundle';
import { openHome } from '../../lib/cli/home';
import { specHash } from '../../lib/config/compile';
import { readSpecs, writeDeployment } from '../../lib/infra/app';
import { createSqsQueue } from '../../lib/sqs/sqs-queue';
import { METRICS, NAMESPACE, SERVICE } from '../../lib/telemetry/names';
import { sqsEvent } from '../builders/lambda';
import { CREDENTIALS, openLocalTable } from '../dynamodb/local-table';

const run = promisify(execFile);

/** What the node process of a function starts with; nothing here is reached. */
const ENVIRONMENT = {
  MUSTER_TABLE: 'table',
  MUSTER_EVENTS_QUEUE: 'http://127.0.0.1:9/events',
  MUSTER_WAKE_QUEUE: 'http://127.0.0.1:9/wake',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  NODE_OPTIONS: '',
  PATH: process.env['PATH'] ?? '',
};

/** Gzipped kilobytes of everything that one function may load, SDK chunks included: 289 for the largest when it was set,
 *  411 without the plugin that lets the unused operations of EC2 fall away. */
const BUDGET_KB = 350;

type Output = {
  readonly bytes: number;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
};
let outputs: Readonly<Record<string, Output>> = {};

/** The entry and what it imports: at once, or with what it imports later. */
const loadedBy = (entry: string, also: 'later' | 'at once'): ReadonlySet<string> => {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path) || outputs[path] === undefined) return;
    seen.add(path);
    for (const { path: next, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' || (also === 'later' && kind === 'dynamic-import')) visit(next);
  };
  visit(entry);
  return seen;
};

type Printed = { readonly answer: unknown; readonly lines: readonly string[] };

/** The handler's answer in a process of its own, as Lambda starts one, and the lines that it printed. */
const call = async (name: string, event: unknown, more: NodeJS.ProcessEnv = {}): Promise<Printed> => {
  // The queue's URL has a name below localhost, which not every machine can look up.
  const script = `
    import { interceptLocalhostDns } from 'fauxqs';
    interceptLocalhostDns();
    import { Writable } from 'node:stream';
    const written = [];
    const stream = new Writable({ write: (chunk, _, done) => { written.push(chunk); done(); } });
    // As Lambda's own: the handler is given the stream of the answer.
    globalThis.awslambda = { streamifyResponse: (inner) => async (event, context) => {
      await inner(event, stream, context);
      return Buffer.concat(written).toString();
    } };
    const { handler } = await import(${JSON.stringify(join(LAMBDA_DIR, name, 'index.mjs'))});
    const answer = await handler(${JSON.stringify(event)}, {});
    process.stdout.write('\\n@@' + JSON.stringify(answer));
    process.exit(0);`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...ENVIRONMENT, ...more },
    timeout: 20_000,
  }).catch(({ stdout: told }: { stdout: string }) => {
    throw new Error(`${name} ended with an error, having printed: ${told.slice(0, 2000)}`);
  });
  const [printed = '', answer = 'null'] = stdout.split('@@');
  return {
    answer: JSON.parse(answer),
    lines: `${printed}\n${stderr}`.split('\n').filter((line) => line.startsWith('{')),
  };
};

const http = (path: string, method: string) => ({
  version: '2.0',
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'local' },
  requestContext: { http: { method, path }, domainName: 'local' },
  isBase64Encoded: false,
  ...(method === 'GET' ? {} : { body: '{}' }),
});

/** Everything that the functions talk to: DynamoDB and SQS by other hands, EC2, Mesos and Marathon emulated. */
const openFarEnds = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'muster-bundle-'));
  const home = await openHome({
    yaml: readFileSync('examples/local.yaml', 'utf8'),
    seed: 1,
    startAt: Date.now() - 61_000,
    clock: { kind: 'paced', factor: 1 },
    directory,
    onLine: () => undefined,
  });
  const table = await openLocalTable();
  const sqs = await startFauxqs({ port: 0, logger: false });
  const endpoint = `http://127.0.0.1:${sqs.port}`;
  const { queueUrl } = sqs.createQueue('wake');
  const wake = createSqsQueue({ queueUrl, endpoint, region: 'us-east-1', credentials: CREDENTIALS });
  const yaml = join(directory, 'muster.yaml');
  const local = readFileSync('examples/local.yaml', 'utf8')
    .replace(/masters: .*/, `masters: ${JSON.stringify(home.served.masterUrls)}`)
    .replace(/urls: .*/, `urls: ${JSON.stringify(home.served.marathonUrls)}`);
  writeFileSync(yaml, local);
  return {
    yaml,
    wake,
    /** The pools of the machines that the cloud has by now. */
    machines: async () => {
      const scope = { cloud: 'aws', account: 'default', region: 'us-east-1' } as const;
      const seen = await home.outside.clouds.aws?.machines(scope, 'home');
      return seen?.value.map(({ pool }) => pool);
    },
    environment: {
      MUSTER_TABLE: table.tableName,
      MUSTER_WAKE_QUEUE: queueUrl,
      MUSTER_TEMPLATES: JSON.stringify(home.outside.templates),
      AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_ENDPOINT_URL_EC2: home.served.ec2Url,
    },
    close: async (): Promise<void> => {
      await wake.close();
      await Promise.all([home.close(), table.close(), sqs.stop()]);
      rmSync(directory, { recursive: true });
    },
  };
};

describe('the bundled functions', () => {
  beforeAll(async () => {
    outputs = (await bundleFunctions()).outputs;
    writeDeployment(LAMBDA_DIR, FUNCTIONS, readSpecs(['examples/aws-minimal.yaml']));
  });

  test('stay within their budget', () => {
    const kb = FUNCTIONS.map((name) =>
      [...loadedBy(`dist/lambda/${name}/index.mjs`, 'later')].reduce(
        (sum, file) => sum + gzipSync(readFileSync(file)).length / 1024,
        0,
      ),
    );
    expect(Math.max(...kb)).toBeLessThan(BUDGET_KB);
    expect(Math.min(...kb)).toBeGreaterThan(20);
  });

  test('load no cloud SDK before they need one', () => {
    for (const name of FUNCTIONS) {
      const bytes = [...loadedBy(`dist/lambda/${name}/index.mjs`, 'at once')].reduce(
        (sum, file) => sum + statSync(file).size,
        0,
      );
      expect(bytes).toBeLessThan(500_000);
    }
  });

  test('answer: ingest and reconcile an empty batch, webhook an unknown name, api an unknown route', async () => {
    for (const name of ['ingest', 'reconcile'])
      expect((await call(name, { Records: [] })).answer).toEqual({ batchItemFailures: [] });
    const webhook = await call('webhook', http('/hooks/nobody', 'POST'));
    expect(webhook.answer).toMatchObject({ statusCode: 404 });
    const api = await call('api', http('/nothing', 'GET'));
    expect(api.answer).toMatchObject({ statusCode: 404 });
  });

  test('stream the answer of a master, and a refusal in its place', async () => {
    const master = createServer((_, response) => response.end('{"healthy":true}'));
    await new Promise<void>((listening) => master.listen(0, '127.0.0.1', () => listening()));
    const address = master.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    const [minimal] = readSpecs(['examples/aws-minimal.yaml']);
    if (minimal === undefined) throw new Error('the example has no spec');
    const spec = { ...minimal, mesos: { ...minimal.mesos, masters: [url] } };
    writeDeployment(LAMBDA_DIR, ['reach'], [{ ...spec, hash: specHash(spec) }]);
    try {
      const ask = { method: 'GET', url: `${url}/health`, headers: {}, timeoutMs: 5000 };
      const { answer } = await call('reach', ask);
      const [head = '', body = ''] = String(answer).split('\n');
      expect(JSON.parse(head)).toMatchObject({ status: 200 });
      expect(JSON.parse(body)).toEqual({ healthy: true });
      const refused = await call('reach', { ...ask, url: 'http://127.0.0.1:9/health' });
      expect(JSON.parse(String(refused.answer))).toMatchObject({ failure: { code: expect.any(String) } });
    } finally {
      master.close();
    }
  });

  test('send the metrics that the alarms watch', async () => {
    const event = sqsEvent([{ id: 'w1', body: JSON.stringify({ muster: 'wake', cluster: 'small' }) }]);
    const nowhere = { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9', AWS_MAX_ATTEMPTS: '1' };
    const { answer, lines } = await call('reconcile', event, nowhere);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'w1' }] });
    const sent = lines.map((line): unknown => JSON.parse(line));
    expect(sent).toContainEqual(
      expect.objectContaining({
        [METRICS.turnsFailed]: 1,
        service: SERVICE,
        _aws: expect.objectContaining({
          CloudWatchMetrics: [expect.objectContaining({ Namespace: NAMESPACE, Dimensions: [['service']] })],
        }),
      }),
    );
  });

  test('make a machine of a tick: DynamoDB, SQS, EC2, Mesos and Marathon over the wire', async () => {
    const far = await openFarEnds();
    try {
      writeDeployment(LAMBDA_DIR, FUNCTIONS, readSpecs([far.yaml]));
      const ticked = await call(
        'ingest',
        sqsEvent([{ id: 't', body: '{"muster":"tick"}' }]),
        far.environment,
      );
      expect(ticked).toEqual({ answer: { batchItemFailures: [] }, lines: [] });
      const wakes = await far.wake.receive({ max: 10, waitMs: 0 });
      expect(wakes.map(({ body }) => body)).toEqual([JSON.stringify({ muster: 'wake', cluster: 'home' })]);
      const turned = await call('reconcile', sqsEvent(wakes), far.environment);
      expect({ ...turned, lines: turned.lines.filter((line) => line.includes('ERROR')) }).toEqual({
        answer: { batchItemFailures: [] },
        lines: [],
      });
      expect(await far.machines()).toEqual(['web', 'web']);
      const history = await call('api', http('/api/history', 'GET'), far.environment);
      expect(JSON.stringify(history.answer)).toContain('Bought 1 of 1 for pool web');
    } finally {
      await far.close();
    }
  }, 60_000);

  test('say which variable is missing when the environment is incomplete', async () => {
    const { MUSTER_TABLE: _table, ...rest } = ENVIRONMENT;
    const script = join(LAMBDA_DIR, 'try.mjs');
    writeFileSync(
      script,
      `import { handler } from './ingest/index.mjs'; try { await handler({ Records: [] }, {}); } catch (error) { console.log('@@' + error.message); }`,
    );
    const { stdout } = await run(process.execPath, [script], { env: rest });
    expect(stdout).toContain('MUSTER_TABLE');
  });
});
