/** Directions of one model on another: what they cost, out of fold. */

import type { Matrix } from '../core/matrix.ts'
import { SortedScores } from './auc.ts'
import { type ClusterOptions, clusterEstimates } from './bootstrap.ts'
import type { Estimate } from './estimate.ts'
import { fitLogistic } from './estimators/logistic.ts'
import { type Folds, partsOf } from './folds.ts'
import type { Labels } from './groups.ts'
import { project, standardiseInto } from './oof.ts'

export interface TransferResult {
  /** [fit][test]: AUC on model `test` of directions fitted on model `fit`, out of fold. */
  readonly auc: readonly (readonly Estimate[])[]
  /** For each test model, what the other model's directions cost against its own: AUC own minus AUC crossed. */
  readonly loss: readonly Estimate[]
}

/**
 * The 2x2 of transfer between two models over the same texts, by logistic regression out of fold. Transfer to a
 * model is non-inferior when the upper bound of its loss is below the margin.
 */
export async function measureTransfer(
  models: readonly [Matrix, Matrix],
  labels: Labels,
  folds: Folds,
  C: number,
  options: ClusterOptions,
): Promise<TransferResult> {
  const { poles, groups } = labels
  const parts = partsOf(folds)
  const sorted: SortedScores[] = []
  for (const fitOn of models) {
    const fits = await fitLogistic(
      fitOn,
      parts.map(({ train }) => ({ rows: train, labels: poles, C })),
      { signal: options.signal },
    )
    for (const testOn of models) {
      const scores = new Float64Array(poles.length)
      for (const [f, { test }] of parts.entries())
        standardiseInto(scores, project(testOn, fits[f]!.weights, test), test)
      sorted.push(new SortedScores(scores, poles, groups.of))
    }
  }
  const [bb, ba, ab, aa, lossB, lossA] = (await clusterEstimates(labels, options, (times) => {
    const [b2b, b2a, a2b, a2a] = sorted.map((s) => s.auc(times)) as [number, number, number, number]
    return [b2b, b2a, a2b, a2a, b2b - a2b, a2a - b2a]
  })) as [Estimate, Estimate, Estimate, Estimate, Estimate, Estimate]
  return {
    auc: [
      [bb, ba],
      [ab, aa],
    ],
    loss: [lossB, lossA],
  }
}
