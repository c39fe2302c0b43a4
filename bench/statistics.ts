/**
 * The statistics of claim direction at the size of the tweets study: 6,000 texts of 120 authors, 30 layers, d 576,
 * all estimators and nulls. Made-up activations with a weak direction; prints seconds and peak memory.
 */
import { type Matrix, matrix } from '../src/core/matrix.ts'
import { stream } from '../src/core/random.ts'
import { measureDirection, readLabels } from '../src/stats/index.ts'

const [N, D, LAYERS, AUTHORS] = [6000, 576, Number(process.argv[2] ?? 30), 120]
const poles = Int8Array.from({ length: N }, (_, i) => (i % AUTHORS) % 2)
const groups = Array.from({ length: N }, (_, i) => `author-${i % AUTHORS}`)
const labels = readLabels({ poles, groups })

function layer(l: number): Matrix {
  const rng = stream(1, 'bench/statistics', l)
  const shift = Float32Array.from({ length: D }, () => 0.04 * rng.normal())
  const x = matrix(N, D)
  for (let i = 0; i < N; i++)
    for (let j = 0; j < D; j++) x.data[i * D + j] = rng.normal() + (poles[i] === 1 ? shift[j]! : 0)
  return x
}

const start = performance.now()
const result = await measureDirection({ count: LAYERS, load: async (l) => layer(l) }, labels, {
  seed: 1,
  draws: { bootstrap: 2000, meanDifference: 1000, refitted: 200 },
  onProgress: (done, total) => process.stderr.write(`\r${done}/${total} layers`),
})
process.stderr.write('\n')
console.log(
  `${((performance.now() - start) / 1000).toFixed(0)} s, ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB at the peak; AUC ${result.primaryAuc.value.toFixed(3)}`,
)
