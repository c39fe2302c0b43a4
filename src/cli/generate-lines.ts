/** Generated texts as lines of JSON: printed, or written batch by batch so that a long run can be resumed. */

import { createHash } from 'node:crypto'
import { PalimpsestError } from '../core/errors.ts'
import { BATCH, type Generated, generate } from '../model/generate.ts'
import type { Intervention } from '../model/interventions.ts'
import type { Item, Model } from '../model/model.ts'
import { fingerprint, provenance } from './provenance.ts'
import { ResumableLines } from './resumable-lines.ts'
import type { Steering } from './steering.ts'

export interface GenerateJob {
  readonly model: Model
  readonly items: readonly Item[]
  readonly settings: { readonly maxTokens: number; readonly temperature: number; readonly seed: number }
  readonly steering: Steering
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/** Generates and returns all texts; the receipts' `index` counts the --steer options from 0. */
export async function generateToScreen(job: GenerateJob): Promise<Generated[]> {
  try {
    return await run(job, 0)
  } catch (error) {
    if (!(error instanceof PalimpsestError) || error.code !== 'interrupted') throw error
    throw new PalimpsestError('interrupted', 'interrupted', 'Stopped; nothing was written.', {
      fix: 'With -o FILE what is done is kept, and the same command goes on from there.',
    })
  }
}

/** Generates into a file of JSON lines, in the order of the prompts. */
export async function generateToFile(job: GenerateJob, out: string): Promise<void> {
  const { model, items, settings, steering } = job
  const whole = (found: number): number =>
    found >= items.length ? items.length : Math.floor(found / BATCH) * BATCH
  await using lines = await ResumableLines.open<Generated>(
    out,
    {
      command: 'generate',
      provenance: provenance(model),
      files: fingerprint(model.checkpoint),
      items,
      settings,
      interventions: steering.interventions.map(hashIntervention),
    },
    { keep: whole },
  )
  // Texts of a batch end in any order; a batch is written when its last one has ended.
  let batch: Generated[] = []
  const size = (): number => Math.min(BATCH, items.length - lines.found.length - written)
  let written = 0
  const place = new Map(items.map((item, i) => [item.id, i]))
  await run(job, lines.found.length, async (text) => {
    batch.push(text)
    if (batch.length < size()) return
    batch.sort((a, b) => place.get(a.id)! - place.get(b.id)!)
    await lines.append(batch)
    written += batch.length
    batch = []
  })
  await lines.finish()
}

async function run(
  { model, items, settings, steering, signal, onProgress }: GenerateJob,
  skip: number,
  onText?: (text: Generated) => Promise<void>,
): Promise<Generated[]> {
  let done = skip
  const numbered = (text: Generated): Generated => ({
    ...text,
    receipts: text.receipts.map((r) => ({ ...r, index: steering.specOf[r.index]! })),
  })
  const { texts } = await generate(model, items, {
    ...settings,
    interventions: steering.interventions,
    signal,
    skip,
    onText: async (text) => {
      await onText?.(numbered(text))
      onProgress(++done, items.length)
    },
  })
  return texts.map(numbered)
}

/** Tells an intervention from another by its numbers: files may change under the same name. */
function hashIntervention(i: Intervention): string {
  const data =
    'change' in i
      ? new Float32Array(0)
      : i.op === 'add'
        ? i.vector
        : i.op === 'ablate'
          ? i.direction
          : i.values.data
  const rest = { ...i, vector: undefined, direction: undefined, values: undefined }
  return createHash('sha256')
    .update(JSON.stringify(rest))
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex')
}
