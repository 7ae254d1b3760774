// Bundles the functions and the command line. Data that code reads beside itself at run time is copied to where the bundle looks for it.
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
export const FUNCTIONS = ['ingest', 'reconcile', 'webhook', 'api', 'reach'] as const;
export const LAMBDA_DIR = join(ROOT, 'dist/lambda');
export const CLI_DIR = join(ROOT, 'dist/cli');
const CATALOGUE = 'lib/catalogue/data/ec2-catalogue-us-east-1.csv';

/** ES modules have no `require`, and some packages inside the bundle still call it. A long name, because short ones meet
 *  minified ones. */
const BANNER =
  "import{createRequire as __musterCreateRequire}from'node:module';const require=__musterCreateRequire(import.meta.url);";

/** The EC2 client describes 700 operations in objects with computed keys, which a bundler must keep because computing a
 *  key could do something. The keys are constants of the same file, so they are written in, and what is not used falls
 *  away. Where a later version is laid out otherwise nothing matches, the bundle grows, and its budget test fails. */
export const writtenKeys: Plugin = {
  name: 'written-keys',
  setup: (pluginBuild) => {
    pluginBuild.onLoad(
      { filter: /@aws-sdk[/\\]client-[\w-]+[/\\]dist-es[/\\]schemas[/\\]schemas_0\.js$/ },
      async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const names = new Map(
          [...text.matchAll(/^const (_\w+) = "([^"]*)";$/gm)].map(([, name, value]) => [
            name ?? '',
            value ?? '',
          ]),
        );
        const contents = text.replace(/\[(_\w+)\]:/g, (whole, name: string) => {
          const value = names.get(name);
          return value === undefined ? whole : `${JSON.stringify(value)}:`;
        });
        return { contents, loader: 'js' };
      },
    );
  },
};

/** middy loads Node's streams, which cost each cold start about 5 ms of 40, for the one function that streams its answer:
 *  they are loaded at their first use. Where a later version is laid out otherwise nothing matches, and only time is lost. */
const lateStreams: Plugin = {
  name: 'late-streams',
  setup: (pluginBuild) => {
    pluginBuild.onLoad({ filter: /@middy[/\\]core[/\\]index\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8'))
        .replace(
          'import { Readable } from "node:stream";',
          'const Readable = { from: (...all) => process.getBuiltinModule("node:stream").Readable.from(...all) };',
        )
        .replace(
          'import { pipeline } from "node:stream/promises";',
          'const pipeline = (...all) => process.getBuiltinModule("node:stream/promises").pipeline(...all);',
        )
        // The global of this name is loaded late by itself.
        .replace('import { ReadableStream } from "node:stream/web";', ''),
      loader: 'js',
    }));
  },
};

const shared: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  banner: { js: BANNER },
  legalComments: 'none',
  logLevel: 'error',
  metafile: true,
  plugins: [writtenKeys, lateStreams],
};

/** Functions that load nearly the same share their chunks; were all in one call, what they have in common would fall into
 *  many small files, and each file costs a cold start about a millisecond. */
const TOGETHER: readonly (readonly (typeof FUNCTIONS)[number][])[] = [
  ['ingest', 'webhook'],
  ['reconcile', 'api'],
  ['reach'],
];

/** Bundles the functions into dist/lambda, each as `<name>/index.mjs` beside the chunks that they share. */
export const bundleFunctions = async (): Promise<Pick<Metafile, 'outputs'>> => {
  await rm(LAMBDA_DIR, { recursive: true, force: true });
  const results = await Promise.all(
    TOGETHER.map((names) =>
      build({
        ...shared,
        entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `lambdas/${name}/index.ts`])),
        outdir: LAMBDA_DIR,
        splitting: true,
        chunkNames: 'chunk-[hash]',
        target: 'node22',
      }),
    ),
  );
  // The catalogue's code may land in a chunk or in an entry; the file lies beside both.
  for (const folder of ['', ...FUNCTIONS]) await copy(CATALOGUE, join(LAMBDA_DIR, folder, 'data'));
  return {
    outputs: Object.fromEntries(results.flatMap(({ metafile }) => Object.entries(metafile?.outputs ?? {}))),
  };
};

/** Bundles the command line into dist/cli/muster.mjs. */
export const bundleCli = async (): Promise<void> => {
  await rm(CLI_DIR, { recursive: true, force: true });
  await build({
    ...shared,
    entryPoints: { muster: 'bin/muster.ts' },
    outdir: CLI_DIR,
    splitting: true,
    chunkNames: 'chunk-[hash]',
    target: 'node20',
    minify: false,
  });
  await copy(CATALOGUE, join(CLI_DIR, 'data'));
  await copy('lib/emulator/data/titus-2016-snapshot.csv', join(ROOT, 'dist/emulator/data'));
};

const copy = async (file: string, folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await cp(join(ROOT, file), join(folder, file.split('/').at(-1) ?? file));
};
