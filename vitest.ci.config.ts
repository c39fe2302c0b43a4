import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

// What .ci/run asks: all of `npm test`, and an organism that is trained anew.
export default mergeConfig(base, defineConfig({ test: { include: ['test/**/*.ci.ts'] } }))
