/**
 * Speed of steered generation against transformers with forward hooks, in one run on the same prompts and vectors:
 * 20 arms x 16 prompts x 64 tokens, sampled. See bench/README.md.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { stream } from '../src/core/random.ts'
import { loadDomain } from '../src/domain/index.ts'
import { availableThreads } from '../src/ggml/threads.ts'
import { add, generate, loadModel } from '../src/model/index.ts'

const run = promisify(execFile)
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const { values } = parseArgs({
  options: {
    gguf: { type: 'string' },
    python: { type: 'string' },
    work: { type: 'string', default: mkdtempSync(join(tmpdir(), 'bench-')) },
    arms: { type: 'string', default: '20' },
    prompts: { type: 'string', default: '16' },
    tokens: { type: 'string', default: '64' },
    batches: { type: 'string', default: '64,320' },
    'peer-batches': { type: 'string', default: '16,64,160' },
    kinds: { type: 'string', default: 'bf16,f32,gguf' },
    rounds: { type: 'string', default: '1' },
  },
})
if (values.gguf === undefined) throw new Error('give --gguf')
const gguf = resolve(values.gguf)
const [arms, count, tokens] = [values.arms, values.prompts, values.tokens].map(Number) as [
  number,
  number,
  number,
]
const kinds = values.kinds.split(',')
const batches = values.batches.split(',').map(Number)
const threads = availableThreads()

interface Work {
  readonly layer: number
  readonly prompts: readonly (readonly number[])[]
  /** [arms][width], scaled. */
  readonly vectors: readonly (readonly number[])[]
}

/** Neutral prompts of the built-in domain, and random vectors of a fifth of a residual norm at two thirds of the depth. */
async function work(): Promise<Work> {
  await using model = await loadModel(gguf, { threads, device: 'cpu' })
  const domain = await loadDomain('us-partisan')
  const texts = domain.prompts.filter((p) => p.loading === 'neutral').slice(0, count)
  const prompts = texts.map((p) => model.tokenizer.encode(p.text))
  const { layers, width } = model.architecture
  const layer = Math.floor((2 * layers.length) / 3)
  const site = `blocks.${layer}.hook_resid_post`
  const norm = (await model.meanNorms(model.items(prompts), [site])).get(site)!
  const vectors = Array.from({ length: arms }, (_, a) => {
    const rng = stream(1, 'bench/steering', a)
    const v = Array.from({ length: width }, () => rng.normal())
    const length = Math.hypot(...v)
    return v.map((x) => (0.2 * norm * x) / length)
  })
  return { layer, prompts, vectors }
}

/** Generated tokens per second of this project, by batch. */
async function ours(path: string, { layer, prompts, vectors }: Work): Promise<Map<number, number>> {
  await using model = await loadModel(path, { threads, device: 'cpu' })
  Object.assign(model, { eosIds: [] }) // every text has its full length, as with the peer
  const rows = vectors.flatMap((_, a) => prompts.map((p, i) => ({ id: `${a}/${i}`, tokens: p })))
  const interventions = vectors.map((v, a) =>
    add({
      site: `blocks.${layer}.hook_resid_post`,
      vector: Float32Array.from(v),
      dose: 1,
      rows: prompts.map((_, i) => a * prompts.length + i),
    }),
  )
  await model.run([prompts[0]!], { logits: 'last' })
  const found = new Map<number, number>()
  for (const batch of batches) {
    const start = performance.now()
    const { texts } = await generate(model, rows, { maxTokens: tokens, temperature: 1, batch, interventions })
    const made = texts.reduce((n, t) => n + t.tokens.length, 0)
    found.set(batch, made / ((performance.now() - start) / 1000))
  }
  return found
}

const w = await work()
const file = join(values.work, 'steering.json')
await writeFile(file, JSON.stringify(w))
console.log(
  `${threads} threads; ${arms} arms x ${w.prompts.length} prompts (${w.prompts.flat().length} tokens) x ${tokens} tokens`,
)
const { python } = values
if (python !== undefined && !existsSync(join(values.work, 'bf16')))
  await run(python, [here('peer_transformers.py'), 'convert', gguf, values.work])
const list = (speeds: ReadonlyMap<number, number>): string =>
  [...speeds].map(([b, s]) => `${s.toFixed(0)} at batch ${b}`).join(', ')
let [best, peer] = [0, 0]
// Machines change their speed by the minute: the two take turns, and the best of each counts.
const turns = Array.from({ length: Number(values.rounds) }, () => kinds).flat()
for (const kind of turns) {
  const path = kind === 'gguf' ? gguf : join(values.work, kind)
  if (!existsSync(path)) {
    console.error(`${kind} left out: give --python`)
    continue
  }
  const mine = await ours(path, w)
  best = Math.max(best, ...mine.values())
  console.log(`${kind.padEnd(6)} ours          ${list(mine)} tokens/s`)
  if (python === undefined || kind === 'gguf') continue
  const args = [here('peer_steering.py'), path, file, String(threads), String(tokens), values['peer-batches']]
  const { stdout } = await run(python, args, { maxBuffer: 1 << 24 })
  const theirs = new Map(
    Object.entries(JSON.parse(stdout.trim().split('\n').at(-1)!)).map(([b, s]) => [Number(b), s as number]),
  )
  peer = Math.max(peer, ...theirs.values())
  console.log(`${kind.padEnd(6)} transformers  ${list(theirs)} tokens/s`)
  console.log(
    `${kind.padEnd(6)} ratio         ${(Math.max(...mine.values()) / Math.max(...theirs.values())).toFixed(2)}, best batch against best batch`,
  )
}
if (peer > 0) console.log(`best of ours over best of transformers: ${(best / peer).toFixed(2)}`)
