import { defineConfig } from 'vitest/config'

// Calibration of the statistics: minutes, not seconds. Run with `npm run test:slow`.
export default defineConfig({
  test: {
    include: ['src/**/*.slow.ts', 'test/**/*.slow.ts'],
    testTimeout: 3_600_000,
    pool: 'forks',
    maxWorkers: 1,
    globalSetup: ['test/support/package.ts'],
    setupFiles: ['test/support/matchers.ts'],
  },
})
