// Size of each bundled function and how long a fresh process takes to its first answered event, as a ratio to a handler
// that does nothing. No cloud is called: an empty batch, an unknown webhook, an unknown route.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleFunctions, FUNCTIONS, LAMBDA_DIR, ROOT } from '../../build/bundle';
import { readSpecs, writeDeployment } from '../../lib/infra/app';
import { type Figures, median } from './figures';

const RUNS = 31;
const ENVIRONMENT = {
  MUSTER_TABLE: 'table',
  MUSTER_EVENTS_QUEUE: 'http://127.0.0.1:9/events',
  MUSTER_WAKE_QUEUE: 'http://127.0.0.1:9/wake',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

const http = (path: string) => ({
  version: '2.0',
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'local' },
  requestContext: { http: { method: 'GET', path }, domainName: 'local' },
  isBase64Encoded: false,
});

const EVENTS: Readonly<Record<string, unknown>> = {
  ingest: { Records: [] },
  reconcile: { Records: [] },
  webhook: http('/hooks/nobody'),
  api: http('/nothing'),
  // Refused at once: nothing is forwarded.
  reach: { method: 'GET', url: 'http://127.0.0.1:9/health', headers: {}, timeoutMs: 1000 },
};

/** As Lambda's own, for the function that streams; what it answers is that it was written. */
const STREAM = `globalThis.awslambda = { streamifyResponse: (inner) => async (event, context) => {
  const { Writable } = process.getBuiltinModule('node:stream');
  await inner(event, new Writable({ write: (_, __, done) => done() }), context);
  return true;
} };
`;

const EMPTY = 'export const handler = async () => ({ statusCode: 204 });';

/** Milliseconds of a whole process from its start to its end. */
const once = (file: string): number => {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [file], { env: ENVIRONMENT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return performance.now() - started;
};

const starter = (folder: string, name: string, entry: string, event: unknown): string => {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `${STREAM}const { handler } = await import(${JSON.stringify(entry)});\nconst answer = await handler(${JSON.stringify(event)}, {});\nif (answer === undefined) process.exit(1);\nprocess.exit(0);\n`,
  );
  return file;
};

/** One process of each; the first round only warms the disk. */
const measure = (
  files: readonly (readonly [string, string])[],
  times: Map<string, number[]>,
  counts: boolean,
): void => {
  for (const [name, file] of files) {
    const ms = once(file);
    if (counts) times.set(name, [...(times.get(name) ?? []), ms]);
  }
};

type Outputs = Awaited<ReturnType<typeof bundleFunctions>>['outputs'];

const loaded = (outputs: Outputs, entry: string, seen = new Set<string>()): ReadonlySet<string> => {
  if (seen.has(entry) || outputs[entry] === undefined) return seen;
  seen.add(entry);
  for (const { path, kind } of outputs[entry].imports)
    if (kind === 'import-statement') loaded(outputs, path, seen);
  return seen;
};

export const bundleBenches = async (): Promise<readonly Figures[]> => {
  const { outputs } = await bundleFunctions();
  writeDeployment(LAMBDA_DIR, FUNCTIONS, readSpecs(['examples/aws-minimal.yaml']));
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
  try {
    const empty = join(folder, 'empty-handler.mjs');
    writeFileSync(empty, EMPTY);
    const files = { empty: starter(folder, 'empty', empty, {}) };
    const named = Object.fromEntries(
      Object.keys(EVENTS).map((name) => [
        name,
        starter(folder, name, join(LAMBDA_DIR, name, 'index.mjs'), EVENTS[name]),
      ]),
    );
    const times = new Map<string, number[]>();
    // Interleaved, so that a load on the machine falls on all alike.
    const all = Object.entries({ ...files, ...named });
    for (let run = 0; run <= RUNS; run += 1) measure(all, times, run > 0);
    const base = times.get('empty') ?? [];
    return FUNCTIONS.filter((name) => name in EVENTS).map((name) => {
      const paths = [...loaded(outputs, `dist/lambda/${name}/index.mjs`)].map((path) => join(ROOT, path));
      const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
      const gzipped = paths.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
      const own = times.get(name) ?? [];
      // By round, so that a slow moment of the machine weighs on both sides of a ratio.
      const ratios = own.map((ms, run) => ms / (base[run] ?? Infinity));
      return {
        name: `Function ${name}: bundle and process start to first answered event`,
        figures: {
          'KB at start': bytes / 1024,
          'KB gzipped': gzipped / 1024,
          ms: median(own),
          'x empty handler': median(ratios),
        },
        note: `Median of ${RUNS} processes, interleaved; the empty handler takes ${median(base).toFixed(1)} ms.`,
      };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
};
