/** Every dictionary format against its golden: the same active set, features and reconstruction. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { type Matrix, matrix } from '../src/core/matrix.ts'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { Backend } from '../src/ggml/backend.ts'
import { Graph, GraphAllocator } from '../src/ggml/graph.ts'
import {
  type Activation,
  type Dictionary,
  type DictionaryForm,
  denseFeatures,
  Encoder,
  openDictionary,
  PlacedDictionary,
  type Rule,
} from '../src/sae/index.ts'
import { temporaryFolder } from './support/bytes.ts'

const ROOT = fileURLToPath(new URL('./fixtures/saes/', import.meta.url))
/** Folders whose dictionary lies in a folder (or file) of its own below them. */
const INSIDE: Record<string, string> = {
  sparsify_many: 'layers.3',
  sparsify_skip: 'layers.3.mlp',
  sparsify_transcoder: 'layers.3.mlp',
  gemma_scope_2: 'layer_2_width_1k_l0_small',
  gemma_scope_2_transcoder: 'layer_2_width_1k_l0_small',
}
const NAMES = readdirSync(ROOT, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : []))

const files = temporaryFolder()
const backend = new Backend({ device: 'cpu', threads: 1 })
afterAll(() => {
  backend[Symbol.dispose]()
  files[Symbol.dispose]()
})

function ruleOf(name: string): Rule {
  return name.endsWith('saelens_rule') ? 'saelens' : 'reference'
}

function folderOf(name: string): string {
  return join(ROOT, name, INSIDE[name] ?? '')
}

function readGolden(name: string): { x: Matrix; features: Matrix; reconstruction: Matrix } {
  using file = openSafetensors(join(folderOf(name), 'golden.safetensors'))
  const read = (tensor: string): Matrix => {
    const t = file.tensors.get(tensor)!
    return matrix(t.shape[0]!, t.shape[1]!, readF32(t))
  }
  return { x: read('activations'), features: read('features'), reconstruction: read('reconstruction') }
}

it('has a golden for every folder', () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(40)
})

describe.each(NAMES)('%s', (name) => {
  const golden = readGolden(name)

  // Blocks of 32 latents (the fixtures have 48 or 96) go through the seams that large dictionaries have.
  it.each([
    ['in one block', 64 << 20],
    ['in blocks of 32', 1],
  ])('encodes and decodes sparsely %s', async (_, blockBytes) => {
    using dictionary = await openDictionary(folderOf(name), { rule: ruleOf(name) })
    using placed = await PlacedDictionary.place(dictionary, backend, { blockBytes })
    using encoder = new Encoder(placed)
    const features = await encoder.encode(golden.x)
    const dense = denseFeatures(features)
    expect(activeSet(dense)).toEqual(activeSet(golden.features))
    expect(dense.data).toBeWithinRelativeL2(golden.features.data, 1e-5)
    const y = await encoder.decode(features, golden.x)
    expect(y.data).toBeWithinRelativeL2(golden.reconstruction.data, 1e-5)
  })

  it.each([
    ['in one block', 64 << 20],
    ['in blocks of 32', 1],
  ])('encodes and decodes in a graph %s', async (_, blockBytes) => {
    using dictionary = await openDictionary(folderOf(name), { rule: ruleOf(name) })
    using placed = await PlacedDictionary.place(dictionary, backend, { blockBytes })
    using allocator = new GraphAllocator(backend)
    using g = new Graph(backend, placed.tensors + 8)
    const x = g.input('F32', [golden.x.cols, golden.x.rows], golden.x.data)
    const normed = placed.normed(g, x)
    const f = g.output(placed.encode(g, normed.x))
    const y = g.output(placed.decode(g, f, x, normed))
    await g.compute(allocator)
    const dense = matrix(golden.features.rows, golden.features.cols, g.read(f))
    expect(activeSet(dense)).toEqual(activeSet(golden.features))
    expect(dense.data).toBeWithinRelativeL2(golden.features.data, 1e-5)
    expect(g.read(y)).toBeWithinRelativeL2(golden.reconstruction.data, 1e-5)
  })
})

function activeSet(m: Matrix): string[] {
  const out: string[] = []
  m.data.forEach((v, i) => {
    if (v !== 0) out.push(`${Math.floor(i / m.cols)}/${i % m.cols}`)
  })
  return out
}

/** Every rule that is easily got wrong, got wrong: its golden must notice. */
describe('a wrong rule is seen in the golden', () => {
  const ones = (n: number): Float32Array => new Float32Array(n).fill(1)
  const cases: [name: string, wrong: string, change: (d: Dictionary) => Partial<DictionaryForm>][] = [
    ['llama_scope', "SAELens's rule for the makers'", () => ({})],
    ['llama_scope_saelens_rule', "the makers' rule for SAELens's", () => ({})],
    ['llama_scope', 'decoder norms not folded', (d) => ({ gain: undefined, decoderGain: ones(d.latents) })],
    ['openmoss_r1_distill', 'decoder norms left out of the threshold', () => ({})],
    [
      'openmoss_llamascopium_topk',
      'ranked without decoder norms',
      (d) => ({ activation: { ...topkOf(d), weight: undefined } }),
    ],
    [
      'openmoss_llamascopium_jumprelu',
      'no scale of the dataset',
      () => ({ gain: undefined, decoderGain: undefined }),
    ],
    ['dictionary_learning_batchtopk', 'a plain relu', () => ({ activation: { kind: 'relu' } })],
    ['dictionary_learning_batchtopk', 'the k largest', () => ({ activation: topk(8) })],
    ['dictionary_learning_batchtopk', 'bias not subtracted', () => ({ subtract: undefined })],
    ['dictionary_learning_matryoshka', 'a plain relu', () => ({ activation: { kind: 'relu' } })],
    ['dictionary_learning_autoencoder', 'decoder not normalised', () => ({ gain: undefined })],
    ['dictionary_learning_gated', 'without its gate', () => ({ activation: { kind: 'relu' } })],
    ['sparsify', 'bias not subtracted', () => ({ subtract: undefined })],
    ['sparsify_many', 'no relu', () => ({ activation: topk(44, true) })],
    ['sparsify_skip', 'a transcoder that does not subtract', () => ({ subtract: undefined })],
    ['sparsify_skip', 'no skip', () => ({ skip: undefined })],
    ['sparsify_transcoder', 'bias subtracted', (d) => ({ subtract: d.decoderBias })],
    ...[
      'goodfire',
      'qresearch',
      'gemma_scope',
      'qwen_scope',
      'llama_scope',
      'gemma_scope_2',
      'saelens_jumprelu',
    ].map((name): (typeof cases)[number] => [name, 'bias subtracted', (d) => ({ subtract: d.decoderBias })]),
    ['gemma_scope', 'a plain relu', () => ({ activation: { kind: 'relu' } })],
    ['qwen_scope', 'negative ones dropped', () => ({ activation: topk(40) })],
    ['qwen_scope_saelens_rule', 'negative ones kept', () => ({ activation: topk(40, true) })],
    ['saelens_standard', 'bias not subtracted', () => ({ subtract: undefined })],
    ['saelens_topk', 'a plain relu', () => ({ activation: { kind: 'relu' } })],
    ['saelens_topk_rescaled', 'decoder norms ignored', () => ({ gain: undefined, decoderGain: undefined })],
    ['saelens_gated', 'exp(r_mag) left out', () => ({ gain: undefined })],
    ['saelens_layernorm', 'no normalisation', () => ({ inputNorm: 'none' })],
    ['saelens_layernorm', 'the other normalisation', () => ({ inputNorm: 'constant-norm' })],
    ['saelens_legacy_constnorm', 'no normalisation', () => ({ inputNorm: 'none' })],
    ['saelens_legacy_scaled', 'scaling_factor ignored', () => ({ decoderGain: undefined })],
    ['saelens_legacy_tanh_relu', 'no tanh', () => ({ activation: { kind: 'relu' } })],
    [
      'saelens_transcoder',
      'bias of the output subtracted from the input',
      (d) => ({ subtract: d.decoderBias.slice(0, d.width) }),
    ],
    ['saelens_skip_transcoder', 'no skip', () => ({ skip: undefined })],
    ['gemma_scope_2_transcoder', 'the skip turned', (d) => ({ skip: { ...d.skip!, latents: 'rows' } })],
  ]

  it.each(cases)('%s: %s', async (name, wrong, change) => {
    const golden = readGolden(name)
    const other = ruleOf(name) === 'saelens' ? 'reference' : 'saelens'
    const byRule =
      Object.keys(change({ latents: 1, width: 1, decoderBias: ones(1), activation: topk(1) } as Dictionary))
        .length === 0
    using right = await openDictionary(folderOf(name), { rule: byRule ? other : ruleOf(name) })
    const dictionary = { ...right, ...change(right) }
    using placed = await PlacedDictionary.place(dictionary, backend)
    using encoder = new Encoder(placed)
    const features = await encoder.encode(golden.x)
    const y = await encoder.decode(features, golden.x)
    const error =
      relative(denseFeatures(features).data, golden.features.data) +
      relative(y.data, golden.reconstruction.data)
    expect([wrong, error > 0.01]).toEqual([wrong, true])
  })

  it('a scale of training that is folded already is not applied again', async () => {
    const golden = readGolden('saelens_standard')
    const folder = join(files.path, 'folded')
    cpSync(folderOf('saelens_standard'), folder, { recursive: true })
    const config = JSON.parse(readFileSync(join(folder, 'cfg.json'), 'utf8')) as Record<string, unknown>
    for (const value of ['expected_average_only_in', true]) {
      writeFileSync(join(folder, 'cfg.json'), JSON.stringify({ ...config, normalize_activations: value }))
      using dictionary = await openDictionary(folder)
      expect(dictionary.rules.join(' ')).toMatch(/folded into the weights/)
      expect(dictionary.warnings.join(' ')).toMatch(/checkpoint of before the end/)
      const errors: number[] = []
      for (const inputNorm of [dictionary.inputNorm, 'constant-norm'] as const) {
        using placed = await PlacedDictionary.place({ ...dictionary, inputNorm }, backend)
        using encoder = new Encoder(placed)
        errors.push(relative(denseFeatures(await encoder.encode(golden.x)).data, golden.features.data))
      }
      expect([errors[0]! < 1e-5, errors[1]! > 0.01]).toEqual([true, true])
    }
  })

  it('compares thresholds strictly, on numbers that are exact', async () => {
    using right = await openDictionary(folderOf('saelens_jumprelu'))
    const x = matrix(1, right.width)
    const threshold = right.bias.slice()
    // With an input of zeros every pre-activation is its bias, to the bit.
    const positive = right.bias.reduce((n, b) => n + (b > 0 ? 1 : 0), 0)
    expect(positive).toBeGreaterThan(10)
    using equal = await PlacedDictionary.place(
      { ...right, activation: { kind: 'threshold', threshold } },
      backend,
    )
    using strict = new Encoder(equal)
    expect((await strict.encode(x)).indices).toHaveLength(0)
    const below = threshold.map((t) => t - Math.abs(t) / 1024)
    using under = await PlacedDictionary.place(
      { ...right, activation: { kind: 'threshold', threshold: below } },
      backend,
    )
    using open = new Encoder(under)
    expect((await open.encode(x)).indices).toHaveLength(positive)
  })
})

function topk(k: number, signed = false): Activation & { kind: 'topk' } {
  return { kind: 'topk', k, signed, weight: undefined }
}

function topkOf(d: Dictionary): Activation & { kind: 'topk' } {
  return d.activation as Activation & { kind: 'topk' }
}

function relative(a: Float32Array, b: Float32Array): number {
  let difference = 0
  let norm = 0
  b.forEach((v, i) => {
    difference += (a[i]! - v) ** 2
    norm += v * v
  })
  return Math.sqrt(difference / norm)
}

describe('what a dictionary says of itself', () => {
  it.each<[name: string, site: string | undefined, outSite: string | undefined]>([
    ['saelens_standard', 'blocks.2.hook_resid_post', 'blocks.2.hook_resid_post'],
    ['saelens_legacy_constnorm', 'blocks.2.hook_resid_pre', 'blocks.2.hook_resid_pre'],
    ['saelens_hook_z', 'blocks.1.attn.hook_z', 'blocks.1.attn.hook_z'],
    ['saelens_transcoder', 'blocks.2.ln2.hook_normalized', 'blocks.2.hook_mlp_out'],
    ['sparsify_many', 'blocks.3.hook_resid_post', 'blocks.3.hook_resid_post'],
    ['sparsify_transcoder', 'blocks.3.mlp.hook_in', 'blocks.3.hook_mlp_out'],
    ['llama_scope', 'blocks.2.hook_resid_post', 'blocks.2.hook_resid_post'],
    ['goodfire', 'blocks.2.hook_resid_post', 'blocks.2.hook_resid_post'],
    ['qresearch', 'blocks.19.hook_resid_post', 'blocks.19.hook_resid_post'],
    ['dictionary_learning_batchtopk', 'blocks.2.hook_resid_post', 'blocks.2.hook_resid_post'],
    ['qwen_scope', 'blocks.2.hook_resid_post', 'blocks.2.hook_resid_post'],
    ['gemma_scope_2', 'blocks.2.hook_resid_post', 'blocks.2.hook_resid_post'],
    ['gemma_scope_2_transcoder', 'blocks.2.mlp.hook_in', 'blocks.2.hook_mlp_out'],
    ['gemma_scope', undefined, undefined],
  ])('%s is for %s', async (name, site, outSite) => {
    using dictionary = await openDictionary(folderOf(name))
    expect([dictionary.site, dictionary.outSite]).toEqual([site, outSite])
    expect(dictionary.rules.length).toBeGreaterThan(0)
    expect(dictionary.warnings.length > 0).toBe(site === undefined || name === 'openmoss_r1_distill')
  })

  it('reads weights where they lie in their file', async () => {
    for (const name of NAMES) {
      using dictionary = await openDictionary(folderOf(name), { rule: ruleOf(name) })
      const mapped = [dictionary.encoder, dictionary.decoder].map((m) => m.tensor.file.mapped)
      // The one fixture with a transposed view has to be unpacked.
      expect([name, ...mapped]).toEqual([name, name !== 'dictionary_learning_jumprelu', true])
    }
  })
})
