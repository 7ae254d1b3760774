import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleFunctions, FUNCTIONS, LAMBDA_DIR } from '../../build/bundle';
import { readSpecs, writeDeployment } from '../../lib/infra/app';

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

/** Gzipped kilobytes of everything that a function may load, SDK chunks included. */
const BUDGET_KB = 650;

type Output = {
  readonly bytes: number;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
};
let outputs: Readonly<Record<string, Output>> = {};

/** The entry and what it imports at once, dynamic imports left out. */
const loadedAtStart = (entry: string): ReadonlySet<string> => {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path) || outputs[path] === undefined) return;
    seen.add(path);
    for (const { path: next, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement') visit(next);
  };
  visit(entry);
  return seen;
};

const call = (name: string, event: unknown): unknown => {
  const script = `const { handler } = await import(${JSON.stringify(join(LAMBDA_DIR, name, 'index.mjs'))}); process.stdout.write('\\n@@' + JSON.stringify(await handler(${JSON.stringify(event)}, {})));`;
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: ENVIRONMENT,
    encoding: 'utf8',
  });
  return JSON.parse(text.split('@@')[1] ?? 'null');
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

describe('the bundled functions', () => {
  beforeAll(async () => {
    outputs = (await bundleFunctions()).outputs;
    writeDeployment(LAMBDA_DIR, FUNCTIONS, readSpecs(['examples/aws-minimal.yaml']));
  });

  test('stay within their budget', () => {
    const files = Object.keys(outputs);
    const kb = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0) / 1024;
    expect(kb).toBeLessThan(BUDGET_KB);
  });

  test('load no cloud SDK before they need one', () => {
    for (const name of FUNCTIONS) {
      const bytes = [...loadedAtStart(`dist/lambda/${name}/index.mjs`)].reduce(
        (sum, file) => sum + statSync(file).size,
        0,
      );
      expect(bytes).toBeLessThan(500_000);
    }
  });

  test('answer: ingest and reconcile an empty batch, webhook an unknown name, api an unknown route', () => {
    expect(call('ingest', { Records: [] })).toEqual({ batchItemFailures: [] });
    expect(call('reconcile', { Records: [] })).toEqual({ batchItemFailures: [] });
    expect(call('webhook', http('/hooks/nobody', 'POST'))).toMatchObject({ statusCode: 404 });
    expect(call('api', http('/nothing', 'GET'))).toMatchObject({ statusCode: 404 });
  });

  test('say which variable is missing when the environment is incomplete', () => {
    const { MUSTER_TABLE: _table, ...rest } = ENVIRONMENT;
    const script = join(LAMBDA_DIR, 'try.mjs');
    writeFileSync(
      script,
      `import { handler } from './ingest/index.mjs'; try { await handler({ Records: [] }, {}); } catch (error) { console.log('@@' + error.message); }`,
    );
    expect(execFileSync(process.execPath, [script], { env: rest, encoding: 'utf8' })).toContain(
      'MUSTER_TABLE',
    );
  });
});
