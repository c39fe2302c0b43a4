/**
 * Tokens per second of base training beside PyTorch (transformers' Llama, AdamW) on the same shapes and threads,
 * alternating in one run; then where a step of ours goes. See bench/README.md.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { availableThreads } from '../src/ggml/threads.ts'
import { corpusKnobs } from '../src/organism/knobs.ts'
import { configJson, Network, SIZES, type SizeName } from '../src/organism/network.ts'
import { pretrainStep } from '../src/organism/pretrain.ts'
import { Reference } from '../src/organism/stage.ts'
import { TrainGraph } from '../src/organism/train-graph.ts'
import { Trainer } from '../src/organism/trainer.ts'

const ROWS = 12
const LENGTH = 64
const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    threads: { type: 'string', default: String(availableThreads()) },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '30' },
    size: { type: 'string', multiple: true, default: ['tiny', 'reference'] },
  },
})
const threads = Number(values.threads)
const steps = Number(values.steps)

/** The other side: a process that trains on request. */
class Peer implements Disposable {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor(python: string, config: string) {
    const script = fileURLToPath(new URL('peer_torch_training.py', import.meta.url))
    this.#process = spawn(python, [script, config, String(ROWS), String(LENGTH), String(threads)])
    this.#process.stderr.pipe(process.stderr)
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  async number(): Promise<number> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the peer has ended')
    return Number(value)
  }

  train(count: number): Promise<number> {
    this.#process.stdin.write(`${count}\n`)
    return this.number()
  }

  [Symbol.dispose](): void {
    this.#process.kill()
  }
}

/** Our side, with the seconds spent in each part. */
class Ours implements Disposable {
  readonly network: Network
  readonly #graph: TrainGraph
  readonly #trainer: Trainer
  readonly #reference: Reference
  readonly #step = pretrainStep(corpusKnobs(), 1)
  readonly parts = { forward: 0, backward: 0 }

  constructor(size: SizeName) {
    this.network = new Network(SIZES[size], threads)
    this.network.initialise(1)
    this.#graph = new TrainGraph(this.network, LENGTH, ROWS)
    this.#reference = new Reference(this.network)
    this.#trainer = new Trainer(this.network, { beta1: 0.9, beta2: 0.98, eps: 1e-8, decay: 0.05 }, 1)
    for (const part of ['forward', 'backward'] as const) {
      const run = this.#graph[part].bind(this.#graph)
      this.#graph[part] = async (signal) => {
        const start = performance.now()
        await run(signal)
        this.parts[part] += (performance.now() - start) / 1000
      }
    }
  }

  async train(count: number): Promise<number> {
    const [trainer, graph, reference] = [this.#trainer, this.#graph, this.#reference]
    const start = performance.now()
    for (let i = 0; i < count; i++) {
      const { loss } = await this.#step({ trainer, graph, reference, step: trainer.step, signal: undefined })
      await trainer.update(graph, loss, 1e-3)
    }
    return (performance.now() - start) / 1000
  }

  [Symbol.dispose](): void {
    this.#graph[Symbol.dispose]()
    this.network[Symbol.dispose]()
  }
}

/** Multiplications and additions of a step: three times those of a pass, attention as it is computed. */
function stepFlops(network: Network): number {
  const { heads, headDim, layers } = network.architecture
  const matrices = network.weights.filter((w) => w.shape.length > 1)
  const inProducts = matrices.reduce((n, w) => n + w.values.length, 0)
  return 3 * 2 * ROWS * LENGTH * (inProducts + 2 * layers.length * heads * headDim * LENGTH)
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'))
const perStep = ROWS * LENGTH
for (const size of values.size as SizeName[]) {
  using ours = new Ours(size)
  const config = join(folder, `${size}.json`)
  writeFileSync(config, JSON.stringify(configJson(SIZES[size])))
  using peer = values.python === undefined ? undefined : new Peer(values.python, config)
  if (
    peer !== undefined &&
    (await peer.number()) !== ours.network.weights.reduce((n, w) => n + w.values.length, 0)
  )
    throw new Error('the peer has another number of weights')
  await ours.train(5)
  await peer?.train(5)
  Object.assign(ours.parts, { forward: 0, backward: 0 })
  const times: { mine: number; theirs: number }[] = []
  for (let i = 0; i < Number(values.rounds); i++)
    times.push({ mine: await ours.train(steps), theirs: (await peer?.train(steps)) ?? Number.NaN })
  const median = (x: number[]): number => x.sort((a, b) => a - b)[x.length >> 1]!
  const mine = median(times.map((t) => t.mine)) / steps
  const theirs = median(times.map((t) => t.theirs)) / steps
  const gflops = (seconds: number): string =>
    `${(stepFlops(ours.network) / seconds / 1e9).toFixed(0)} GFLOP/s`
  console.log(
    `d ${SIZES[size].width}, ${threads} threads: ${(perStep / mine).toFixed(0)} tokens/s (${gflops(mine)})` +
      (peer === undefined
        ? ''
        : `, torch ${(perStep / theirs).toFixed(0)} (${gflops(theirs)}): ${median(times.map((t) => t.theirs / t.mine)).toFixed(2)}x`),
  )
  const all = times.reduce((s, t) => s + t.mine, 0)
  const share = (seconds: number): string => `${((100 * seconds) / all).toFixed(0)}%`
  const { forward, backward } = ours.parts
  console.log(
    `  forward ${share(forward)}, backward ${share(backward)}, optimiser and batches ${share(all - forward - backward)}`,
  )
}
rmSync(folder, { recursive: true })
