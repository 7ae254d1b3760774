// Every suite runs as ES modules: middy 6 has no other form.
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  // By default jest leaves one core idle, which on two cores is half of the machine.
  maxWorkers: '100%',
  testTimeout: 30_000,
};
