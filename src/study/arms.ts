/**
 * Arms of the causal claims: directions that are added at a dose or ablated, calibrated to a KL on neutral text
 * and scored on matched completions. Many arms share each pass.
 */

import { hashJson } from '../core/files.ts'
import { type Ask, type CalibratedDose, calibrate, type DosePoint } from '../model/calibrate.ts'
import { klByText, restricted } from '../model/dose.ts'
import { hookLayer } from '../model/hooks.ts'
import {
  type Ablate,
  type Add,
  ablate,
  add,
  type Intervention,
  type Positions,
} from '../model/interventions.ts'
import type { Model } from '../model/model.ts'
import type { Receipt } from '../model/receipts.ts'
import { residuals, score } from '../model/score.ts'
import { mean } from '../stats/estimate.ts'
import type { ModelKey } from './harvest.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import type { StanceItem } from './stance-items.ts'

const CALIBRATE = 4
const SCORE = 3
const ABLATION = 4
/** Arms in a shard: enough to fill passes, few enough that little is lost. A dose is measured on few, short texts. */
const SHARD = 16
const DOSES_SHARD = 32
/** How near the KL must come to what is asked for: half of what the claims promise. */
const TOLERANCE = 0.025
/** First guess of an addition, in mean residual norms. */
const FIRST = 0.1
const MAX_NORMS = 100
/** Beyond this an ablation turns the component around many times over. */
const MAX_AMOUNT = 16

/** The dose at which arms are compared, in nats: the middle one of those that a study names. */
export const middleDose = (nats: readonly number[]): number => nats[nats.length >> 1]!

/** A direction, of unit norm, that is added, or ablated to its mean. */
export interface ArmDirection {
  readonly id: string
  readonly vector: Float32Array
  /** Mean of the projection, for ablations. */
  readonly mean?: number
  /** Sites of an ablation that is made at several, with the mean at each; default: the place's own. */
  readonly at?: readonly { readonly site: string; readonly mean: number }[]
}

/** An arm at its size: alpha of an addition, amount of an ablation. */
export interface Arm extends ArmDirection {
  readonly op: 'add' | 'ablate'
  readonly size: number
}

export interface ArmPlace {
  readonly key: ModelKey
  readonly site: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** What was found for one direction and KL; without a dose where the KL is out of reach. */
export interface ArmDose {
  readonly id: string
  /** KL asked for, with the sign of the dose. */
  readonly asked: number
  readonly found: CalibratedDose | undefined
  readonly curve: readonly DosePoint[]
}

/** What an arm made of every item. */
export interface ArmScores {
  readonly id: string
  /** Log-odds of B over A, per token, by item: log p(B) / |B| - log p(A) / |A|. */
  readonly stance: readonly number[]
  /** What was done; undefined for an arm that changes nothing. */
  readonly receipt: Pick<Receipt, 'tokens' | 'asked' | 'measured'> | undefined
}

/** What an arm does at a site. */
export function change(arm: Arm, site: string, positions: Positions): (Add | Ablate)[] {
  if (arm.op === 'add') return [add({ site, positions, vector: arm.vector, dose: arm.size })]
  return (arm.at ?? [{ site, mean: arm.mean ?? 0 }]).map((a) =>
    ablate({ ...a, positions, direction: arm.vector, amount: arm.size }),
  )
}

/** What names a direction in a step. */
export const described = (d: ArmDirection): unknown => [
  d.id,
  [...d.vector],
  d.mean ?? 0,
  ...(d.at === undefined ? [] : [d.at]),
]

/**
 * Sizes at which directions cost what is asked for. Every shard starts from the sizes of those before.
 *
 * @param texts neutral texts, as tokens
 */
export async function calibrateArms(
  run: RunFolder,
  place: ArmPlace & { open(): Promise<Model> },
  texts: readonly { readonly id: string; readonly tokens: readonly number[] }[],
  asks: readonly {
    readonly direction: ArmDirection
    readonly op: Arm['op']
    /** Signed for additions. */
    readonly nats: number
  }[],
): Promise<{ hash: string; doses: ArmDose[] }> {
  const { key, site, signal } = place
  const spec = {
    kind: 'arm-doses',
    version: CALIBRATE,
    params: {
      ...key,
      site,
      texts: hashJson(texts),
      asks: hashJson(asks.map((a) => [a.op, a.nats, described(a.direction)])),
      tolerance: TOLERANCE,
      shard: DOSES_SHARD,
    },
  }
  const { hash, shards } = await shardedStep<ArmDose[]>(
    run,
    spec,
    Math.ceil(asks.length / DOSES_SHARD),
    place.open,
    async (model, s, before) => {
      const mine = asks.slice(s * DOSES_SHARD, (s + 1) * DOSES_SHARD)
      const norm = (await model.meanNorms(texts, [site], signal)).get(site)!
      // KL ~ alpha^2: additions of unit vectors cost much the same.
      const known = before.flat().flatMap((d) => (d.found === undefined ? [] : [d.found]))
      const unit = median(known.map((f) => Math.abs(f.alpha) / Math.sqrt(f.nats)))
      const found = await calibrate(
        model,
        texts,
        mine.map(
          ({ direction, op, nats }): Ask => ({
            change: (size) => change({ ...direction, op, size }, site, 'all'),
            nats: Math.abs(nats),
            start:
              op === 'ablate'
                ? 1
                : Math.sign(nats) * (unit === undefined ? FIRST * norm : unit * Math.sqrt(Math.abs(nats))),
            most: op === 'ablate' ? MAX_AMOUNT : MAX_NORMS * norm,
          }),
        ),
        { tolerance: TOLERANCE, signal },
      )
      return mine.map(({ direction, nats }, i) => {
        const f = found[i]!
        return {
          id: direction.id,
          asked: nats,
          found: 'dose' in f ? f : undefined,
          curve: f.curve.map((p) => ({ ...p, nats: Math.min(p.nats, Number.MAX_VALUE) })),
        }
      })
    },
    place.onProgress,
  )
  return { hash, doses: shards.flat() }
}

/** KL of a change, in nats: a token, and sums over the tokens of each text. */
export interface ChangeCost {
  readonly nats: number
  readonly texts: readonly number[]
  readonly tokens: readonly number[]
}

/** KL on neutral texts of ablating directions wholly. */
export async function ablationNats(
  run: RunFolder,
  place: ArmPlace & { open(): Promise<Model> },
  texts: readonly { readonly id: string; readonly tokens: readonly number[] }[],
  directions: readonly ArmDirection[],
): Promise<ChangeCost[]> {
  const { key, site, signal } = place
  const spec = {
    kind: 'ablation-nats',
    version: ABLATION,
    params: { ...key, site, texts: hashJson(texts), directions: hashJson(directions.map(described)) },
  }
  const { shards } = await shardedStep<number[][]>(run, spec, 1, place.open, (model) =>
    klByText(
      model,
      texts,
      directions.map((d) => change({ ...d, op: 'ablate', size: 1 }, site, 'all')),
      signal,
    ),
  )
  const tokens = texts.map((t) => t.tokens.length)
  const all = tokens.reduce((a, b) => a + b, 0)
  return shards[0]!.map((own) => ({ nats: own.reduce((a, b) => a + b, 0) / all, texts: own, tokens }))
}

/**
 * Scores of completions under arms, each on its own items. What changes nothing comes first and is run twice, as
 * it is and with a dose of zero, which must not move a bit.
 *
 * @param arms undefined: nothing is changed
 * @returns scores in order, and the largest difference that a dose of zero made
 */
export async function scoreArms(
  run: RunFolder,
  place: ArmPlace & { open(): Promise<Model>; positions: Positions },
  arms: readonly {
    readonly id: string
    readonly arm: Arm | undefined
    readonly items: readonly StanceItem[]
  }[],
): Promise<{ hash: string; scores: ArmScores[]; zero: number }> {
  const { key, site, positions, signal } = place
  const spec = {
    kind: 'arm-scores',
    version: SCORE,
    params: {
      ...key,
      site,
      positions,
      arms: hashJson(
        arms.map(({ id, arm, items }) => [
          id,
          arm === undefined ? null : [arm.op, arm.size, described(arm)],
          items,
        ]),
      ),
      shard: SHARD,
    },
  }
  const { hash, shards } = await shardedStep<{ scores: ArmScores[]; zero: number }>(
    run,
    spec,
    Math.ceil(arms.length / SHARD),
    place.open,
    async (model, s) => {
      const mine = arms.slice(s * SHARD, (s + 1) * SHARD)
      const items = mine.flatMap((a) => a.items)
      let next = 0
      const rows = mine.map((a) => a.items.map(() => next++))
      // What comes before the site is the same for all arms of an item, and is computed once.
      const layer = hookLayer(site, model.architecture)
      const distinct = [...new Set(items)]
      const streams = await residuals(model, distinct, layer, signal)
      const streamOf = new Map(distinct.map((item, i) => [item, streams[i]!]))
      const pass = async (
        over: readonly StanceItem[],
        interventions: readonly Intervention[],
      ): Promise<{ stance: number[]; receipts: Receipt[] }> => {
        const stance: number[] = []
        const resume = { layer, values: (i: number) => streamOf.get(over[i]!)! }
        const receipts = await score(
          model,
          over,
          { interventions, resume, signal },
          ({ logprobs: [a, b], tokens: [na, nb] }) => {
            stance.push(b! / nb! - a! / na!)
          },
        )
        return { stance, receipts }
      }
      const changed = [...mine.keys()].filter((i) => mine[i]!.arm !== undefined)
      const made = changed.map((i) => restricted(change(mine[i]!.arm!, site, positions), rows[i]!))
      const { stance, receipts } = await pass(items, made.flat())
      const owner = made.flatMap((own, k) => own.map(() => changed[k]!))
      const still = mine.find((a) => a.arm === undefined)?.items
      const like = arms.find((a) => a.arm !== undefined)?.arm
      let zero = 0
      if (still !== undefined && like !== undefined) {
        const plain = await pass(still, [])
        const nothing = await pass(still, change({ ...like, op: 'add', size: 0 }, site, positions))
        zero = Math.max(...plain.stance.map((v, i) => Math.abs(v - nothing.stance[i]!)))
      }
      return {
        zero,
        scores: mine.map(({ id }, i) => {
          // Of a change at several sites: the tokens of one, and mean norms.
          const own = receipts.filter((_, r) => owner[r] === i)
          return {
            id,
            stance: rows[i]!.map((row) => stance[row]!),
            receipt:
              own.length === 0
                ? undefined
                : {
                    tokens: own[0]!.tokens,
                    asked: mean(own.map((r) => r.asked)),
                    measured: mean(own.map((r) => r.measured)),
                  },
          }
        }),
      }
    },
    place.onProgress,
  )
  return {
    hash,
    scores: shards.flatMap((s) => s.scores),
    zero: Math.max(...shards.map((s) => s.zero)),
  }
}

function median(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : [...values].sort((a, b) => a - b)[values.length >> 1]
}
