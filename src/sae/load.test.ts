/** Dictionaries that are damaged, mixed up, or of kinds that are not read: each is refused by name. */
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isComplete, put, refusalOf, temporaryFolder } from '../../test/support/bytes.ts'
import { writeDictionary } from '../../test/support/dictionary.ts'
import { pickle, torchBytes } from '../../test/support/torch-bytes.ts'
import { PalimpsestError } from '../core/errors.ts'
import { matrix } from '../core/matrix.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { Backend } from '../ggml/backend.ts'
import { Graph, GraphAllocator } from '../ggml/graph.ts'
import { describeDictionary } from './describe.ts'
import { Encoder } from './encode.ts'
import { denseFeatures } from './features.ts'
import { looksLikeDictionary, openDictionary } from './load.ts'
import { PlacedDictionary } from './placed.ts'

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/saes/', import.meta.url))
const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())
let made = 0

function expectRefusal(error: PalimpsestError, code: string, says: RegExp): void {
  expect(error.code).toBe(code)
  expect(error.message).toMatch(says)
  expect(error.kind).toBe('input')
  expect(isComplete(error)).toBe(true)
}

/** A copy of a fixture with one JSON file changed. */
function changed(fixture: string, file: string, change: Record<string, unknown>): string {
  const folder = join(files.path, `changed-${made++}`)
  cpSync(join(FIXTURES, fixture), folder, { recursive: true })
  const path = join(folder, file)
  const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  writeFileSync(path, JSON.stringify({ ...config, ...change }))
  return folder
}

const vector = (n: number, value = 0): { shape: number[]; data: Float32Array } => ({
  shape: [n],
  data: new Float32Array(n).fill(value),
})

describe('SAELens', () => {
  it.each<[what: string, options: object, code: string, says: RegExp]>([
    [
      'matching pursuit',
      { config: { architecture: 'matching_pursuit' } },
      'dictionary-unsupported',
      /matching_pursuit/,
    ],
    ['temporal', { config: { architecture: 'temporal' } }, 'dictionary-unsupported', /"temporal"/],
    [
      'whitening that is not folded',
      { config: { normalize_activations: 'covariance_whitening' } },
      'dictionary-unsupported',
      /covariance_whitening/,
    ],
    [
      'a scale that is not folded',
      { config: { normalize_activations: 'expected_average_only_in', norm_scaling_factor: 0.4 } },
      'dictionary-unsupported',
      /norm_scaling_factor/,
    ],
    [
      'a single head',
      { config: { sae_lens_version: '5.0.0', hook_point_head_index: 3 } },
      'dictionary-unsupported',
      /hook_head_index 3/,
    ],
    ['thresholds missing', { config: { architecture: 'jumprelu' } }, 'dictionary-tensor', /log_threshold/],
    ['k missing', { config: { architecture: 'topk' } }, 'dictionary-config', /"k"/],
    ['k beyond the latents', { config: { architecture: 'topk', k: 13 } }, 'dictionary-config', /1 to 12/],
    [
      'another width in the configuration',
      { config: { d_in: 9 } },
      'dictionary-config',
      /"d_in"[\s\S]*9[\s\S]*8/,
    ],
    ['a number that is a text', { config: { d_in: '8' } }, 'dictionary-config', /not a number/],
    [
      'a decoder of another width',
      { tensors: { W_dec: { shape: [12, 7], data: new Float32Array(84) } } },
      'dictionary-shape',
      /\[12, 8\][\s\S]*\[12, 7\]/,
    ],
    ['biases of another width', { tensors: { b_dec: vector(7) } }, 'dictionary-shape', /b_dec/],
    ['an encoder that is a vector', { tensors: { W_enc: vector(96) } }, 'dictionary-shape', /W_enc/],
    [
      'biases that are not finite',
      { tensors: { b_enc: vector(12, Number.NaN) } },
      'dictionary-nan',
      /b_enc[\s\S]*NaN/,
    ],
    ['tensors missing', { tensors: { W_dec: undefined } }, 'dictionary-tensor', /W_dec/],
    [
      'a scaling factor that is not to be used',
      { config: { sae_lens_version: '5.0.0' }, tensors: { scaling_factor: vector(12, 2) } },
      'dictionary-config',
      /finetuning_scaling_factor/,
    ],
    [
      'activations of old versions that are not known',
      { config: { sae_lens_version: '5.0.0', activation_fn: 'gelu' } },
      'dictionary-unsupported',
      /gelu/,
    ],
  ])('%s', async (what, options, code, says) => {
    const folder = await writeDictionary(files.path, `saelens-${what}`, { width: 8, latents: 12, ...options })
    expectRefusal(await refusalOf(openDictionary(folder)), code, says)
  })

  it('weights that are not finite, wherever they are, before anything is computed', async () => {
    const data = new Float32Array(96)
    data[77] = Number.POSITIVE_INFINITY
    const folder = await writeDictionary(files.path, 'infinite', {
      width: 8,
      latents: 12,
      tensors: { W_dec: { shape: [12, 8], data } },
    })
    using dictionary = await openDictionary(folder)
    using backend = new Backend({ device: 'cpu', threads: 1 })
    expectRefusal(
      await refusalOf(PlacedDictionary.place(dictionary, backend)),
      'dictionary-nan',
      /W_dec\[9, 5\]/,
    )
  })

  it('numbers that are finite in the file and not once they are read', async () => {
    const folder = await writeDictionary(files.path, 'steep', {
      width: 8,
      latents: 12,
      config: { architecture: 'gated' },
      tensors: { r_mag: vector(12, 200), b_mag: vector(12), b_gate: vector(12) },
    })
    expectRefusal(await refusalOf(openDictionary(folder)), 'dictionary-nan', /encoder gain[\s\S]*Infinity/)
  })

  it('says how many latents its makers aimed at, where the file does', async () => {
    for (const [name, config, expected] of [
      ['aimed', { architecture: 'topk', k: 3 }, 3],
      ['plain', {}, undefined],
    ] as const) {
      using d = await openDictionary(
        await writeDictionary(files.path, name, { width: 8, latents: 12, config }),
      )
      expect(d.nominalL0).toBe(expected)
    }
  })
})

describe('a latent without a decoder vector', () => {
  it('adds nothing, and spoils nothing', async () => {
    const W_dec = {
      shape: [12, 8],
      data: Float32Array.from({ length: 96 }, (_, i) => (i < 88 ? (i % 7) - 3 : 0)),
    }
    const config = { architecture: 'topk', k: 12, rescale_acts_by_decoder_norm: true }
    const folder = await writeDictionary(files.path, 'headless', {
      width: 8,
      latents: 12,
      config,
      tensors: { W_dec },
    })
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using placed = await PlacedDictionary.open(folder, backend)
    using encoder = new Encoder(placed)
    const x = matrix(
      3,
      8,
      Float32Array.from({ length: 24 }, (_, i) => Math.cos(i)),
    )
    const features = await encoder.encode(x)
    expect([...features.indices]).not.toContain(11)
    const y = await encoder.decode(features, x)
    expect(y.data.every(Number.isFinite)).toBe(true)
    using allocator = new GraphAllocator(backend)
    using g = new Graph(backend, placed.tensors + 8)
    const out = g.output(placed.reconstruct(g, g.input('F32', [8, 3], x.data)))
    await g.compute(allocator)
    expect(g.read(out)).toBeWithinRelativeL2(y.data, 1e-6)
  })
})

describe('other formats', () => {
  it.each<[fixture: string, file: string, change: Record<string, unknown>, code: string, says: RegExp]>([
    ['sparsify', 'cfg.json', { activation: 'groupmax' }, 'dictionary-unsupported', /groupmax/],
    ['sparsify', 'cfg.json', { signed: true }, 'dictionary-unsupported', /signed/],
    ['sparsify', 'cfg.json', { k: 97 }, 'dictionary-config', /1 to 96/],
    ['sparsify', 'cfg.json', { d_in: 33 }, 'dictionary-config', /"d_in"/],
    [
      'llama_scope',
      'hyperparams.json',
      { jump_relu_threshold: null },
      'dictionary-config',
      /threshold is missing/,
    ],
    [
      'llama_scope',
      'hyperparams.json',
      { use_glu_encoder: true },
      'dictionary-unsupported',
      /use_glu_encoder/,
    ],
    [
      'llama_scope',
      'hyperparams.json',
      { norm_activation: 'token-wise' },
      'dictionary-unsupported',
      /token-wise/,
    ],
    [
      'llama_scope',
      'hyperparams.json',
      { dataset_average_activation_norm: { in: 2 } },
      'dictionary-config',
      /"out"/,
    ],
    ['llama_scope', 'hyperparams.json', { d_model: 16 }, 'dictionary-shape', /encoder\.weight/],
    [
      'openmoss_llamascopium_topk',
      'config.json',
      { act_fn: 'batchtopk' },
      'dictionary-unsupported',
      /batchtopk/,
    ],
    [
      'openmoss_llamascopium_topk',
      'config.json',
      { sae_type: 'crosscoder' },
      'dictionary-unsupported',
      /crosscoder/,
    ],
    [
      'openmoss_llamascopium_topk',
      'config.json',
      { hook_point_in: 'blocks.3.hook_resid_post' },
      'dictionary-tensor',
      /blocks\.3/,
    ],
    [
      'dictionary_learning_topk',
      'config.json',
      { trainer: { dict_class: 'CrossCoder' } },
      'dictionary-unsupported',
      /CrossCoder/,
    ],
    ['dictionary_learning_topk', 'config.json', { trainer: {} }, 'dictionary-unsupported', /null/],
    [
      'dictionary_learning_topk',
      'config.json',
      { trainer: { dict_class: 'constructor' } },
      'dictionary-unsupported',
      /constructor/,
    ],
    [
      'gemma_scope_2/layer_2_width_1k_l0_small',
      'config.json',
      { type: 'clt' },
      'dictionary-unsupported',
      /clt/,
    ],
    ['qwen_scope', 'config.json', { model_type: 'llama' }, 'dictionary-config', /topk_sae/],
    ['qwen_scope', 'config.json', { d_sae: 47 }, 'dictionary-shape', /W_enc/],
  ])('%s, %s: %j', async (fixture, file, change, code, says) => {
    expectRefusal(await refusalOf(openDictionary(changed(fixture, file, change))), code, says)
  })

  it('a folder of several layers asks for one of them', async () => {
    const folder = changed('qwen_scope', 'config.json', {})
    copyFileSync(join(folder, 'layer2.sae.pt'), join(folder, 'layer11.sae.pt'))
    expectRefusal(await refusalOf(openDictionary(folder)), 'dictionary-ambiguous', /layer11\.sae\.pt/)
    using one = await openDictionary(join(folder, 'layer11.sae.pt'))
    expect(one.site).toBe('blocks.11.hook_resid_post')
  })

  it.each<[names: string[], says: RegExp]>([
    [['cfg.json', 'cc_weights.pt'], /Kissane's crosscoders/],
    [['W_enc_0.safetensors', 'W_dec_0.safetensors'], /Cross-layer transcoders/],
    [['layer_0.safetensors', 'layer_1.safetensors'], /Per-layer transcoders/],
  ])('%j are recognised', async (names, says) => {
    const folder = join(files.path, `kind-${made++}`)
    mkdirSync(folder)
    for (const name of names) writeFileSync(join(folder, name), '{}')
    expect(looksLikeDictionary(folder)).toBe(true)
    expectRefusal(await refusalOf(openDictionary(folder)), 'dictionary-unsupported', says)
  })

  it('crosscoders that only their name tells from a model are recognised by it', async () => {
    const folder = join(files.path, 'gemma-crosscoder-l13')
    mkdirSync(folder)
    for (const name of ['config.json', 'model.safetensors']) writeFileSync(join(folder, name), '{}')
    expectRefusal(await refusalOf(openDictionary(folder)), 'dictionary-unsupported', /science-of-finetuning/)
  })

  it('crosscoders under any name are recognised by their tensors, and models are not taken for one', async () => {
    const encoder = { name: 'encoder.weight', data: new Float32Array(24) }
    for (const [shape, is] of [
      [[2, 3, 4], true],
      [[6, 4], false],
    ] as const) {
      const folder = join(files.path, `l13-${shape.length}`)
      mkdirSync(folder)
      writeFileSync(join(folder, 'config.json'), '{}')
      await writeSafetensors(join(folder, 'model.safetensors'), [{ ...encoder, shape: [...shape] }])
      expect(looksLikeDictionary(folder)).toBe(is)
      const code = (await refusalOf(openDictionary(folder))).code
      expect(code).toBe(is ? 'dictionary-unsupported' : 'dictionary-format')
    }
  })

  it('pickles with code in them execute nothing', async () => {
    const folder = join(files.path, 'hostile')
    mkdirSync(folder)
    const call = pickle.reduce(pickle.global('builtins', 'exec'), pickle.tuple(pickle.text('1')))
    put(folder, 'sae-l3.pt', torchBytes(pickle.whole(pickle.dict(pickle.text('encoder.weight'), call)), {}))
    expectRefusal(await refusalOf(openDictionary(folder)), 'pickle-global', /builtins\.exec/)
  })

  it.each<[folder: string, site: string, model: string, l0: number | undefined]>([
    [
      'gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71',
      'blocks.20.hook_resid_post',
      'google/gemma-2-2b',
      71,
    ],
    [
      'models--google--gemma-scope-9b-it-res/snapshots/0a1b/layer_9/width_131k/average_l0_121',
      'blocks.9.hook_resid_post',
      'google/gemma-2-9b-it',
      121,
    ],
    [
      'gemma-scope-9b-pt-mlp/layer_3/width_16k/canonical',
      'blocks.3.hook_mlp_out',
      'google/gemma-2-9b',
      undefined,
    ],
    [
      'gemma-scope-2b-pt-att/layer_7/width_16k/average_l0_80',
      'blocks.7.attn.hook_z',
      'google/gemma-2-2b',
      80,
    ],
    ['gemma-scope-2b-pt-res/embedding/width_4k/average_l0_6', 'hook_embed', 'google/gemma-2-2b', 6],
  ])('Gemma Scope says where it belongs by its path: %s', async (path, site, model, l0) => {
    const folder = join(files.path, path)
    cpSync(join(FIXTURES, 'gemma_scope'), folder, { recursive: true })
    using d = await openDictionary(folder)
    expect([d.site, d.model, d.nominalL0, d.warnings]).toEqual([site, model, l0, []])
  })

  it('transcoders of Gemma Scope 1 read the norm without its weight and subtract nothing', async () => {
    const folder = join(files.path, 'gemma-scope-2b-pt-transcoders/layer_5/width_16k/average_l0_5')
    cpSync(join(FIXTURES, 'gemma_scope'), folder, { recursive: true })
    using file = openSafetensors(join(folder, 'golden.safetensors'))
    const [x, features, y] = ['activations', 'features', 'reconstruction'].map((name) =>
      readF32(file.tensors.get(name)!),
    ) as [Float32Array, Float32Array, Float32Array]
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using placed = await PlacedDictionary.open(folder, backend)
    const { kind, site, outSite, model, nominalL0, width } = placed.dictionary
    expect([kind, site, outSite]).toEqual([
      'transcoder',
      'blocks.5.ln2.hook_normalized',
      'blocks.5.hook_mlp_out',
    ])
    expect([model, nominalL0]).toEqual(['google/gemma-2-2b', 5])
    // Under another name it is no autoencoder either.
    const renamed = join(files.path, 'my-transcoders/one')
    cpSync(folder, renamed, { recursive: true })
    using other = await openDictionary(renamed)
    expect([other.kind, other.site, other.warnings.length]).toEqual(['transcoder', undefined, 1])
    using encoder = new Encoder(placed)
    const activations = matrix(x.length / width, width, x)
    const found = await encoder.encode(activations)
    expect(denseFeatures(found).data).toBeWithinRelativeL2(features, 1e-5)
    expect((await encoder.decode(found, activations)).data).toBeWithinRelativeL2(y, 1e-5)
  })

  it('folders of something else, and paths that are not there', async () => {
    const folder = join(files.path, 'nothing')
    mkdirSync(folder)
    writeFileSync(join(folder, 'notes.txt'), 'x')
    expect(looksLikeDictionary(folder)).toBe(false)
    expectRefusal(await refusalOf(openDictionary(folder)), 'dictionary-format', /notes\.txt/)
    expect((await refusalOf(openDictionary(join(folder, 'x')))).code).toBe('file-missing')
    writeFileSync(join(folder, 'cfg.json'), '[1')
    writeFileSync(join(folder, 'sae.safetensors'), 'x')
    expectRefusal(await refusalOf(openDictionary(folder)), 'dictionary-config', /not JSON/)
  })
})

it('whatever a configuration says, a dictionary opens or is refused by name', async () => {
  const configs = readdirSync(FIXTURES, { withFileTypes: true, recursive: true })
    .filter((e) => /^(cfg|config|hyperparams)\.json$/.test(e.name))
    .map((e) => join(e.parentPath, e.name))
  expect(configs.length).toBeGreaterThan(25)
  const odd = fc.oneof(
    fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      0.5,
      1e-320,
      1e300,
      2 ** 53,
      '',
      'topk',
      '__proto__',
      'constructor',
    ),
    fc.constantFrom([], {}, [[]], { k: -1 }, { in: 0, out: 'x' }),
    fc.jsonValue({ maxDepth: 1 }),
  )
  const folder = join(files.path, 'odd')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...configs), fc.nat(), odd, async (config, which, value) => {
      rmSync(folder, { recursive: true, force: true })
      cpSync(dirname(config), folder, { recursive: true })
      const root = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>
      const places = Object.entries(root).flatMap(([key, v]): [Record<string, unknown>, string][] => [
        [root, key],
        ...(v !== null && typeof v === 'object' && !Array.isArray(v)
          ? Object.keys(v).map((k): [Record<string, unknown>, string] => [v as Record<string, unknown>, k])
          : []),
      ])
      const [object, key] = places[which % places.length]!
      object[key] = value
      writeFileSync(join(folder, basename(config)), JSON.stringify(root))
      try {
        using d = await openDictionary(folder)
        expect(d.latents).toBeGreaterThan(0)
        describeDictionary(d)
      } catch (error) {
        if (!(error instanceof PalimpsestError)) throw error
        expect(isComplete(error)).toBe(true)
      }
    }),
    { numRuns: 400 },
  )
})
