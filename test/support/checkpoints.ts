/** Checkpoints made for a test from a fixture: weights changed, permuted or of another type. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSafetensors, readF32 } from '../../src/formats/safetensors.ts'
import { type TensorToWrite, writeSafetensors } from '../../src/formats/safetensors-write.ts'
import { MODELS } from './golden.ts'

/** A folder that is removed when it is disposed. */
export interface TemporaryFolder extends Disposable {
  readonly path: string
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'palimpsest-model-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** What becomes of a tensor: itself changed, one of another type or shape, or nothing. */
export type Change = (
  name: string,
  values: Float32Array,
  shape: readonly number[],
) => TensorToWrite | undefined

/** A copy of a fixture (a folder with config.json and model.safetensors) with changed weights and configuration. */
export async function changedCopy(
  folder: string,
  change: Change,
  config: (config: Record<string, unknown>) => Record<string, unknown> = (c) => c,
): Promise<TemporaryFolder> {
  const copy = temporaryFolder()
  const read = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  writeFileSync(join(copy.path, 'config.json'), JSON.stringify(config(read)))
  using file = openSafetensors(join(folder, 'model.safetensors'))
  const tensors = [...file.tensors].flatMap(([name, t]) => change(name, readF32(t).slice(), t.shape) ?? [])
  await writeSafetensors(join(copy.path, 'model.safetensors'), tensors)
  return copy
}

/** A copy whose weights are changed in place; names are without `model.` and `.weight` where they have them. */
export function edited(
  family: string,
  edit: (name: string, values: Float32Array) => void,
): Promise<TemporaryFolder> {
  return changedCopy(join(MODELS, family), (name, data, shape) => {
    edit(name.replace(/^model\./, '').replace(/\.weight$/, ''), data)
    return { name, shape, data }
  })
}

/**
 * A copy with the query and key rows in the order of adjacent pairs, as converters to GGUF write the llama
 * family: row 2i + p of a head is HF's row p * headDim / 2 + i.
 */
export function adjacentCopy(family: string, headDim: number): Promise<TemporaryFolder> {
  return changedCopy(join(MODELS, family), (name, data, shape) => {
    if (!/self_attn\.[qk]_proj\.weight$/.test(name)) return { name, shape, data }
    const width = shape[1]!
    const out = new Float32Array(data.length)
    for (let row = 0; row < shape[0]!; row++) {
      const at = row % headDim
      const source = row - at + (at % 2) * (headDim / 2) + Math.floor(at / 2)
      out.set(data.subarray(source * width, (source + 1) * width), row * width)
    }
    return { name, shape, data: out }
  })
}

/** A copy with its matrices rounded to bf16 (to nearest, ties to even) or f16. */
export function halfCopy(family: string, type: 'BF16' | 'F16', f16: (x: Float32Array) => Uint16Array) {
  return changedCopy(join(MODELS, family), (name, data, shape) =>
    shape.length < 2
      ? { name, shape, data }
      : { name, shape, type, data: type === 'F16' ? f16(data) : toBf16(data) },
  )
}

function toBf16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(bits, (b) => (b + 0x7fff + ((b >>> 16) & 1)) >>> 16)
}

/** A plain copy of a fixture folder, to be damaged. */
export function copyOf(folder: string): TemporaryFolder {
  const copy = temporaryFolder()
  cpSync(folder, copy.path, { recursive: true })
  return copy
}
