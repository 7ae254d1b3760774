// The import table of the house (docs/architecture.md). A folder is named with what it may import; everything else of
// ours is forbidden to it. Imports of types count like any other.
const table = {
  core: ['core'],
  engine: ['engine', 'core'],
  events: ['events', 'core/model'],
  bootstrap: ['bootstrap', 'core/model'],
  config: ['config', 'core/model'],
  catalogue: ['catalogue', 'core/model', 'engine/ports'],
  emulator: ['emulator', 'core/model', 'engine/ports', 'engine/failure', 'bootstrap', 'catalogue'],
  telemetry: ['telemetry'],
  doors: ['doors', 'core', 'engine', 'events', 'config', 'telemetry'],
  console: ['console', 'core', 'engine/ports', 'telemetry'],
  cli: [
    'cli',
    'core',
    'engine',
    'config',
    'events',
    'bootstrap',
    'catalogue',
    'emulator',
    'console',
    'doors',
    'telemetry',
    'wiring',
  ],
  infra: [
    'infra',
    'config',
    'bootstrap',
    'core/model',
    'telemetry/names',
    'engine/ports',
    'dynamodb/table-definition',
  ],
};
for (const adapter of [
  'aws',
  'gce',
  'command',
  'mesos',
  'marathon',
  'chronos',
  'dynamodb',
  'sqs',
  'embedded',
  'notify',
  'transport',
])
  table[adapter] = [adapter, 'core/model', 'engine/ports', 'engine/failure'];
// Both schedulers speak HTTP to several hosts of which one leads; how that is done stands once (decision 0003).
for (const scheduler of ['mesos', 'marathon', 'chronos']) table[scheduler].push('transport');

const may = (folders) => `^lib/(${folders.map((folder) => folder.replace('/', '\\/')).join('|')})(/|\\.ts$)`;

module.exports = {
  forbidden: [
    ...Object.entries(table).map(([folder, allowed]) => ({
      name: `${folder}-may-not-import-this`,
      severity: 'error',
      from: { path: `^lib/${folder}/` },
      to: { path: '^(lib|lambdas|bin)/', pathNot: may(allowed) },
    })),
    {
      name: 'wiring-imports-no-door-for-people',
      severity: 'error',
      from: { path: '^lib/wiring' },
      to: { path: '^(lib/(infra|cli)|lambdas|bin)/' },
    },
    {
      name: 'lambdas-are-thin',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: { path: '^lib/', pathNot: '^lib/(wiring|doors|console|telemetry)' },
    },
    {
      name: 'bin-is-thin',
      severity: 'error',
      from: { path: '^bin/' },
      to: { path: '^lib/', pathNot: '^lib/(cli|infra)/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: { path: '^lib/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-needs-nobody',
      severity: 'error',
      from: { path: '^lib/core/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
