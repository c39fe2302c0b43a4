/**
 * Products of weights and attention in GFLOP/s, beside the most that the processor does: our kernels, ggml's own
 * and, where --python names an interpreter that has it, torch. The ways alternate in one run; figures of different runs, or of a busy machine, do not compare.
 *
 * Usage: npx tsx bench/kernels.ts [--threads N] [--shapes 576x1536x256,...] [--rounds 3] [--python PYTHON]
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import {
  Backend,
  kernelsOf,
  measureAttention,
  measurePeak,
  measureProducts,
  type ProductShape,
} from '../src/ggml/index.ts'
import { availableThreads } from '../src/ggml/threads.ts'

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: String(availableThreads()) },
    /** Inputs x outputs x rows: linear maps of SmolLM2-135M and of an 8B model. */
    shapes: { type: 'string', default: '576x1536x32,576x1536x256,1536x576x256,4096x4096x128' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
  },
})
const [threads, rounds] = [Number(values.threads), Number(values.rounds)]
const run = promisify(execFile)

/** GFLOP/s of torch for f32 and bf16. */
async function torch(python: string, { inputs, outputs, rows }: ProductShape): Promise<[number, number]> {
  const script = fileURLToPath(new URL('peer_torch_products.py', import.meta.url))
  const args = [script, ...[inputs, outputs, rows, threads, rounds].map(String)]
  const [f32, bf16] = (await run(python, args)).stdout.trim().split(' ').map(Number)
  return [f32!, bf16!]
}

using backend = new Backend({ device: 'cpu', threads })
backend.kernels?.kernels.product({ weights: 'F32', activations: 'F32' })
console.log(JSON.stringify({ threads, ...kernelsOf(backend.engine).report() }))
const peak = await measurePeak(backend, rounds)
if (peak !== undefined)
  console.log(`peak: f32 ${peak.f32.toFixed(0)}, bf16 ${peak.bf16?.toFixed(0) ?? '-'} GFLOP/s`)
console.log('| inputs x outputs x rows | weights | kernel | ggml | torch |')
console.log('| --- | --- | ---: | ---: | ---: |')
const cell = (speed: number | undefined): string => (speed === undefined ? '-' : speed.toFixed(0))
for (const text of values.shapes.split(',')) {
  const [inputs, outputs, rows] = text.split('x').map(Number) as [number, number, number]
  const speeds = await measureProducts(backend, { inputs, outputs, rows }, { rounds })
  const peer = values.python === undefined ? undefined : await torch(values.python, { inputs, outputs, rows })
  for (const { type, precision, kernel, ggml } of speeds) {
    const theirs = peer && (type === 'F32' ? peer[0] : precision === 'native' ? peer[1] : undefined)
    console.log(
      `| ${text} | ${type.toLowerCase()} at ${precision} | ${cell(kernel)} | ${cell(ggml)} | ${cell(theirs)} |`,
    )
  }
}

console.log('\n| attention among texts of (tokens) | kernel | ggml |')
console.log('| --- | ---: | ---: |')
for (const lengths of [new Array<number>(12).fill(44), [512]]) {
  const { kernel, ggml } = await measureAttention(backend, lengths, { rounds })
  console.log(`| ${lengths.length} x ${lengths[0]} | ${cell(kernel)} | ${cell(ggml)} |`)
}
