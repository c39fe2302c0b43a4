import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // ggml's worker threads spin: two test files computing at once are slower than one after the other.
    maxWorkers: 2,
    pool: 'forks',
    setupFiles: ['test/support/matchers.ts'],
    reporters: ['default'],
  },
})
