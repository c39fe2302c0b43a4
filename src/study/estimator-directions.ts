/** Directions by every estimator on all texts, and how far the estimators agree. */

import type { Matrix } from '../core/matrix.ts'
import { strataOf } from '../stats/bootstrap.ts'
import { fitLogistic } from '../stats/estimators/logistic.ts'
import type { Labels } from '../stats/groups.ts'
import { FEW_BLOCKS, FISHER, jackknifeEstimate, jackknifePlan, keptRows } from '../stats/jackknife.ts'
import { cosine, unit } from '../stats/linear.ts'
import { type Estimator, estimatorsFor, fitDirection } from '../stats/oof.ts'
import { measure } from './direction-measures.ts'
import { type Measure, pairNote } from './results.ts'

/**
 * Unit directions by `role.estimator`; cosines between the estimators go to `out`, with intervals by jackknife over
 * groups: every estimator is fitted again without each block of them.
 *
 * @param models activations of the labelled texts at one layer, and the penalty of logistic regression
 * @throws PalimpsestError `engine-*`, `interrupted`
 */
export async function estimatorDirections(
  models: readonly { readonly role: string; readonly x: Matrix; readonly C: number }[],
  labels: Labels,
  place: Partial<Measure>,
  { seed, signal }: { readonly seed: number; readonly signal: AbortSignal | undefined },
  out: Measure[],
): Promise<Map<string, Float64Array>> {
  const { groups, poles } = labels
  const plan = jackknifePlan(groups.count, seed, strataOf(labels), FEW_BLOCKS)
  const samples = [Int32Array.from(poles.keys()), ...plan.blocks.map((b) => keptRows(groups.of, b))]
  const estimators = estimatorsFor(labels)
  const directions = new Map<string, Float64Array>()
  for (const { role, x, C } of models) {
    const fits = new Map<Estimator, Float64Array[]>()
    for (const e of estimators) fits.set(e, await fitAll(e, x, C))
    for (const [e, [whole]] of fits) directions.set(`${role}.${e}`, unit(whole!))
    estimators.forEach((a, at) => {
      for (const b of estimators.slice(at + 1)) {
        const [value, ...without] = fits.get(a)!.map((d, k) => cosine(d, fits.get(b)![k]!))
        const found = jackknifeEstimate(value!, without, plan, { n: poles.length, seed, scale: FISHER })
        out.push(measure('cosine_estimators', found, { model: role, ...place, note: pairNote(a, b) }))
      }
    })
  }
  return directions

  /** On all texts, then without each block. */
  async function fitAll(e: Estimator, x: Matrix, C: number): Promise<Float64Array[]> {
    if (e === 'logistic') {
      // Fits of a batch share a preconditioner: the one that is kept is on its own.
      const batches = [samples.slice(0, 1), samples.slice(1)]
      const fits = batches.map((batch) =>
        fitLogistic(
          x,
          batch.map((rows) => ({ rows, labels: poles, C })),
          { signal },
        ),
      )
      return (await Promise.all(fits)).flat().map((fit) => fit.weights)
    }
    const found: Float64Array[] = []
    for (const rows of samples) found.push(await fitDirection(e, x, labels, rows, signal))
    return found
  }
}
