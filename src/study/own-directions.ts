/**
 * Directions that a study brings with it, measured beside the fitted ones: how well they tell the poles apart in
 * each model, how they lie to the fitted direction, and how the spread along them changes. Nothing is fitted, so
 * nothing is held out.
 */

import { refuse } from '../core/errors.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { SortedScores } from '../stats/auc.ts'
import { clusterEstimates, strataOf } from '../stats/bootstrap.ts'
import { meanDifference } from '../stats/estimators/mean-difference.ts'
import type { Labels } from '../stats/groups.ts'
import { FISHER, jackknifeEstimate, jackknifePlan, keptRows } from '../stats/jackknife.ts'
import { cosine, norm, unit } from '../stats/linear.ts'
import { project } from '../stats/oof.ts'
import { measure } from './direction-measures.ts'
import type { DirectionRecord } from './directions.ts'
import { type Harvest, siteOf } from './harvest.ts'
import type { Prepared } from './prepare.ts'
import type { Measure } from './results.ts'

const MAX_DIRECTIONS = 1000

interface OwnDirection {
  readonly name: string
  readonly layer: number
  /** Unit vector, [d]. */
  readonly vector: Float64Array
}

/**
 * Measures the directions of `directions:` in a study file.
 *
 * @returns for each model and direction `auc` (higher scores: pole B), `cosine_own`, and over models `r_gap`
 * @throws PalimpsestError `directions-unusable`
 */
export async function ownDirections(
  p: Prepared,
  fitted: DirectionRecord,
  texts: readonly Harvest[],
  signal?: AbortSignal,
): Promise<Measure[]> {
  const path = p.study.directions
  if (path === undefined) return []
  const { labels, study } = p
  const out: Measure[] = []
  const draws = { seed: study.seed, draws: study.draws.bootstrap, signal }
  const plan = jackknifePlan(labels.groups.count, study.seed, strataOf(labels))
  const all = Int32Array.from(labels.poles.keys())
  for (const own of readDirections(path, p, fitted.layer)) {
    const projections: Float64Array[] = []
    for (const [m, { role }] of p.models.all.entries()) {
      const x = await texts[m]!.load(own.layer, study.sites.pool)
      const z = project(x, own.vector)
      projections.push(z)
      const scores = new SortedScores(z, labels.poles, labels.groups.of)
      const rest = {
        model: role,
        site: siteOf(own.layer),
        layer: own.layer,
        rendering: study.render[0]!,
        pool: study.sites.pool,
        estimator: own.name,
      }
      const [auc] = await clusterEstimates(labels, draws, (times) => [scores.auc(times)])
      out.push(measure('auc', auc!, { ...rest, note: 'a direction of the study, not fitted here' }))
      const [alike, ...without] = [all, ...plan.blocks.map((b) => keptRows(labels.groups.of, b))].map(
        (rows) => cosine(own.vector, meanDifference(x, labels.poles, rows)),
      )
      const cosines = jackknifeEstimate(alike!, without, plan, {
        n: all.length,
        seed: study.seed,
        scale: FISHER,
      })
      out.push(
        measure('cosine_own', cosines, { ...rest, note: 'with the difference of means at the same layer' }),
      )
    }
    if (projections.length > 1) {
      const gaps = projections.map((z) => classGap(z, labels))
      const [ratio] = await clusterEstimates(labels, draws, (times) => [gaps[1]!(times) / gaps[0]!(times)])
      out.push(
        measure('r_gap', ratio!, {
          site: siteOf(own.layer),
          layer: own.layer,
          estimator: own.name,
          note: 'class gap of labelled texts along a direction of the study, aligned over base',
        }),
      )
    }
  }
  return out
}

/** Distance between the poles' means of projections, of a draw that holds each group so many times. */
function classGap(z: Float64Array, { poles, groups }: Labels): (times: ArrayLike<number>) => number {
  const zeros = (): [Float64Array, Float64Array] => [
    new Float64Array(groups.count),
    new Float64Array(groups.count),
  ]
  const [sums, counts] = [zeros(), zeros()]
  groups.of.forEach((g, i) => {
    sums[poles[i]! as 0 | 1][g]! += z[i]!
    counts[poles[i]! as 0 | 1][g]!++
  })
  const total = (v: Float64Array, times: ArrayLike<number>): number =>
    v.reduce((sum, x, g) => sum + times[g]! * x, 0)
  return (times) =>
    total(sums[1], times) / total(counts[1], times) - total(sums[0], times) / total(counts[0], times)
}

/** Tensors [d]; a name that holds `blocks.L.` is of that layer, any other of the primary layer. */
function readDirections(path: string, p: Prepared, primary: number): OwnDirection[] {
  using file = openSafetensors(path)
  const width = p.models.all[0]!.key.width
  const wrong = (
    where: string,
    expected: string,
    found: string,
    fix = `Write tensors of shape [${width}], one a direction.`,
  ): Error =>
    refuse('directions-unusable', 'A direction of the study cannot be used.', {
      where: `${path}, ${where}`,
      expected,
      found,
      fix,
    })
  if (file.tensors.size === 0 || file.tensors.size > MAX_DIRECTIONS)
    throw wrong('the file', `1 to ${MAX_DIRECTIONS} tensors`, `${file.tensors.size}`)
  return [...file.tensors.values()].map((t) => {
    const named = /blocks\.(\d+)\./.exec(t.name)?.[1]
    const layer = named === undefined ? primary : Number(named)
    if (!p.layers.includes(layer))
      throw wrong(
        `tensor ${t.name}`,
        `a layer of the study: ${p.layers.join(', ')}`,
        String(layer),
        'Harvest that layer too (sites.layers), or leave the tensor out.',
      )
    if (t.shape.join() !== String(width))
      throw wrong(`tensor ${t.name}`, `shape [${width}]`, `[${t.shape.join(', ')}]`)
    const vector = readF32(t)
    if (!(norm(vector) > 0) || !Number.isFinite(norm(vector)))
      throw wrong(`tensor ${t.name}`, 'a finite vector other than zero', `norm ${norm(vector)}`)
    return { name: t.name, layer, vector: unit(vector) }
  })
}
