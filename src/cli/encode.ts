/** Activations of a file through a dictionary, batch by batch, to a file of features and reconstructions. */

import { rm } from 'node:fs/promises'
import { type Matrix, matrix, rowsWhere } from '../core/matrix.ts'
import { SafetensorsStream } from '../formats/safetensors-stream.ts'
import type { TensorHeader } from '../formats/safetensors-write.ts'
import type { Encoder } from '../sae/encode.ts'
import { denseFeatures, firingCounts, type SparseFeatures, VarianceUnexplained } from '../sae/features.ts'
import type { Activations } from './activations.ts'

/** Rows encoded and written at a time. */
const ROWS = 1024
/** Numbers of dense features that are written at a time. */
const DENSE = 1 << 21

export interface EncodeJob {
  readonly activations: Activations
  readonly sparse: boolean
  readonly out: string
  readonly metadata: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/**
 * What was encoded. Mean L0 and `fvu` are over the tokens counted: BOS and attention sinks, which no suite was trained
 * on, fire thousands of latents and would drown the rest. `fvu` is undefined for a transcoder, whose target is not at
 * hand.
 */
export interface Encoded {
  readonly rows: number
  readonly counted: number
  readonly l0: number
  readonly fvu: number | undefined
  /** Latents that fired at least once. */
  readonly fired: number
}

/**
 * Encodes and writes. The file has its name only when it is whole.
 *
 * @throws PalimpsestError `activation-nan`, `interrupted`, `disk-full`
 */
export async function encodeActivations(encoder: Encoder, job: EncodeJob): Promise<Encoded> {
  const { dictionary } = encoder.placed
  const { width, outWidth, latents } = dictionary
  const { rows, texts } = job.activations
  const counts = job.activations.counted()
  const unexplained = new VarianceUnexplained(width)
  const fired = new Uint32Array(latents)
  const parts: SparseFeatures[] = []
  let [active, counted] = [0, 0]
  const headers: TensorHeader[] = [
    ...(job.sparse ? [] : [{ name: 'features', shape: [rows, latents] }]),
    { name: 'reconstruction', shape: [rows, outWidth] },
    ...startsHeader(texts),
  ]
  const metadata = texts === undefined ? job.metadata : { ...job.metadata, ids: JSON.stringify(texts.ids) }
  const partial = `${job.out}.${process.pid}.partial`
  try {
    // Sparse features have a size that is known at the end only, so they are kept until then.
    const reconstructions = job.sparse ? matrix(rows, outWidth) : undefined
    const stream = job.sparse ? undefined : await SafetensorsStream.open(partial, headers, metadata)
    await using _ = { [Symbol.asyncDispose]: async () => stream?.[Symbol.asyncDispose]() }
    for (let from = 0; from < rows; from += ROWS) {
      const count = Math.min(ROWS, rows - from)
      const x = job.activations.read(from, count)
      const features = await encoder.encode(x, { signal: job.signal })
      const y = await encoder.decode(features, x, { signal: job.signal })
      const which = counts.subarray(from, from + count)
      if (dictionary.kind === 'sae') unexplained.add(rowsWhere(x, which), rowsWhere(y, which))
      which.forEach((is, r) => {
        active += is * (features.starts[r + 1]! - features.starts[r]!)
        counted += is
      })
      firingCounts(features).forEach((n, j) => {
        fired[j]! += n
      })
      if (stream === undefined) {
        parts.push(features)
        reconstructions!.data.set(y.data, from * outWidth)
      } else {
        await writeDense(stream, features, from)
        await stream.write('reconstruction', y.data, from * outWidth * 4)
      }
      job.onProgress(from + count, rows)
    }
    if (stream === undefined) await writeSparse({ ...job, metadata }, parts, reconstructions!, partial)
    else {
      await writeStarts(stream, texts)
      await stream.finish(job.out, metadata)
    }
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return {
    rows,
    counted,
    l0: counted === 0 ? 0 : active / counted,
    fvu: dictionary.kind === 'sae' ? unexplained.value : undefined,
    fired: fired.reduce((n, count) => n + (count > 0 ? 1 : 0), 0),
  }
}

/** As a matrix, a few rows at a time: of 131,072 latents 1,024 rows would be half a gigabyte of zeros. */
async function writeDense(stream: SafetensorsStream, features: SparseFeatures, from: number): Promise<void> {
  const { rows, latents } = features
  const step = Math.max(1, Math.floor(DENSE / latents))
  for (let r = 0; r < rows; r += step) {
    const some = denseFeatures(features, r, Math.min(rows, r + step))
    await stream.write('features', some.data, (from + r) * latents * 4)
  }
}

/** Rows compressed as in torch.sparse_csr_tensor: crow_indices [n + 1], col_indices and values [firings]. */
async function writeSparse(
  job: EncodeJob,
  parts: readonly SparseFeatures[],
  reconstruction: Matrix,
  partial: string,
): Promise<void> {
  const firings = parts.reduce((n, p) => n + p.indices.length, 0)
  const { rows, texts } = job.activations
  const headers: TensorHeader[] = [
    { name: 'features.crow_indices', type: 'I64', shape: [rows + 1] },
    { name: 'features.col_indices', type: 'I64', shape: [firings] },
    { name: 'features.values', shape: [firings] },
    { name: 'reconstruction', shape: [rows, reconstruction.cols] },
    ...startsHeader(texts),
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
  await stream.write('reconstruction', reconstruction.data)
  await writeStarts(stream, texts)
  await stream.finish(job.out, job.metadata)
}

/** Where the tokens of each text begin, where there are several texts. */
function startsHeader(texts: Activations['texts']): TensorHeader[] {
  return texts === undefined ? [] : [{ name: 'text_starts', type: 'I64', shape: [texts.starts.length] }]
}

async function writeStarts(stream: SafetensorsStream, texts: Activations['texts']): Promise<void> {
  if (texts !== undefined) await stream.write('text_starts', BigInt64Array.from(texts.starts, BigInt))
}
