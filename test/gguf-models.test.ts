/** Models from GGUF against the same models from safetensors: every family, every type, split files, hostile ones. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../src/formats/checkpoint.ts'
import { openGguf } from '../src/formats/gguf.ts'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { writeSafetensors } from '../src/formats/safetensors-write.ts'
import type { StoredTensor } from '../src/formats/tensor-type.ts'
import { Backend } from '../src/ggml/backend.ts'
import { TensorStore } from '../src/ggml/buffer.ts'
import { Graph, GraphAllocator } from '../src/ggml/graph.ts'
import { type GgmlType, TYPE_IDS } from '../src/ggml/types.ts'
import { describeCheckpoint } from '../src/model/load.ts'
import { openMixture } from '../src/model/mixture.ts'
import type { Model } from '../src/model/model.ts'
import {
  type GgufTensor,
  ggufBytes,
  isComplete,
  put,
  refusal,
  refusalOf,
  temporaryFolder,
} from './support/bytes.ts'
import { type GgufModel, ggufMetadata, permuteRows, toGguf, writeGguf } from './support/gguf-convert.ts'
import { loadTiny } from './support/tiny.ts'

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))
const LIMIT = 2e-6
const TOKENS = [1, 17, 5, 60, 33, 2, 44, 9, 9, 21]

const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

/** Hooks of every layer and the logits of a short text. */
async function activations(model: Model, hooks: readonly string[]): Promise<Map<string, Float32Array>> {
  const out = await model.run([TOKENS], { hooks, logits: 'all' })
  const names = model.architecture.layers.flatMap((_, l) => hooks.map((h) => h.replace('*', String(l))))
  return new Map([
    ...names.map((name) => [name, out.get(name, 0).data] as const),
    ['logits', out.logits(0).data] as const,
  ])
}

async function expectEqualModels(gguf: string, hf: string, hooks: readonly string[]): Promise<void> {
  using a = await loadTiny(gguf)
  using b = await loadTiny(hf)
  const expected = await activations(b, hooks)
  for (const [name, values] of await activations(a, hooks))
    expect(values, name).toBeWithinRelativeL2(expected.get(name)!, LIMIT)
}

const HOOKS = [
  'blocks.*.attn.hook_q',
  'blocks.*.attn.hook_k',
  'blocks.*.attn.hook_v',
  'blocks.*.attn.hook_z',
  'blocks.*.hook_resid_mid',
  'blocks.*.hook_resid_post',
]

describe('every family from GGUF equals itself from safetensors', () => {
  it.each(['llama', 'llama3.1', 'qwen2', 'qwen3', 'gemma', 'olmo2', 'olmo3', 'smollm3'])(
    '%s',
    async (family) => {
      const hf = join(FIXTURES, 'models', family)
      await expectEqualModels(writeGguf(folder.path, family, toGguf(hf)), hf, HOOKS)
    },
  )

  // Their query scale is folded into the queries of the file, so hook_q differs by it.
  it.each(['gemma2', 'gemma3'])('%s', async (family) => {
    const hf = join(FIXTURES, 'models', family)
    await expectEqualModels(writeGguf(folder.path, family, toGguf(hf)), hf, HOOKS.slice(1))
  })

  it('also when split into three parts', async () => {
    const hf = join(FIXTURES, 'models', 'llama3.1')
    const path = writeGguf(folder.path, 'split', toGguf(hf), 3)
    await expectEqualModels(path, hf, HOOKS)
    using opened = openCheckpoint(path)
    expect(opened.files).toHaveLength(3)
  })

  it('the frequency divisors of a file matter', async () => {
    const hf = join(FIXTURES, 'models', 'llama3.1')
    const model = toGguf(hf)
    const without = { ...model, tensors: model.tensors.filter((t) => t.name !== 'rope_freqs.weight') }
    using reference = await loadTiny(hf)
    const expected = (await activations(reference, ['blocks.*.hook_resid_post'])).get('logits')!
    using plain = await loadTiny(writeGguf(folder.path, 'without', without))
    const logits = (await activations(plain, ['blocks.*.hook_resid_post'])).get('logits')!
    expect(() => expect(logits).toBeWithinRelativeL2(expected, 1e-4)).toThrow()
  })
})

/** Blocks with their values by another implementation (fixtures/formats/make_types.py). */
const types = openGguf(join(FIXTURES, 'formats', 'types.gguf'))
const values = openSafetensors(join(FIXTURES, 'formats', 'types.safetensors'))
afterAll(() => {
  types[Symbol.dispose]()
  values[Symbol.dispose]()
})
const TYPES = [...types.tensors.keys()] as GgmlType[]

it('the fixture holds every type that ggml can widen', () => {
  expect(TYPES.toSorted()).toEqual(
    Object.keys(TYPE_IDS)
      .filter((t) => t !== 'I32' && t !== 'I64')
      .toSorted(),
  )
})

describe.each(TYPES)('the type %s', (type) => {
  const stored = types.tensors.get(type)!
  const golden = readF32(values.tensors.get(type)!)

  it('is widened by ggml to the values of another implementation', async () => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using store = new TensorStore(backend, 1)
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 4)
    const tensor = store.fromRegion(type, [256, 6], stored.file, stored.address)
    const wide = graph.output(type === 'F32' ? graph.scale(tensor, 1, 0) : graph.cast(tensor, 'F32'))
    await graph.compute(allocator)
    expect(graph.read(wide)).toBeAllclose(golden, { rtol: 1e-6, atol: 1e-12 })
  })

  it('gives in a model what its values give', async () => {
    const gguf = writeGguf(folder.path, `of-${type}`, quantisedModel(type, stored))
    const hf = await dequantisedFolder(type, golden)
    await expectEqualModels(gguf, hf, HOOKS)
  })
})

it.each(['Q8_0', 'Q4_K'] as const)(
  'a mixture of files of %s is the mixture of their values',
  async (type) => {
    const stored = types.tensors.get(type)!
    const golden = readF32(values.tensors.get(type)!)
    const mixed = async (base: string, aligned: string): Promise<Float32Array> => {
      await using mixture = await openMixture(base, aligned, { device: 'cpu', threads: 1, precision: 'f32' })
      mixture.along((layer) => (layer === 0 ? 0.3 : 1), { embedding: 0.5, head: 0.7 })
      return (await activations(mixture.model, [])).get('logits')!
    }
    const file = (shift: number): string =>
      writeGguf(folder.path, `mixed-${type}-${shift}`, quantisedModel(type, stored, shift))
    const quantised = await mixed(file(0), file(5))
    const wide = await mixed(await dequantisedFolder(type, golden), await dequantisedFolder(type, golden, 5))
    expect(quantised).toBeWithinRelativeL2(wide, LIMIT)
    using base = await loadTiny(file(0))
    const own = (await activations(base, [])).get('logits')!
    expect(() => expect(quantised).toBeWithinRelativeL2(own, 1e-2)).toThrow()
  },
)

const CONFIG = {
  model_type: 'llama',
  hidden_size: 256,
  intermediate_size: 256,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 64,
  vocab_size: 64,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  rope_parameters: { rope_theta: 10_000, rope_type: 'default' },
  tie_word_embeddings: false,
  bos_token_id: 1,
  eos_token_id: 2,
}

/** HF name, GGUF name, rows and heads (for rows whose order GGUF changes) of each matrix [rows, 256]. */
const MATRICES: [hf: string, gguf: string, rows: number, heads?: number][] = [
  ['model.embed_tokens', 'token_embd', 64],
  ['lm_head', 'output', 64],
  ...[0, 1].flatMap((l): [string, string, number, number?][] => [
    [`model.layers.${l}.self_attn.q_proj`, `blk.${l}.attn_q`, 256, 4],
    [`model.layers.${l}.self_attn.k_proj`, `blk.${l}.attn_k`, 128, 2],
    [`model.layers.${l}.self_attn.v_proj`, `blk.${l}.attn_v`, 128],
    [`model.layers.${l}.self_attn.o_proj`, `blk.${l}.attn_output`, 256],
    [`model.layers.${l}.mlp.gate_proj`, `blk.${l}.ffn_gate`, 256],
    [`model.layers.${l}.mlp.up_proj`, `blk.${l}.ffn_up`, 256],
    [`model.layers.${l}.mlp.down_proj`, `blk.${l}.ffn_down`, 256],
  ]),
]
const NORMS: [hf: string, gguf: string][] = [
  ['model.norm', 'output_norm'],
  ...[0, 1].flatMap((l): [string, string][] => [
    [`model.layers.${l}.input_layernorm`, `blk.${l}.attn_norm`],
    [`model.layers.${l}.post_attention_layernorm`, `blk.${l}.ffn_norm`],
  ]),
]

/** Which of the fixture's six rows each row of a matrix is: any fixed choice without a pattern. */
function rowChoice(matrix: number, rows: number): number[] {
  let state = matrix * 7919 + 1
  return Array.from({ length: rows }, () => {
    state = (state * 48271) % 2147483647
    return state % 6
  })
}

/** Small, so that attention is not saturated: rounding errors would then decide. */
const normValues = (i: number): Float32Array =>
  Float32Array.from({ length: 256 }, (_, j) => 0.1 + ((i + j) % 7) / 28)

/** @param shift another one is another model */
function quantisedModel(type: GgmlType, stored: StoredTensor, shift = 0): GgufModel {
  const source = stored.file.bytes(stored.offset, stored.byteLength)
  const size = stored.byteLength / 6
  const row = (r: number): Uint8Array => source.subarray(r * size, (r + 1) * size)
  return {
    kv: ggufMetadata(CONFIG),
    tensors: [
      ...MATRICES.map(([, name, rows, heads], i): GgufTensor => {
        const chosen = rowChoice(i + shift, rows)
        const order = heads === undefined ? chosen : permuteRows(chosen, heads)
        return {
          name: `${name}.weight`,
          type: TYPE_IDS[type],
          shape: [rows, 256],
          data: Buffer.concat(order.map(row)),
        }
      }),
      ...NORMS.map(
        ([, name], i): GgufTensor => ({
          name: `${name}.weight`,
          type: 0,
          shape: [256],
          data: new Uint8Array(normValues(i).buffer),
        }),
      ),
    ],
  }
}

async function dequantisedFolder(type: string, golden: Float32Array, shift = 0): Promise<string> {
  const path = mkdtempSync(join(folder.path, 'hf-'))
  put(path, 'config.json', CONFIG)
  await writeSafetensors(
    join(path, 'model.safetensors'),
    [
      ...MATRICES.map(([name, , rows], i) => ({
        name: `${name}.weight`,
        shape: [rows, 256],
        data: Float32Array.from(
          rowChoice(i + shift, rows).flatMap((r) => [...golden.subarray(r * 256, (r + 1) * 256)]),
        ),
      })),
      ...NORMS.map(([name], i) => ({ name: `${name}.weight`, shape: [256], data: normValues(i) })),
    ],
    { type },
  )
  return path
}

describe('GGUF models are refused with their place when', () => {
  const model = toGguf(join(FIXTURES, 'models', 'llama'))
  const open = async (change: Partial<GgufModel>): Promise<void> => {
    using _ = await loadTiny(put(folder.path, 'bad.gguf', ggufBytes({ ...model, ...change })))
  }
  const without = (key: string): GgufModel['kv'] => model.kv.filter(([k]) => k !== key)

  it.each<[what: string, change: Partial<GgufModel>, code: string, says: RegExp]>([
    [
      'the architecture is unknown',
      { kv: [['general.architecture', 'string', 'mamba']] },
      'model-family',
      /bad.gguf, general.architecture\n.*llama, qwen2[\s\S]*mamba/,
    ],
    [
      'the architecture is missing',
      { kv: without('general.architecture') },
      'gguf-key',
      /general.architecture/,
    ],
    ['a size is missing', { kv: without('llama.block_count') }, 'config-field', /num_hidden_layers/],
    [
      'a size is hostile',
      { kv: [...without('llama.block_count'), ['llama.block_count', 'u64', 2 ** 60]] },
      'config-field',
      /num_hidden_layers/,
    ],
    [
      'a tensor is missing',
      { tensors: model.tensors.filter((t) => t.name !== 'blk.1.ffn_up.weight') },
      'weight-missing',
      /model.layers.1.mlp.up_proj.weight/,
    ],
    [
      'a tensor has another shape',
      {
        tensors: model.tensors.map((t) =>
          t.name === 'blk.1.ffn_up.weight' ? { ...t, shape: [64, 160] } : t,
        ),
      },
      'weight-shape',
      /up_proj[\s\S]*\[160, 64\]\n.*\[64, 160\]/,
    ],
    [
      'a matrix holds integers',
      { tensors: model.tensors.map((t) => (t.name === 'blk.1.ffn_up.weight' ? { ...t, type: 26 } : t)) },
      'weight-type',
      /up_proj[\s\S]*I32/,
    ],
    [
      'layers differ in shape',
      {
        kv: [
          ...without('llama.feed_forward_length'),
          ['llama.feed_forward_length', ['array', 'u32'], [160, 128]],
        ],
      },
      'config-unsupported',
      /feed_forward_length[\s\S]*160, 128/,
    ],
    [
      'its RoPE scaling is unknown',
      { kv: [...model.kv, ['llama.rope.scaling.type', 'string', 'yarn']] },
      'config-unsupported',
      /rope.scaling.type[\s\S]*yarn/,
    ],
  ])('%s', async (_, change, code, says) => {
    const error = await refusalOf(open(change))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(says)
    expect(isComplete(error)).toBe(true)
  })
})

describe('paths that hold no model are refused', () => {
  const files = temporaryFolder()
  afterAll(() => files[Symbol.dispose]())
  const at = (...names: string[]): string => {
    const path = mkdtempSync(join(files.path, 'x-'))
    for (const name of names) writeFileSync(join(path, name), name.endsWith('.gguf') ? ggufBytes({}) : '{}')
    return path
  }
  it.each<[names: string[], says: RegExp]>([
    [[], /neither config.json nor a .gguf/],
    [['config.json'], /config.json without weights/],
    [['pytorch_model.bin'], /without config.json/],
    [['model.safetensors'], /without config.json/],
    [['a.gguf', 'b.gguf'], /2 .gguf files: a.gguf, b.gguf[\s\S]*path of one/],
  ])('%j', (names, says) => {
    const path = at(...names)
    const error = refusal(() => openCheckpoint(path))
    expect(error.code).toBe('checkpoint-kind')
    expect(error.message).toMatch(says)
    expect(error.message).toContain(path)
    expect(isComplete(error)).toBe(true)
  })

  it('weights alone, and paths that do not exist', () => {
    for (const name of ['model.safetensors', 'model.pt', 'pytorch_model.bin']) {
      const error = refusal(() => openCheckpoint(put(files.path, name, 'x')))
      expect(error.code).toBe('checkpoint-kind')
      expect(isComplete(error)).toBe(true)
    }
    expect(refusal(() => openCheckpoint(join(files.path, 'none'))).code).toBe('file-missing')
  })

  it('but a folder of one GGUF file, with or without a config.json, is that file', () => {
    for (const names of [
      ['m.gguf'],
      ['m.gguf', 'config.json'],
      ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf'],
    ]) {
      using opened = openCheckpoint(at(...names))
      expect(opened.kind).toBe('gguf')
    }
  })

  it('a config.json that is no JSON', () => {
    const path = at('config.json')
    put(path, 'model.safetensors', Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]))
    put(path, 'config.json', '{"a":')
    const error = refusal(() => openCheckpoint(path))
    expect(error.code).toBe('config-malformed')
    expect(error.message).toContain(join(path, 'config.json'))
    put(path, 'config.json', '[]')
    using opened = openCheckpoint(path)
    expect(refusal(() => describeCheckpoint(opened)).code).toBe('config-malformed')
  })
})
