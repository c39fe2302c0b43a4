/**
 * Speed on a real model against its peers, in one run: prefill, decoding, harvest. See bench/README.md.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { availableThreads } from '../src/ggml/threads.ts'
import { generate, loadModel } from '../src/model/index.ts'
import { poolTexts } from '../src/model/pooled.ts'
import { meanOver } from '../src/model/pooling.ts'
import { readTable } from '../src/study/tables.ts'

/** What is measured; `patterns` is a harvest that also reads every attention pattern. */
const MEASURES = ['prefill', 'decode1', 'decode8', 'harvest', 'patterns'] as const
type Measure = (typeof MEASURES)[number]
/** Tokens per second. */
type Speeds = Partial<Record<Measure, number>>

const run = promisify(execFile)
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const { values } = parseArgs({
  options: {
    gguf: { type: 'string' },
    texts: { type: 'string' },
    column: { type: 'string', default: 'text' },
    count: { type: 'string', default: '300' },
    python: { type: 'string' },
    work: { type: 'string', default: mkdtempSync(join(tmpdir(), 'bench-')) },
    only: { type: 'string', default: MEASURES.join(',') },
    kinds: { type: 'string', default: 'gguf,f32,bf16' },
    /** How often this project and transformers take turns; the best of each counts. */
    rounds: { type: 'string', default: '2' },
  },
})
if (values.gguf === undefined || values.texts === undefined) throw new Error('give --gguf and --texts')
const gguf = resolve(values.gguf)
const threads = availableThreads()
const only = values.only.split(',') as Measure[]
const rounds = Number(values.rounds)

async function best(rounds: number, f: () => Promise<unknown>): Promise<number> {
  let value = Number.POSITIVE_INFINITY
  for (let i = 0; i < rounds; i++) {
    const start = performance.now()
    await f()
    value = Math.min(value, (performance.now() - start) / 1000)
  }
  return value
}

/** Tokens per second of this project on a model. */
async function ours(path: string, texts: readonly (readonly number[])[]): Promise<Speeds> {
  await using model = await loadModel(path, { threads, device: 'cpu' })
  // Without end tokens every decoding has the same length.
  Object.assign(model, { eosIds: [] })
  const prompt = Array.from({ length: 256 }, (_, i) => 1000 + i)
  await model.run([prompt], { logits: 'last' })
  const decode = async (batch: number): Promise<number> => {
    const prompts = Array.from({ length: batch }, (_, i) => ({ id: String(i), tokens: prompt.slice(0, 16) }))
    const time = (n: number): Promise<number> =>
      best(2, () => generate(model, prompts, { maxTokens: n, batch }))
    return (64 * batch) / ((await time(65)) - (await time(1)))
  }
  const items = texts.map((tokens, i) => ({ id: String(i), tokens }))
  const blocks = 'blocks.*.hook_resid_post'
  const layers = model.architecture.layers.map((_, layer) => layer)
  const everyToken = texts.map((tokens) => [tokens.map((_, t) => t)])
  const harvest = (): Promise<void> =>
    poolTexts(model, items, { hooks: [blocks], tokens: (i) => everyToken[i]! }, ({ get }) => {
      for (const l of layers) get(`blocks.${l}.hook_resid_post`)
    })
  const patterns = (): Promise<unknown> =>
    model.stream(items, { hooks: [blocks, 'blocks.*.attn.hook_pattern'] }, ({ item, get }) => {
      const used = new Uint8Array(item.tokens.length).fill(1)
      for (const l of layers) meanOver(get(`blocks.${l}.hook_resid_post`), used)
      for (const l of layers) get(`blocks.${l}.attn.hook_pattern`)
    })
  const total = texts.reduce((n, t) => n + t.length, 0)
  const measure: Record<Measure, () => Promise<number>> = {
    prefill: async () => 256 / (await best(3, () => model.run([prompt], { logits: 'last' }))),
    decode1: () => decode(1),
    decode8: () => decode(8),
    harvest: async () => total / (await best(2, () => harvest())),
    patterns: async () => total / (await best(2, () => patterns())),
  }
  const speeds: Speeds = {}
  for (const name of only) speeds[name] = await measure[name]()
  return speeds
}

/** The better of two runs, measure by measure. */
function better(a: Speeds | undefined, b: Speeds | undefined): Speeds | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Object.fromEntries(only.map((name) => [name, Math.max(a[name] ?? 0, b[name] ?? 0)]))
}

async function peer(what: string, command: string, args: readonly string[]): Promise<Speeds | undefined> {
  try {
    const { stdout } = await run(command, [...args], { cwd: here('.'), maxBuffer: 1 << 24 })
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Speeds
  } catch (error) {
    console.error(`${what} left out: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`)
    return undefined
  }
}

function show(name: string, mine: Speeds, theirs: Speeds | undefined, peerName: string): void {
  for (const key of only) {
    const [a, b] = [mine[key], theirs?.[key]]
    if (a === undefined) continue
    const ratio = b === undefined ? '' : `${b.toFixed(0).padStart(7)}  ${(a / b).toFixed(2)}x ${peerName}`
    console.log(`${name.padEnd(8)} ${key.padEnd(8)} ${a.toFixed(0).padStart(7)} tokens/s ${ratio}`)
  }
}

const rows = await readTable(values.texts, { columns: [values.column], limit: Number(values.count) })
let texts: number[][]
{
  await using model = await loadModel(gguf, { threads: 1, device: 'cpu' })
  texts = rows.map((r) => model.tokenizer.encode(r.get(values.column)!))
}
const tokens = join(values.work, 'tokens.jsonl')
await writeFile(tokens, texts.map((t) => JSON.stringify({ tokens: t })).join('\n'))
console.log(`${threads} threads; ${texts.length} texts, ${texts.flat().length} tokens`)

const kinds = values.kinds.split(',')
const { python } = values
const script = here('peer_transformers.py')
if (python !== undefined && !existsSync(join(values.work, 'bf16')))
  await run(python, [script, 'convert', gguf, values.work])
const theirs = async (kind: string): Promise<Speeds | undefined> => {
  if (python === undefined) return undefined
  const args = [script, 'time', join(values.work, kind), tokens, String(threads), only.join(',')]
  return peer('transformers', python, args)
}
if (python === undefined) console.error('transformers left out: give --python')

if (kinds.includes('gguf')) {
  const llama = await peer('llama.cpp', process.execPath, [here('peer-llama-cpp.mjs'), gguf, String(threads)])
  show('gguf', await ours(gguf, texts), llama, 'llama.cpp')
}
for (const kind of kinds) {
  if (kind !== 'gguf' && python === undefined) continue
  let [mine, other]: [Speeds | undefined, Speeds | undefined] = [undefined, undefined]
  for (let round = 0; round < rounds; round++) {
    // transformers widens a GGUF file to f32 when it loads it.
    other = better(other, await theirs(kind === 'gguf' ? 'f32' : kind))
    mine = better(mine, await ours(kind === 'gguf' ? gguf : join(values.work, kind), texts))
  }
  show(kind, mine!, other, kind === 'gguf' ? 'transformers in f32' : 'transformers')
}
