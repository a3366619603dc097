const { jestConfig } = require('@salesforce/sfdx-lwc-jest/config');

module.exports = {
  ...jestConfig,
  modulePathIgnorePatterns: ['<rootDir>/preview'],
  moduleNameMapper: {
    ...jestConfig.moduleNameMapper,
    '^lightning/navigation$': '<rootDir>/force-app/test/jest-mocks/navigation',
    '^lightning/refresh$': '<rootDir>/force-app/test/jest-mocks/refresh'
  },
  setupFilesAfterEnv: [
    ...(jestConfig.setupFilesAfterEnv ?? []),
    '<rootDir>/force-app/test/jest-setup.js'
  ],
  // The first look of axe at a page takes its time on a busy machine.
  testTimeout: 60_000,
  coverageThreshold: { global: { lines: 90, branches: 80 } }
};
