/** Whole models from files: weights wherever they lie, GGUF with its own tokenizer and chat template. */
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PalimpsestError } from '../src/core/errors.ts'
import { chatTemplateFromGguf, renderChat } from '../src/formats/chat-template.ts'
import { hashCheckpoint, openCheckpoint } from '../src/formats/checkpoint.ts'
import { tokenizerFromGguf } from '../src/formats/tokenizer.ts'
import { describeCheckpoint, loadModel } from '../src/model/load.ts'
import type { Model } from '../src/model/model.ts'
import { ggufBytes, isComplete, put, refusalOf, temporaryFolder } from './support/bytes.ts'
import { toGguf } from './support/gguf-convert.ts'
import { loadTiny } from './support/tiny.ts'

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))
const LLAMA = join(FIXTURES, 'models', 'llama')
const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

describe('weights give the same numbers to the bit', () => {
  const logits = async (model: Model): Promise<Float32Array> => {
    const out = await model.run([[1, 17, 5, 60, 33]], { logits: 'all' })
    return out.logits(0).data.slice()
  }
  let reference: Float32Array
  beforeAll(async () => {
    using model = await loadTiny(LLAMA)
    reference = await logits(model)
  })
  afterEach(() => {
    delete process.env.PALIMPSEST_NO_MMAP
  })

  it('mapped or read whole', async () => {
    process.env.PALIMPSEST_NO_MMAP = '1'
    using model = await loadTiny(LLAMA)
    expect(await logits(model)).toEqual(reference)
  })

  it.each([1, 2, 3, 4])('at addresses that are odd by %i', async (shift) => {
    const path = mkdtempSync(join(folder.path, 'odd-'))
    const whole = readFileSync(join(LLAMA, 'model.safetensors'))
    const length = Number(whole.readBigUInt64LE())
    const moved = Buffer.concat([
      whole.subarray(0, 8 + length),
      Buffer.alloc(shift, ' '),
      whole.subarray(8 + length),
    ])
    moved.writeBigUInt64LE(BigInt(length + shift))
    put(path, 'model.safetensors', moved)
    put(path, 'config.json', readFileSync(join(LLAMA, 'config.json')))
    using model = await loadTiny(path)
    expect(await logits(model)).toEqual(reference)
  })

  it('in one file or in shards, which an index names', async () => {
    const path = mkdtempSync(join(folder.path, 'shards-'))
    const whole = readFileSync(join(LLAMA, 'model.safetensors'))
    const start = 8 + Number(whole.readBigUInt64LE())
    const header = JSON.parse(whole.subarray(8, start).toString())
    const names = Object.keys(header).filter((name) => name !== '__metadata__')
    const map: Record<string, string> = {}
    for (const i of [0, 1]) {
      const own = names.filter((_, j) => j % 2 === i)
      let at = 0
      const data: Buffer[] = []
      const entries = own.map((name) => {
        const [begin, end] = header[name].data_offsets
        data.push(whole.subarray(start + begin, start + end))
        at += end - begin
        return [name, { ...header[name], data_offsets: [at - (end - begin), at] }] as const
      })
      const file = `model-0000${i + 1}-of-00002.safetensors`
      const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(text.length))
      put(path, file, Buffer.concat([length, text, ...data]))
      for (const name of own) map[name] = file
    }
    put(path, 'model.safetensors.index.json', { metadata: {}, weight_map: map })
    put(path, 'config.json', readFileSync(join(LLAMA, 'config.json')))
    using model = await loadTiny(path)
    expect(await logits(model)).toEqual(reference)
    using checkpoint = openCheckpoint(path)
    const hash = await hashCheckpoint(checkpoint)
    using other = openCheckpoint(LLAMA)
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(hash).not.toBe(await hashCheckpoint(other))
  })
})

describe('a GGUF model with tokenizer and chat template inside', () => {
  const { bpe } = JSON.parse(readFileSync(join(FIXTURES, 'formats', 'tokenizers.json'), 'utf8'))
  const { templates } = JSON.parse(readFileSync(join(FIXTURES, 'formats', 'templates.json'), 'utf8'))
  const tokens: string[] = [...bpe.tokens, ...bpe.added]
  const bos = bpe.tokens.length
  const { kv, tensors } = toGguf(LLAMA)
  const tokenizer = [
    ['tokenizer.ggml.model', 'string', 'gpt2'],
    ['tokenizer.ggml.pre', 'string', 'llama-bpe'],
    ['tokenizer.ggml.tokens', ['array', 'string'], tokens],
    ['tokenizer.ggml.token_type', ['array', 'i32'], tokens.map((_, i) => (i < bos ? 1 : 3))],
    ['tokenizer.ggml.merges', ['array', 'string'], bpe.merges],
    ['tokenizer.ggml.bos_token_id', 'u32', bos],
    ['tokenizer.ggml.eos_token_id', 'u32', bos + 1],
    ['tokenizer.chat_template', 'string', templates.headers],
  ] as const
  const embedding = (rows: number): (typeof tensors)[number] => ({
    name: 'token_embd.weight',
    type: 0,
    shape: [rows, 64],
    data: new Uint8Array(Float32Array.from({ length: rows * 64 }, (_, i) => Math.sin(i)).buffer),
  })
  const write = (rows: number, extra: readonly (typeof tokenizer)[number][] = tokenizer): string =>
    put(
      folder.path,
      `whole-${rows}-${extra.length}.gguf`,
      ggufBytes({
        kv: [...kv.filter(([key]) => !key.startsWith('tokenizer.')), ...extra],
        tensors: [...tensors.filter((t) => t.name !== 'token_embd.weight'), embedding(rows)],
      }),
    )
  const open = (path: string): Promise<Model> =>
    loadModel(path, { device: 'cpu', threads: 1, precision: 'f32' })

  it('runs texts and chats, with BOS before them once', async () => {
    using model = await open(write(tokens.length + 3)) // padding rows are allowed
    expect(model.tokenizer.kind).toBe('GGUF gpt2/llama-bpe')
    expect(model.tokenizer.encode('Hello')[0]).toBe(bos)
    expect(model.eosIds).toContain(bos + 1)
    const { text, spans } = renderChat(model.template!, [{ role: 'user', content: 'Hello' }], {
      now: new Date(0),
    })
    expect(text.startsWith('<|endoftext|>')).toBe(true)
    expect(text.slice(spans[0]!.start, spans[0]!.end)).toBe('Hello')
    const out = await model.run(['Hello world'], { logits: 'last' })
    expect(out.logits(0).data).toHaveLength(tokens.length + 3)
    const error = await refusalOf(model.run([text]))
    expect(error.code).toBe('doubled-bos')
    expect(error.message).toMatch(/<\|endoftext\|> twice/)
  })

  it('is refused where the tokenizer knows more tokens than there are embeddings', async () => {
    const path = write(tokens.length - 1)
    const error = await refusalOf(open(path))
    expect(error.code).toBe('tokenizer-model')
    expect(error.message).toContain(`at most ${tokens.length - 1} tokens`)
    expect(error.message).toContain(`${tokens.length}\n`)
    expect(error.message).toContain(path)
    expect(isComplete(error)).toBe(true)
  })

  it('runs token ids without a tokenizer, and refuses texts', async () => {
    using model = await open(write(300, []))
    expect((await model.run([[1, 2, 3]], { logits: 'last' })).logits(0).data).toHaveLength(300)
    const error = await refusalOf(model.run(['Hello']))
    expect(error.code).toBe('tokenizer-missing')
    expect(error.message).toContain('whole-300-0.gguf')
  })
})

it('a GGUF file with any bytes of its metadata changed is described or refused', () => {
  const { kv, tensors } = toGguf(LLAMA)
  const whole = ggufBytes({
    kv: [
      ...kv,
      ['tokenizer.ggml.model', 'string', 'llama'],
      ['tokenizer.ggml.tokens', ['array', 'string'], ['<unk>', '<s>', '</s>', '▁', 'a', '▁a', 'b', 'ab']],
      ['tokenizer.ggml.scores', ['array', 'f32'], [0, 0, 0, -1, -2, -3, -4, -5]],
      ['tokenizer.ggml.token_type', ['array', 'i32'], [2, 3, 3, 1, 1, 1, 1, 4]],
      ['tokenizer.chat_template', 'string', '{% for m in messages %}{{ m.content }}{% endfor %}'],
    ],
    tensors,
  })
  const end = whole.indexOf('token_embd.weight') + 2000
  const path = join(folder.path, 'flipped.gguf')
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(end), fc.nat(255)), { minLength: 1, maxLength: 3 }), (flips) => {
      const bytes = Buffer.from(whole)
      for (const [at, value] of flips) bytes[at] = value
      put(folder.path, 'flipped.gguf', bytes)
      try {
        using checkpoint = openCheckpoint(path)
        describeCheckpoint(checkpoint)
        tokenizerFromGguf(checkpoint.gguf!).encode('ab a</s>é')
        chatTemplateFromGguf(checkpoint.gguf!.kv)?.render([{ role: 'user', content: 'a' }])
      } catch (error) {
        if (!(error instanceof PalimpsestError)) throw error
      }
    }),
    { numRuns: 500, seed: 1 },
  )
})
