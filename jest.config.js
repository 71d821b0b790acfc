/**
 * jest runs the sources as ES modules; esbuild strips the types, tsc checks them in `npm run check`. Two projects: `unit` is run by `npm
 * test`, `e2e` starts the built program; `npm run test:all` runs both.
 */
const COMMON = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.sh'],
  resolver: '<rootDir>/__tests__/helpers/resolve-ts.cjs',
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node', 'sh'],
  transform: { '^.+\\.(ts|sh)$': '<rootDir>/__tests__/helpers/transform-ts.cjs' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

export default {
  // Generous, for busy machines: it ends tests that hang, and measures nothing.
  testTimeout: 120_000,
  maxWorkers: '100%',
  projects: [
    {
      ...COMMON,
      displayName: 'unit',
      testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/__tests__/e2e/'],
    },
    { ...COMMON, displayName: 'e2e', testMatch: ['<rootDir>/__tests__/e2e/**/*.test.ts'] },
  ],
};
