/**
 * Two 8B-shaped bf16 checkpoints (sparse files) as one mixture: private memory of one step of cross-patching
 * (behind block 15) and of one at theta(0.5). Exit 1 where either takes 3,000 MiB or more. Needs 32 GB of address space and almost no disk.
 *
 *   npx tsx bench/mixture-8b.ts [--precision native|f32]
 */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Backend } from '../src/ggml/backend.ts'
import { availableThreads } from '../src/ggml/threads.ts'
import { openMixture } from '../src/model/mixture.ts'
import { score } from '../src/model/score.ts'
import { privateMemory, writeSparse8b } from './sparse-8b.ts'

const { values } = parseArgs({ options: { precision: { type: 'string', default: 'native' } } })
const precision = values.precision === 'f32' ? 'f32' : 'native'
const folder = mkdtempSync(join(tmpdir(), 'mixture-8b-'))
const [base, aligned] = [join(folder, 'base'), join(folder, 'aligned')]
await writeSparse8b(base)
await writeSparse8b(aligned)
/** A prompt of 12 tokens with two completions of 4: one stance item. */
const item = { id: '1', prompt: Array(12).fill(0), completions: [Array(4).fill(0), Array(4).fill(1)] }

try {
  using _engine = new Backend({ device: 'cpu' }) // loading the engine is not opening a model
  const before = privateMemory()
  // The largest that is seen: a pass may hold more than it leaves.
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, privateMemory() - before)
  }, 100)
  await using mixture = await openMixture(base, aligned, {
    threads: availableThreads(),
    device: 'cpu',
    precision,
  })
  const steps: [string, () => void][] = [
    [
      'cross-patching behind block 15',
      () => mixture.along((l) => (l <= 15 ? 0 : 1), { embedding: 0, head: 1 }),
    ],
    ['theta(0.5)', () => mixture.along(() => 0.5, { embedding: 0.5, head: 0.5 })],
  ]
  for (const [name, along] of steps) {
    along()
    peak = 0
    const start = performance.now()
    await score(mixture.model, [item], {}, () => {})
    peak = Math.max(peak, privateMemory() - before)
    console.log(
      `${precision}, ${name}: ${peak.toFixed(0)} MiB private at the most (of ${(before + peak).toFixed(0)} of the whole process), ${((performance.now() - start) / 1000).toFixed(0)} s`,
    )
    if (peak >= 3000) process.exitCode = 1
  }
  clearInterval(watch)
} finally {
  await rm(folder, { recursive: true })
}
