import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/sequencer.ts'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // ggml's worker threads spin while they wait for each other. So two files at once, a thread each where a test asks
    // for no more; those of threads do.
    maxWorkers: 2,
    env: { PALIMPSEST_THREADS: '1' },
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/support/package.ts'],
    setupFiles: ['test/support/matchers.ts'],
    reporters: ['default'],
  },
})
