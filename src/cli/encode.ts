/** Activations of a file through a dictionary, batch by batch, to a file of features and reconstructions. */

import { rm } from 'node:fs/promises'
import { nearest, refuse } from '../core/errors.ts'
import { matrix } from '../core/matrix.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { SafetensorsStream } from '../formats/safetensors-stream.ts'
import type { TensorHeader } from '../formats/safetensors-write.ts'
import { type StoredTensor, TENSOR_TYPES, type TensorFile } from '../formats/tensor-type.ts'
import type { Encoder } from '../sae/encode.ts'
import { denseFeatures, firingCounts, type SparseFeatures, VarianceUnexplained } from '../sae/features.ts'

/** Rows encoded and written at a time. */
const ROWS = 1024

export interface EncodeJob {
  readonly activations: StoredTensor
  readonly sparse: boolean
  readonly out: string
  readonly metadata: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/** What was encoded. `fvu` is undefined for a transcoder, whose target is not at hand. */
export interface Encoded {
  readonly rows: number
  readonly l0: number
  readonly fvu: number | undefined
  /** Latents that fired at least once. */
  readonly fired: number
}

/**
 * Finds the activations in a file: `FILE#TENSOR`, or `FILE` where it holds one tensor.
 *
 * @throws PalimpsestError `activations-missing`, and those of `openSafetensors`
 */
export function openActivations(ref: string): { file: TensorFile; tensor: StoredTensor } {
  const at = ref.lastIndexOf('#')
  const [path, name] = at < 0 ? [ref, undefined] : [ref.slice(0, at), ref.slice(at + 1)]
  const file = openSafetensors(path)
  const names = [...file.tensors.keys()]
  const tensor = file.tensors.get(name ?? (names.length === 1 ? names[0]! : ''))
  if (tensor !== undefined) return { file, tensor }
  file[Symbol.dispose]()
  const near = nearest(name ?? '', names)
  throw refuse('activations-missing', 'The file holds no such activations.', {
    where: path,
    expected: 'FILE#TENSOR, with the name of one of its tensors',
    found: name ?? `no name, and ${names.length} tensors`,
    fix: `It holds ${(near.length > 0 ? near : names.slice(0, 8)).join(', ')}${names.length > 8 ? ', ...' : ''}.`,
  })
}

/**
 * Encodes and writes. The file has its name only when it is whole.
 *
 * @throws PalimpsestError `activation-shape`, `activation-nan`, `interrupted`, `disk-full`
 */
export async function encodeActivations(encoder: Encoder, job: EncodeJob): Promise<Encoded> {
  const { dictionary } = encoder.placed
  const { width, outWidth, latents } = dictionary
  const rows = rowsOf(job.activations, width)
  const unexplained = new VarianceUnexplained(width)
  const fired = new Uint32Array(latents)
  const parts: SparseFeatures[] = []
  let active = 0
  const headers: TensorHeader[] = [
    ...(job.sparse ? [] : [{ name: 'features', shape: [rows, latents] }]),
    { name: 'reconstruction', shape: [rows, outWidth] },
  ]
  const partial = `${job.out}.${process.pid}.partial`
  try {
    // Sparse features have a size that is known at the end only, so they are kept until then.
    const reconstructions = job.sparse ? matrix(rows, outWidth) : undefined
    const stream = job.sparse ? undefined : await SafetensorsStream.open(partial, headers, job.metadata)
    await using _ = { [Symbol.asyncDispose]: async () => stream?.[Symbol.asyncDispose]() }
    for (let from = 0; from < rows; from += ROWS) {
      const count = Math.min(ROWS, rows - from)
      const x = matrix(count, width, readSome(job.activations, from * width, count * width))
      const features = await encoder.encode(x, { signal: job.signal })
      const y = await encoder.decode(features, x, { signal: job.signal })
      if (dictionary.kind === 'sae') unexplained.add(x, y)
      active += features.indices.length
      firingCounts(features).forEach((n, j) => {
        fired[j]! += n
      })
      if (stream === undefined) {
        parts.push(features)
        reconstructions!.data.set(y.data, from * outWidth)
      } else {
        await stream.write('features', denseFeatures(features).data, from * latents * 4)
        await stream.write('reconstruction', y.data, from * outWidth * 4)
      }
      job.onProgress(from + count, rows)
    }
    if (stream === undefined) await writeSparse(job, parts, reconstructions!.data, rows, outWidth, partial)
    else await stream.finish(job.out, job.metadata)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return {
    rows,
    l0: rows === 0 ? 0 : active / rows,
    fvu: dictionary.kind === 'sae' ? unexplained.value : undefined,
    fired: fired.reduce((n, count) => n + (count > 0 ? 1 : 0), 0),
  }
}

/** Rows compressed as in torch.sparse_csr_tensor: crow_indices [n + 1], col_indices and values [firings]. */
async function writeSparse(
  job: EncodeJob,
  parts: readonly SparseFeatures[],
  reconstruction: Float32Array,
  rows: number,
  outWidth: number,
  partial: string,
): Promise<void> {
  const firings = parts.reduce((n, p) => n + p.indices.length, 0)
  const headers: TensorHeader[] = [
    { name: 'features.crow_indices', type: 'I64', shape: [rows + 1] },
    { name: 'features.col_indices', type: 'I64', shape: [firings] },
    { name: 'features.values', shape: [firings] },
    { name: 'reconstruction', shape: [rows, outWidth] },
  ]
  await using stream = await SafetensorsStream.open(partial, headers, job.metadata)
  let row = 0
  let firing = 0
  for (const p of parts) {
    const starts = BigInt64Array.from(p.starts, (start) => BigInt(start + firing))
    await stream.write('features.crow_indices', starts, row * 8)
    await stream.write('features.col_indices', BigInt64Array.from(p.indices, BigInt), firing * 8)
    await stream.write('features.values', p.values, firing * 4)
    row += p.rows
    firing += p.indices.length
  }
  if (parts.length === 0) await stream.write('features.crow_indices', BigInt64Array.of(0n))
  await stream.write('reconstruction', reconstruction)
  await stream.finish(job.out, job.metadata)
}

/** Tokens [n, d]; further axes (heads) are flattened, and a lone vector is one token. */
function rowsOf(t: StoredTensor, width: number): number {
  const count = t.shape.reduce((a, b) => a * b, 1)
  const inner = t.shape.slice(1).reduce((a, b) => a * b, 1)
  if (t.shape.length > 1 ? inner === width : count === width) return count / width
  throw refuse('activation-shape', 'The activations are of another width than the dictionary.', {
    where: `${t.file.path}, tensor ${t.name}`,
    expected: `[n, ${width}]`,
    found: `[${t.shape.join(', ')}]`,
    fix: 'Use activations of the model and hook point that the dictionary was made for: `palimpsest inspect` names them.',
  })
}

function readSome(t: StoredTensor, from: number, count: number): Float32Array {
  const { bytes } = TENSOR_TYPES[t.type]
  const offset = t.offset + from * bytes
  return readF32({
    ...t,
    shape: [count],
    byteLength: count * bytes,
    offset,
    address: t.address + BigInt(from * bytes),
  })
}
