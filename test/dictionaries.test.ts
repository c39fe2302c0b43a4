/** Every dictionary format against its golden: the same active set, features and reconstruction. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { type Matrix, matrix } from '../src/core/matrix.ts'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { Backend } from '../src/ggml/backend.ts'
import { Graph, GraphAllocator } from '../src/ggml/graph.ts'
import { denseFeatures, Encoder, openDictionary, PlacedDictionary, type Rule } from '../src/sae/index.ts'

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

const backend = new Backend({ device: 'cpu', threads: 1 })
afterAll(() => backend[Symbol.dispose]())

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
