/**
 * Where the path is cut: what prompts that lean make of completions in models that are partly base and partly
 * aligned, and how far a dose at each block carries. Writes down what came of it; cut-measures.ts reads it.
 *
 * Every hybrid is base + alpha (aligned - base) with an alpha for each block. Patching base's activations into
 * aligned behind block u is the hybrid whose blocks up to u are base's; a graft has some blocks of the other.
 */

import { refuse } from '../core/errors.ts'
import { hashJson } from '../core/files.ts'
import { stream } from '../core/random.ts'
import { type Mixture, openMixture } from '../model/mixture.ts'
import { score } from '../model/score.ts'
import { meanDifference } from '../stats/estimators/mean-difference.ts'
import { unit } from '../stats/linear.ts'
import { calibrateArms, scoreArms } from './arms.ts'
import { type Harvest, siteOf } from './harvest.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import { evenly, type StanceItem, type StanceItems } from './stance-items.ts'
import type { SteeringOptions } from './steering-step.ts'

const HYBRIDS = 1
/** Hybrids in a shard. */
const SHARD = 8
/** Share of the blocks in a graft. */
const GRAFT = 1 / 4

/** A model between base and aligned. */
export interface Hybrid {
  readonly kind: 'base' | 'aligned' | 'patch' | 'graft' | 'path' | 'control'
  /** What it is, in words: `base below, aligned above`. */
  readonly name: string
  /** Block behind which it changes, or where its graft begins. */
  readonly layer?: number
  readonly alpha?: number
  readonly blocks: readonly number[]
  readonly embedding: number
  readonly head: number
}

/** Slope of the stance on the dose at one block, by issue. */
export interface LayerGain {
  readonly role: string
  readonly layer: number
  readonly slopes: readonly number[]
}

export interface CutTable {
  readonly issues: readonly string[]
  /** Stance on prompts that lean to B less that on prompts that lean to A, by issue. */
  readonly hybrids: readonly (Hybrid & { readonly contrast: readonly number[] })[]
  readonly gains: readonly LayerGain[]
  /** Blocks at which the dose could not be reached, by model. */
  readonly unreached: readonly string[]
}

/**
 * Runs all hybrids, and the doses by block.
 *
 * @throws PalimpsestError `cut-adapter`, those of `openMixture` and of the models, `interrupted`
 */
export async function cutTable(
  run: RunFolder,
  p: Prepared,
  texts: readonly Harvest[],
  items: StanceItems,
  options: SteeringOptions,
): Promise<CutTable> {
  const { study } = p
  const settings = study.steering.cut!
  const adapted = p.models.all.find((m) => m.adapter !== undefined)
  if (adapted !== undefined)
    throw refuse('cut-adapter', 'A model with an adapter has no weights of its own to graft.', {
      where: `study file, models.${adapted.role}.adapter`,
      expected: 'two checkpoints, for steering.cut',
      fix: 'Merge the adapter into a checkpoint, or leave out steering.cut: all other claims are possible.',
    })
  const byUnit = new Map(items.loaded.B.map((i) => [i.unit, i]))
  const paired = evenly(
    items.loaded.A.filter((a) => byUnit.has(a.unit)),
    settings.issues,
  ).flatMap((a) => [a, byUnit.get(a.unit)!])
  const layers = p.models.all[0]!.description.architecture.layers.length
  const hybrids = hybridsOf(layers, settings, study.seed)
  const contrasts = await scoreHybrids(run, p, hybrids, paired, options)
  const { gains, unreached } = await layerGains(run, p, texts, items, options)
  return {
    issues: paired.filter((_, i) => i % 2 === 0).map((i) => i.unit),
    hybrids: hybrids.map((h, i) => ({ ...h, contrast: contrasts[i]! })),
    gains,
    unreached,
  }
}

/**
 * The hybrids of a model of so many blocks.
 *
 * @example hybridsOf(4, { alphas: [0.5], controls: 2 }, 1).filter((h) => h.kind === 'patch').length // 6
 */
export function hybridsOf(
  layers: number,
  { alphas, controls }: { readonly alphas: readonly number[]; readonly controls: number },
  seed: number,
): Hybrid[] {
  const blocks = (alpha: (layer: number) => number): number[] =>
    Array.from({ length: layers }, (_, l) => alpha(l))
  const splits = Array.from({ length: layers - 1 }, (_, u) => u)
  const wide = Math.max(1, Math.round(GRAFT * layers))
  const starts = Array.from({ length: layers - wide + 1 }, (_, i) => i).filter(
    (i) => i % Math.max(1, wide >> 1) === 0 || i === layers - wide,
  )
  const along = alphas.filter((a) => a !== 0 && a !== 1)
  const halves = Array.from({ length: controls }, (_, k) => {
    const rng = stream(seed, 'cut/blocks', k)
    const order = Array.from({ length: layers }, (_, l) => ({ l, at: rng.uniform() })).sort(
      (a, b) => a.at - b.at,
    )
    return new Set(order.slice(0, layers >> 1).map((o) => o.l))
  })
  return [
    { kind: 'base', name: 'base', blocks: blocks(() => 0), embedding: 0, head: 0 },
    { kind: 'aligned', name: 'aligned', blocks: blocks(() => 1), embedding: 1, head: 1 },
    ...splits.flatMap((u): Hybrid[] => [
      {
        kind: 'patch',
        name: 'base below, aligned above',
        layer: u,
        blocks: blocks((l) => (l <= u ? 0 : 1)),
        embedding: 0,
        head: 1,
      },
      {
        kind: 'patch',
        name: 'aligned below, base above',
        layer: u,
        blocks: blocks((l) => (l <= u ? 1 : 0)),
        embedding: 1,
        head: 0,
      },
    ]),
    ...starts.flatMap((i) => {
      const within = (l: number): boolean => l >= i && l < i + wide
      const range = wide === 1 ? `block ${i}` : `blocks ${i} to ${i + wide - 1}`
      return [0, 1].map(
        (host): Hybrid => ({
          kind: 'graft',
          name: host === 0 ? `${range} of aligned in base` : `${range} of base in aligned`,
          layer: i,
          blocks: blocks((l) => (within(l) ? 1 - host : host)),
          embedding: host,
          head: host,
        }),
      )
    }),
    ...along.flatMap((alpha): Hybrid[] => [
      {
        kind: 'path',
        name: `alpha ${alpha}`,
        alpha,
        blocks: blocks(() => alpha),
        embedding: alpha,
        head: alpha,
      },
      ...halves.map(
        (half): Hybrid => ({
          kind: 'control',
          name: `alpha ${alpha}, a random half of the blocks`,
          alpha,
          blocks: blocks((l) => (half.has(l) ? alpha : 0)),
          embedding: 0,
          head: 0,
        }),
      ),
    ]),
  ]
}

/** Contrast by issue under every hybrid. @param paired A, B, A, B */
async function scoreHybrids(
  run: RunFolder,
  p: Prepared,
  hybrids: readonly Hybrid[],
  paired: readonly StanceItem[],
  options: SteeringOptions,
): Promise<number[][]> {
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
  options: SteeringOptions,
): Promise<Pick<CutTable, 'gains' | 'unreached'>> {
  const { steering } = p.study
  const nats = steering.nats[steering.nats.length >> 1]!
  const gains: LayerGain[] = []
  const unreached: string[] = []
  for (const [m, model] of p.models.all.entries())
    for (const layer of p.layers) {
      const x = await texts[m]!.load(layer, p.study.sites.pool)
      const own = meanDifference(x, p.labels.poles, Int32Array.from(p.labels.poles.keys()))
      const direction = { id: `blocks.${layer}`, vector: Float32Array.from(unit(own)) }
      const place = {
        key: model.key,
        site: siteOf(layer),
        open: model.open,
        signal: options.signal,
        onProgress: (done: number, total: number) =>
          options.onProgress?.(`cut: doses of ${model.role} at block ${layer}`, done, total),
      }
      const asks = [-nats, nats].map((n) => ({ direction, op: 'add' as const, nats: n }))
      const { doses } = await calibrateArms(run, place, items.texts, asks)
      const [minus, plus] = doses.map((d) => d.found)
      if (minus === undefined || plus === undefined) {
        unreached.push(`${model.role} at block ${layer}`)
        continue
      }
      const scored = await scoreArms(run, { ...place, positions: steering.positions }, [
        { id: 'plain', arm: undefined, items: items.neutral },
        ...[minus, plus].map((found, i) => ({
          id: String(asks[i]!.nats),
          arm: { ...direction, op: 'add' as const, size: found.alpha },
          items: items.neutral,
        })),
      ])
      const [, low, high] = scored.scores.map((s) => s.stance)
      gains.push({
        role: model.role,
        layer,
        slopes: low!.map((v, i) => (high![i]! - v) / (plus.dose - minus.dose)),
      })
    }
  return { gains, unreached }
}
