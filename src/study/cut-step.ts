/**
 * Where the path is cut: what prompts that lean make of completions in models that are partly base and partly
 * aligned, and how far a dose at each block carries. Writes down what came of it; cut-measures.ts reads it.
 */

import { hashJson } from '../core/files.ts'
import { type Mixture, openMixture } from '../model/mixture.ts'
import { score } from '../model/score.ts'
import { middleDose } from './arms.ts'
import type { Hybrid } from './cut-hybrids.ts'
import { directionAt } from './directions.ts'
import { type Harvest, siteOf } from './harvest.ts'
import { modelPlace, type StepOptions } from './model-place.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import { evenly, type StanceItem, type StanceItems } from './stance-items.ts'
import { slopesAt } from './steering-layer.ts'

const HYBRIDS = 2
/** Hybrids in a shard. */
const SHARD = 8

/** Slope of the stance on the dose at one block, by issue. */
export interface LayerGain {
  readonly role: string
  readonly layer: number
  readonly slopes: readonly number[]
}

export interface CutTable {
  readonly issues: readonly string[]
  /** Stance on prompts that lean to B less that on prompts that lean to A, by issue; none for models that cannot mix. */
  readonly hybrids: readonly (Hybrid & { readonly contrast: readonly number[] })[]
  /** Why there are no hybrids. */
  readonly leftOut?: string | undefined
  readonly gains: readonly LayerGain[]
  /** Blocks at which the dose could not be reached, by model. */
  readonly unreached: readonly string[]
}

/**
 * Runs all hybrids, and the doses by block.
 *
 * @throws PalimpsestError as the models, `interrupted`
 */
export async function cutTable(
  run: RunFolder,
  p: Prepared,
  texts: readonly Harvest[],
  items: StanceItems,
  options: StepOptions,
): Promise<CutTable> {
  const { hybrids, leftOut } = p.cut!
  const byUnit = new Map(items.loaded.B.map((i) => [i.unit, i]))
  const paired = evenly(
    items.loaded.A.filter((a) => byUnit.has(a.unit)),
    p.study.steering.cut!.issues,
  ).flatMap((a) => [a, byUnit.get(a.unit)!])
  const contrasts = await scoreHybrids(run, p, hybrids, paired, options)
  const { gains, unreached } = await layerGains(run, p, texts, items, options)
  return {
    issues: paired.filter((_, i) => i % 2 === 0).map((i) => i.unit),
    hybrids: hybrids.map((h, i) => ({ ...h, contrast: contrasts[i]! })),
    leftOut,
    gains,
    unreached,
  }
}

/** Contrast by issue under every hybrid. @param paired A, B, A, B */
async function scoreHybrids(
  run: RunFolder,
  p: Prepared,
  hybrids: readonly Hybrid[],
  paired: readonly StanceItem[],
  options: StepOptions,
): Promise<number[][]> {
  if (hybrids.length === 0) return []
  const [base, aligned] = p.models.all as [(typeof p.models.all)[0], (typeof p.models.all)[0]]
  const { study } = p
  const spec = {
    kind: 'hybrids',
    version: HYBRIDS,
    params: {
      base: base.key,
      aligned: aligned.key,
      items: hashJson(paired),
      hybrids: hashJson(hybrids),
      shard: SHARD,
    },
  }
  const open = (): Promise<Mixture> =>
    openMixture(base.path, aligned.path, {
      device: study.device,
      precision: study.precision,
      ...(study.threads === undefined ? {} : { threads: study.threads }),
    })
  const { shards } = await shardedStep<number[][], Mixture>(
    run,
    spec,
    Math.ceil(hybrids.length / SHARD),
    open,
    async (mixture, s) => {
      const out: number[][] = []
      for (const { blocks, embedding, head } of hybrids.slice(s * SHARD, (s + 1) * SHARD)) {
        mixture.along((layer) => blocks[layer]!, { embedding, head })
        const stance: number[] = []
        await score(
          mixture.model,
          paired,
          { signal: options.signal },
          ({ logprobs: [a, b], tokens: [na, nb] }) => {
            stance.push(b! / nb! - a! / na!)
          },
        )
        out.push(Array.from({ length: paired.length / 2 }, (_, i) => stance[2 * i + 1]! - stance[2 * i]!))
      }
      return out
    },
    (done, total) => options.onProgress?.('cut: hybrids', done, total),
  )
  return shards.flat()
}

/** At each harvested block: the model's own direction there, both ways at the middle dose. */
async function layerGains(
  run: RunFolder,
  p: Prepared,
  texts: readonly Harvest[],
  items: StanceItems,
  options: StepOptions,
): Promise<Pick<CutTable, 'gains' | 'unreached'>> {
  const { steering } = p.study
  const nats = middleDose(steering.nats)
  const gains: LayerGain[] = []
  const unreached: string[] = []
  for (const [m, model] of p.models.all.entries())
    for (const layer of p.layers) {
      const vector = Float32Array.from(await directionAt(p, texts[m]!, layer))
      const direction = { id: `blocks.${layer}`, vector }
      const what = `cut: doses of ${model.role} at block ${layer}`
      const place = { ...modelPlace(model, siteOf(layer), what, options), positions: steering.positions }
      const [slopes] = await slopesAt(run, place, nats, items.texts, [{ direction, items: items.neutral }])
      if (slopes === undefined) unreached.push(`${model.role} at block ${layer}`)
      else gains.push({ role: model.role, layer, slopes })
    }
  return { gains, unreached }
}
