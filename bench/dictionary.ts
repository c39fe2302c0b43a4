/**
 * Training a dictionary: ours beside dictionary_learning's, on the same activations in the same order, from one
 * run of the model. See bench/README.md.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { matrix } from '../src/core/matrix.ts'
import { stream } from '../src/core/random.ts'
import { Backend } from '../src/ggml/backend.ts'
import { availableThreads } from '../src/ggml/threads.ts'
import { loadModel } from '../src/model/index.ts'
import { Encoder } from '../src/sae/encode.ts'
import { meanL0, VarianceUnexplained } from '../src/sae/features.ts'
import { PlacedDictionary } from '../src/sae/placed.ts'
import type { TestText } from '../src/sae/selftest.ts'
import { ActivationStream } from '../src/sae/train/activations.ts'
import { saveDictionary } from '../src/sae/train/save.ts'
import { TRAIN_KINDS, type TrainKind, trainSettings } from '../src/sae/train/settings.ts'
import { DictionaryTrainer } from '../src/sae/train/trainer.ts'
import { tokenizeText } from '../src/study/inputs.ts'
import { PINNED_DATE } from '../src/study/schema.ts'
import { readTable } from '../src/study/tables.ts'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    texts: { type: 'string' },
    column: { type: 'string', default: 'text' },
    /** Texts at most. */
    count: { type: 'string', default: '1000000' },
    site: { type: 'string', default: 'blocks.12.hook_resid_post' },
    kind: { type: 'string', default: 'topk' },
    latents: { type: 'string', default: '4608' },
    k: { type: 'string', default: '32' },
    tokens: { type: 'string', default: '1000000' },
    /** Steps of a round of speed, in place of training to the end. */
    steps: { type: 'string' },
    /** Leave ours out (its dictionary of an earlier run in --work is taken), or the peers. */
    only: { type: 'string' },
    python: { type: 'string' },
    work: { type: 'string', default: mkdtempSync(join(tmpdir(), 'bench-')) },
  },
})
const BATCH = 1024
const BATCHES = 16
const HELD_OUT = 10
const { work, site, python } = values
const kind = values.kind as TrainKind
if (!TRAIN_KINDS.includes(kind)) throw new Error(`--kind is one of ${TRAIN_KINDS.join(', ')}`)
const [latents, k, tokens] = [values.latents, values.k, values.tokens].map(Number) as [number, number, number]
const threads = availableThreads()
const peers = ['dictionary_learning', 'sae_lens']
const run = promisify(execFile)
const file = (name: string): string => join(work, name)
const floats = async (name: string): Promise<Float32Array> => {
  const { buffer, byteOffset, byteLength } = await readFile(file(name))
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
}

/** Writes activations, scaled to a mean squared norm of one: of nine tenths of the texts, and of the rest. */
async function harvest(): Promise<void> {
  if (values.model === undefined || values.texts === undefined) throw new Error('give --model and --texts')
  await using model = await loadModel(values.model, { threads, device: 'cpu', precision: 'f32' })
  const rows = await readTable(values.texts, { columns: [values.column], limit: Number(values.count) })
  const texts = rows.map((r, i): TestText => {
    const text = r.get(values.column)!
    return { id: String(i), ...tokenizeText(model.tokenizer, text, undefined, PINNED_DATE) }
  })
  const width = model.architecture.width
  let scale: number | undefined
  for (const [name, some] of [
    ['train.f32', texts.filter((_, i) => i % HELD_OUT !== 0)],
    ['held-out.f32', texts.filter((_, i) => i % HELD_OUT === 0)],
  ] as const) {
    const activations = new ActivationStream({
      models: [model],
      texts: some,
      site,
      width,
      batch: BATCH,
      batches: BATCHES,
      seed: 1,
    })
    const out = await open(file(name), 'w')
    // One round; a last buffer may hold some of the next, so it is left out.
    for (;;) {
      const x = await activations.next()
      if (activations.state.text > some.length) break
      scale ??= 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / (x.length / width))
      for (let i = 0; i < x.length; i++) x[i]! *= scale
      await out.write(new Uint8Array(x.buffer))
      process.stderr.write(`\r${name}: ${activations.state.text} of ${some.length} texts`)
    }
    await out.close()
    process.stderr.write('\n')
  }
  await writeFile(file('activations.json'), JSON.stringify({ width, scale, model: basename(values.model) }))
}

if (!existsSync(file('activations.json'))) await harvest()
const { width, scale, model } = JSON.parse(await readFile(file('activations.json'), 'utf8')) as {
  width: number
  scale: number
  model: string
}
const activations = await floats('train.f32')
const batches = Math.floor(activations.length / width / BATCH)
const steps = Math.ceil(tokens / BATCH)
/** Which batch each step takes: every round goes through all in an order of its own. */
const order = Int32Array.from({ length: steps }, (_, step) => {
  const round = Math.floor(step / batches)
  return stream(1, 'bench/batches', round).shuffle(Int32Array.from({ length: batches }, (_, i) => i))[
    step % batches
  ]!
})
await writeFile(file('order.i32'), order)
const settings = trainSettings({ kind, latents, k, tokens })
const job = { work, width, latents, k, kind, batch: BATCH, steps, threads, rate: settings.rate }
await writeFile(file('job.json'), JSON.stringify(job))

/** Trains ours for some steps of the whole; seconds per step, the first (which allocates) left out. */
async function ours(most: number): Promise<number> {
  using backend = new Backend({ device: 'cpu', threads })
  using trainer = new DictionaryTrainer(backend, width, settings)
  const x = (step: number): Float32Array =>
    activations.slice(order[step]! * BATCH * width, (order[step]! + 1) * BATCH * width)
  trainer.startAt(x(0))
  await trainer.take(x(0))
  const start = performance.now()
  for (let step = 1; step < most; step++) {
    const { fvu, dead } = await trainer.take(x(step))
    if (step % 50 === 0) process.stderr.write(`\rstep ${step}: FVU ${fvu.toFixed(4)}, ${dead} dead`)
  }
  const seconds = (performance.now() - start) / 1000 / (most - 1)
  process.stderr.write('\n')
  if (most === steps)
    await saveDictionary(file(`ours-${kind}`), trainer, scale, {
      model_name: model,
      hook_name: site,
      prepend_bos: false,
      context_size: 128,
      trained_on: [model],
      trained_by: 'bench/dictionary.ts',
      training_job: '',
    })
  return seconds
}

/** The same by a peer; undefined where it is not installed. */
async function theirs(name: string, most: number): Promise<number | undefined> {
  try {
    const script = fileURLToPath(new URL('peer_dictionary.py', import.meta.url))
    const { stdout } = await run(python!, [script, name, file('job.json'), String(most)], {
      maxBuffer: 1 << 24,
    })
    return Number(stdout.trim().split('\n').at(-1))
  } catch (error) {
    console.error(`${name} left out: ${(error as Error).message.split('\n').slice(-5).join(' ')}`)
    return undefined
  }
}

/** Held-out activations through a dictionary's files; `unit`: what its activations are scaled by. */
async function quality(folder: string, unit: number): Promise<void> {
  if (!existsSync(file(folder))) return
  const data = await floats('held-out.f32')
  const x = matrix(
    data.length / width,
    width,
    data.map((v) => (v * unit) / scale),
  )
  using backend = new Backend({ device: 'cpu', threads })
  using placed = await PlacedDictionary.open(file(folder), backend)
  using encoder = new Encoder(placed)
  const features = await encoder.encode(x)
  const unexplained = new VarianceUnexplained(width)
  unexplained.add(x, await encoder.decode(features, x))
  const seen = new Set(features.indices)
  console.log(
    `${folder.padEnd(30)} held-out FVU ${unexplained.value.toFixed(4)}, L0 ${meanL0(features).toFixed(1)}, ${latents - seen.size} of ${latents} latents not seen, ${x.rows} tokens`,
  )
}

console.log(
  `${threads} threads; ${batches * BATCH} tokens, ${steps} steps of ${BATCH}, ${latents} latents, k ${k}`,
)
if (values.steps !== undefined) {
  const most = Number(values.steps)
  for (let round = 0; round < 2; round++) {
    const mine = await ours(most)
    console.log(`ours                 ${(BATCH / mine).toFixed(0)} tokens/s`)
    for (const name of python === undefined ? [] : peers) {
      const other = await theirs(name, most)
      if (other !== undefined)
        console.log(
          `${name.padEnd(20)} ${(BATCH / other).toFixed(0)} tokens/s: ours ${(other / mine).toFixed(2)}x`,
        )
    }
  }
} else {
  if (values.only !== 'peers') await ours(steps)
  if (python !== undefined && values.only !== 'ours') for (const name of peers) await theirs(name, steps)
  await quality(`ours-${kind}`, 1)
  for (const name of peers) await quality(`${name}-${kind}`, scale)
}
