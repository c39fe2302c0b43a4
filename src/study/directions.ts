/**
 * The fitted directions of a run: kept with the claim that fitted them, and written for other tools, as
 * safetensors and as GGUF control vectors.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite } from '../core/files.ts'
import { writeGguf } from '../formats/gguf-write.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { meanDifference } from '../stats/estimators/mean-difference.ts'
import { unit } from '../stats/linear.ts'
import type { DirectionOutcome } from './claim-direction.ts'
import { type Harvest, siteOf } from './harvest.ts'
import type { Prepared } from './prepare.ts'

/** What claim `direction` leaves to the rest of the study. */
export type DirectionRecord = DirectionOutcome

const FILE = 'direction.json'

/** Keeps an outcome in a step's folder; numbers survive to the bit. */
export async function keepDirection(folder: string, outcome: DirectionOutcome): Promise<void> {
  const directions = [...outcome.directions].map(([name, d]) => [name, [...d]])
  await atomicWrite(join(folder, FILE), JSON.stringify({ ...outcome, directions }))
}

/** Reads what {@link keepDirection} kept. */
export async function readDirection(folder: string): Promise<DirectionRecord> {
  const kept = JSON.parse(await readFile(join(folder, FILE), 'utf8')) as Omit<
    DirectionRecord,
    'directions'
  > & {
    directions: [string, number[]][]
  }
  return {
    ...kept,
    directions: new Map(kept.directions.map(([name, d]) => [name, Float64Array.from(d)])),
  }
}

/** The difference of means of all labelled texts at a block, [d], B minus A, of unit norm. */
export async function directionAt(p: Prepared, texts: Harvest, layer: number): Promise<Float64Array> {
  const x = await texts.load(layer, p.study.sites.pool)
  const rows = Int32Array.from(p.texts.poles.keys())
  return unit(meanDifference(x, p.texts.poles, rows))
}

/**
 * Writes `directions.safetensors` (unit vectors [d] named `ROLE/SITE/ESTIMATOR`: differences of means at every
 * layer, all estimators at the primary layer; B minus A) and `control-vectors/ROLE.gguf`, the differences of
 * means in the form that llama.cpp's `--control-vector` reads. That form numbers a vector by the block after
 * which it is added and has no place for block 0.
 */
export async function writeDirections(
  run: string,
  p: Prepared,
  direction: DirectionRecord,
  texts: readonly Harvest[],
): Promise<void> {
  const vectors: { name: string; shape: number[]; data: Float32Array }[] = []
  for (const [m, { role, description }] of p.models.all.entries()) {
    const byBlock: { name: string; shape: number[]; data: Float32Array }[] = []
    for (const layer of p.layers) {
      const data = Float32Array.from(await directionAt(p, texts[m]!, layer))
      vectors.push({ name: `${role}/${siteOf(layer)}/mean-difference`, shape: [data.length], data })
      if (layer > 0) byBlock.push({ name: `direction.${layer}`, shape: [data.length], data })
    }
    for (const [name, d] of direction.directions)
      if (name.startsWith(`${role}.`) && name !== `${role}.mean-difference`)
        vectors.push({
          name: `${role}/${siteOf(direction.layer)}/${name.slice(role.length + 1)}`,
          shape: [d.length],
          data: Float32Array.from(d),
        })
    if (byBlock.length > 0)
      await writeGguf(
        join(run, 'control-vectors', `${role}.gguf`),
        {
          'general.architecture': 'controlvector',
          'controlvector.model_hint': description.architecture.family,
          'controlvector.layer_count': byBlock.length,
        },
        byBlock,
      )
  }
  await writeSafetensors(join(run, 'directions.safetensors'), vectors, {
    study: p.study.name,
    poles: `${p.domain.poles.A.name} to ${p.domain.poles.B.name}`,
    pool: p.study.sites.pool,
  })
}
