import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/bytes.ts'
import { writeDictionary } from '../../test/support/dictionary.ts'
import { type Matrix, matrix, takeRows } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { Backend } from '../ggml/backend.ts'
import { denseFeatures, Encoder, meanL0, PlacedDictionary, VarianceUnexplained } from '../sae/index.ts'
import { Activations, findActivations } from './activations.ts'
import { encodeActivations } from './encode.ts'

const files = temporaryFolder()
const backend = new Backend({ device: 'cpu', threads: 1 })
let placed: PlacedDictionary
let encoder: Encoder
/** More rows than are encoded at a time, and more features than are written at a time. */
const [WIDTH, LATENTS, ROWS] = [4, 4096, 1100]
/** A token as large as BOS is. */
const LARGE = 5
let x: Matrix
const path = join(files.path, 'x.safetensors')

beforeAll(async () => {
  const config = { architecture: 'topk', k: 7 }
  const folder = await writeDictionary(files.path, 'wide', { width: WIDTH, latents: LATENTS, config })
  placed = await PlacedDictionary.open(folder, backend)
  encoder = new Encoder(placed)
  const rng = stream(3, 'encode')
  x = matrix(
    ROWS,
    WIDTH,
    Float32Array.from({ length: ROWS * WIDTH }, () => rng.normal()),
  )
  for (let i = 0; i < WIDTH; i++) x.data[LARGE * WIDTH + i] = 1000
  await writeSafetensors(path, [{ name: 'x', shape: [ROWS, WIDTH], data: x.data }])
})
afterAll(() => {
  encoder[Symbol.dispose]()
  placed[Symbol.dispose]()
  backend[Symbol.dispose]()
  files[Symbol.dispose]()
})

describe('encodeActivations', () => {
  it.each([false, true])('writes what the encoder gives, across the seams (sparse: %s)', async (sparse) => {
    using found = findActivations(path)
    const out = join(files.path, `out-${sparse}`)
    const said = await encodeActivations(encoder, {
      activations: new Activations(found, WIDTH),
      sparse,
      out,
      metadata: {},
      signal: new AbortController().signal,
      onProgress: () => {},
    })
    const features = await encoder.encode(x)
    const y = await encoder.decode(features, x)
    expect(said).toMatchObject({ rows: ROWS, counted: ROWS - 1, l0: meanL0(features) })
    const others = Array.from({ length: ROWS }, (_, i) => i).filter((i) => i !== LARGE)
    const [own, all] = [others, [...others, LARGE]].map((rows) => {
      const unexplained = new VarianceUnexplained(WIDTH)
      unexplained.add(takeRows(x, rows), takeRows(y, rows))
      return unexplained.value
    })
    expect(said.fvu).toBeCloseTo(own!, 6)
    expect(Math.abs(all! - own!)).toBeGreaterThan(0.01)
    using written = openSafetensors(out)
    const read = (name: string): Float32Array => readF32(written.tensors.get(name)!)
    expect(read('reconstruction')).toBeBitIdentical(y.data)
    if (sparse) {
      expect(read('features.crow_indices')).toEqual(Float32Array.from(features.starts))
      expect(read('features.col_indices')).toEqual(Float32Array.from(features.indices))
      expect(read('features.values')).toEqual(features.values)
    } else expect(read('features')).toBeBitIdentical(denseFeatures(features).data)
    expect(written.tensors.has('text_starts')).toBe(false)
  })
})
