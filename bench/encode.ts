/**
 * Encoding with a dictionary of Llama Scope's 32x shape (d 4,096, 131,072 latents, bf16; random weights, the decoder
 * a hole in the file): tokens/s beside torch's bf16 product with bias and threshold, and private memory at the peak.
 * Takes 1.1 GB of disk. See bench/README.md.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { mkdir, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { matrix } from '../src/core/matrix.ts'
import { stream } from '../src/core/random.ts'
import { Backend } from '../src/ggml/backend.ts'
import { availableThreads } from '../src/ggml/threads.ts'
import { Encoder } from '../src/sae/encode.ts'
import { meanL0 } from '../src/sae/features.ts'
import { PlacedDictionary } from '../src/sae/placed.ts'

const { values } = parseArgs({
  options: {
    latents: { type: 'string', default: '131072' },
    tokens: { type: 'string', default: '512' },
    python: { type: 'string' },
    work: { type: 'string' },
  },
})
const D = 4096
/** Rows of weights that are made at a time. */
const ROWS = 4096
const [latents, tokens] = [Number(values.latents), Number(values.tokens)]
const threads = availableThreads()
const folder = values.work ?? mkdtempSync(join(tmpdir(), 'bench-'))
const weights = join(folder, 'checkpoints', 'final.safetensors')

/** The dictionary's files: random encoder rows, a decoder of zeros, thresholds that about 50 latents pass. */
async function make(): Promise<void> {
  await mkdir(join(folder, 'checkpoints'), { recursive: true })
  const shapes = {
    'encoder.weight': [latents, D],
    'encoder.bias': [latents],
    'decoder.weight': [D, latents],
    'decoder.bias': [D],
  }
  let at = 0
  const header: Record<string, unknown> = {}
  for (const [name, shape] of Object.entries(shapes)) {
    const bytes = 2 * shape.reduce((a, b) => a * b, 1)
    header[name] = { dtype: 'BF16', shape, data_offsets: [at, at + bytes] }
    at += bytes
  }
  let text = JSON.stringify(header)
  text += ' '.repeat((8 - (text.length % 8)) % 8)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const file = await open(weights, 'w')
  await file.write(Buffer.concat([length, Buffer.from(text)]))
  const rng = stream(1, 'bench/encode')
  const some = Uint16Array.from({ length: ROWS * D }, () => bf16(rng.normal() / Math.sqrt(D)))
  for (let row = 0; row < latents; row += ROWS) {
    // The same numbers in another order, so that no two rows are equal: making them all anew takes minutes.
    const shift = D * rng.below(ROWS) + rng.below(D)
    await file.write(new Uint8Array(some.slice(shift).buffer))
    await file.write(new Uint8Array(some.slice(0, shift).buffer))
  }
  await file.close()
  await truncate(weights, 8 + text.length + at)
  await writeFile(
    join(folder, 'hyperparams.json'),
    JSON.stringify({
      hook_point_in: 'blocks.15.hook_resid_post',
      hook_point_out: 'blocks.15.hook_resid_post',
      d_model: D,
      d_sae: latents,
      act_fn: 'jumprelu',
      jump_relu_threshold: 3.36,
      norm_activation: 'dataset-wise',
      dataset_average_activation_norm: { in: Math.sqrt(D), out: Math.sqrt(D) },
      sparsity_include_decoder_norm: false,
      use_decoder_bias: true,
      apply_decoder_bias_to_pre_encoder: false,
      use_glu_encoder: false,
      top_k: 50,
    }),
  )
}

/** Rounded toward zero: good enough for random weights. */
function bf16(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16
}

/** Private memory of this process in bytes, mapped files left out. */
function privateBytes(): number {
  const text = readFileSync('/proc/self/smaps_rollup', 'utf8')
  // Not Private_Dirty: pages of a file that was just written count there until they are on disk.
  return 1024 * Number(/^Anonymous:\s+(\d+)/m.exec(text)![1])
}

if (!existsSync(join(folder, 'hyperparams.json'))) await make()
const rng = stream(2, 'bench/encode')
const x = matrix(
  tokens,
  D,
  Float32Array.from({ length: tokens * D }, () => rng.normal()),
)
let peak = 0

/** Tokens/s of encoding, the best of two rounds after one that opens and measures. */
async function ours(backend: Backend): Promise<number> {
  using placed = await PlacedDictionary.open(folder, backend)
  using encoder = new Encoder(placed)
  await encoder.encode(matrix(8, D, x.data.subarray(0, 8 * D)))
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 2; round++) {
    const start = performance.now()
    const features = await encoder.encode(x)
    best = Math.min(best, performance.now() - start)
    if (round === 0) console.log(`L0 ${meanL0(features).toFixed(1)}`)
  }
  // Apart from the timing: to look at a gigabyte of mapped pages takes milliseconds of a core each time.
  const watch = setInterval(() => {
    peak = Math.max(peak, privateBytes())
  }, 5)
  await encoder.encode(x)
  clearInterval(watch)
  return (1000 * tokens) / best
}

const run = promisify(execFile)
/** The same product in torch. */
async function torch(python: string): Promise<number> {
  const script = fileURLToPath(new URL('peer_torch_encode.py', import.meta.url))
  const { stdout } = await run(python, [script, weights, String(tokens), String(threads)])
  return Number(stdout.trim().split('\n').at(-1))
}

using backend = new Backend({ device: 'cpu', threads })
console.log(`${threads} threads; ${latents} latents, ${tokens} tokens`)
for (let round = 0; round < 2; round++) {
  const mine = await ours(backend)
  const theirs = values.python === undefined ? undefined : await torch(values.python)
  const beside =
    theirs === undefined ? '' : `; torch bf16 ${theirs.toFixed(0)}: ours ${(mine / theirs).toFixed(2)}x`
  console.log(`${mine.toFixed(0)} tokens/s${beside}`)
}
console.log(`${(peak / 1e6).toFixed(0)} MB of private memory at the peak, of the whole process`)
if (values.work === undefined) await rm(folder, { recursive: true })
