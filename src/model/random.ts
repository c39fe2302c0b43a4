/**
 * A randomly initialised twin of a model: the same shape, tokenizer and forward pass, weights that have learned
 * nothing. What a probe reads from it is what words and wiring give for free.
 */

import { stream } from '../core/random.ts'
import { f32ToF16 } from '../formats/half.ts'
import { Backend } from '../ggml/backend.ts'
import { TensorStore } from '../ggml/buffer.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Architecture } from './architecture.ts'
import { Model } from './model.ts'
import type { LayerWeights, Linear, Weights } from './weights.ts'

/** Standard deviation of the weights, as Hugging Face initialises these families (`initializer_range`). */
const SD = 0.02

/** Parameters of a model of this shape; its twin takes two bytes for each. */
export function parameterCount(a: Architecture): number {
  const q = a.heads * a.headDim
  const kv = a.kvHeads * a.headDim
  return (
    a.vocabulary * a.width + a.layers.length * (2 * q * a.width + 2 * kv * a.width + 3 * a.mlpWidth * a.width)
  )
}

/**
 * Makes the twin. Weights are uniform with standard deviation 0.02, in f16; norms are one, biases zero.
 *
 * @throws PalimpsestError `engine-memory`
 */
export function randomTwin(model: Model, seed: number): Model {
  const a = model.architecture
  const backend = new Backend({
    device: model.backend.isCpu ? 'cpu' : 'auto',
    threads: model.backend.threads,
  })
  return new Model({
    path: `random twin of ${model.path}`,
    checkpoint: { ...model.checkpoint, [Symbol.dispose]: () => {} },
    architecture: a,
    backend,
    weights: randomWeights(backend, a, seed),
    adapter: undefined,
    tokenizer: model.tokenizer,
    template: model.template,
    ropePairs: 'half',
    precision: 'native',
    eosIds: model.eosIds,
  })
}

function randomWeights(backend: Backend, a: Architecture, seed: number): Weights {
  const store = new TensorStore(backend, 17 * a.layers.length + 8)
  const matrix = (name: string, rows: number, cols: number): Tensor =>
    store.upload('F16', [cols, rows], randomValues(seed, name, rows * cols))
  const vector = (length: number, value: number): Tensor =>
    store.upload('F32', [length], new Float32Array(length).fill(value))
  const norm = (name: string | undefined): Tensor | undefined =>
    name === undefined ? undefined : vector(a.width, 1)
  const q = a.heads * a.headDim
  const kv = a.kvHeads * a.headDim
  const qk = (width: number): Tensor | undefined =>
    a.queryKeyNorm === 'none' ? undefined : vector(a.queryKeyNorm === 'head' ? a.headDim : width, 1)
  const layers = a.layers.map((_, l): LayerWeights => {
    const linear = (name: string, rows: number, cols: number): Linear => ({
      name,
      weight: matrix(`${l}.${name}`, rows, cols),
      bias: undefined,
    })
    return {
      q: linear('q', q, a.width),
      k: linear('k', kv, a.width),
      v: linear('v', kv, a.width),
      o: linear('o', a.width, q),
      gate: linear('gate', a.mlpWidth, a.width),
      up: linear('up', a.mlpWidth, a.width),
      down: linear('down', a.width, a.mlpWidth),
      queryNorm: qk(q),
      keyNorm: qk(kv),
      beforeAttention: norm(a.norms.beforeAttention),
      afterAttention: norm(a.norms.afterAttention),
      beforeMlp: norm(a.norms.beforeMlp),
      afterMlp: norm(a.norms.afterMlp),
    }
  })
  const embedding = matrix('embedding', a.vocabulary, a.width)
  const finalNorm = vector(a.width, 1)
  store.commit()
  return { embedding, output: embedding, finalNorm, layers, [Symbol.dispose]: () => store[Symbol.dispose]() }
}

/** The values that there are, in ascending order. */
let table: Uint16Array | undefined

/** Uniform values of the wanted standard deviation as f16: two from each random word. */
function randomValues(seed: number, name: string, count: number): Uint16Array {
  const rng = stream(seed, `random-model/${name}`)
  const half = Math.sqrt(3) * SD
  table ??= f32ToF16(Float32Array.from({ length: 65536 }, (_, i) => half * ((2 * i + 1) / 65536 - 1)))
  const out = new Uint16Array(count)
  for (let i = 0; i < count; i += 2) {
    const word = rng.uint32()
    out[i] = table[word & 0xffff]!
    if (i + 1 < count) out[i + 1] = table[word >>> 16]!
  }
  return out
}
