/** jest runs the sources as ES modules; esbuild strips the types, tsc checks them in `npm run check`. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  resolver: '<rootDir>/__tests__/helpers/resolve-ts.cjs',
  transform: { '^.+\\.ts$': '<rootDir>/__tests__/helpers/transform-ts.cjs' },
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};
