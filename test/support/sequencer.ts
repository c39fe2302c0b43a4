/**
 * The order of the files: those that take longest first, so that at the end no process works alone. A clean checkout
 * knows nothing of earlier runs, where Vitest would look, and a file's size says little of how long it takes.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take more than about five seconds, the longest first (docs/log.md has how long). */
const LONGEST = [
  'test/known-answers.ci.ts',
  'test/demo.test.ts',
  'test/steering-study.test.ts',
  'src/ggml/kernels/kernels.test.ts',
  'test/study.test.ts',
  'test/cli-compare.test.ts',
  'test/cli.test.ts',
  'test/chain.test.ts',
  'test/features-study.test.ts',
  'test/feature-arms.test.ts',
  'test/cli-models.test.ts',
  'src/report/page.test.ts',
  'test/identity-study.test.ts',
  'test/cut-study.test.ts',
  'test/train-sae.test.ts',
  'src/sae/train/train.test.ts',
].map((name) => {
  const path = fileURLToPath(new URL(`../../${name}`, import.meta.url))
  if (!existsSync(path))
    throw new Error(`${name} is not there: take it from the list, or name it as it is now called`)
  return path
})

const rank = ({ moduleId }: TestSpecification): number => {
  const place = LONGEST.indexOf(moduleId)
  return place === -1 ? LONGEST.length : place
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
