/** What two models share of the direction, as measures: transfer, cosines with their null and ceiling, CKA, angles. */

import type { Matrix } from '../core/matrix.ts'
import { strataOf } from '../stats/bootstrap.ts'
import { linearCka } from '../stats/cka.ts'
import type { Folds } from '../stats/folds.ts'
import type { Labels } from '../stats/groups.ts'
import { FEW_BLOCKS, jackknifePlan } from '../stats/jackknife.ts'
import { compareDirections, componentAngles } from '../stats/likeness.ts'
import { measureTransfer } from '../stats/transfer.ts'
import { type Common, measure, tested } from './direction-measures.ts'
import type { Measure, Series } from './results.ts'
import type { Study } from './schema.ts'

export interface PairInput {
  /** Base's and aligned's activations of the same texts at the primary layer, [n, d]. */
  readonly models: readonly [Matrix, Matrix]
  readonly labels: Labels
  readonly folds: Folds
  /** Penalty of logistic regression. */
  readonly C: number
  readonly study: Study
  readonly place: Common & { readonly site: string }
  readonly layer: number
  readonly signal: AbortSignal | undefined
}

const ROLES = ['base', 'aligned'] as const

/** Adds everything that compares the pair. */
export async function pairMeasures(input: PairInput, out: Measure[], series: Series[]): Promise<void> {
  const { models, labels, study, place, signal } = input
  const { seed, draws } = study
  const { folds, ...unfolded } = place
  const transfer = await measureTransfer(models, labels, input.folds, input.C, {
    seed,
    draws: draws.bootstrap,
    signal,
  })
  const logistic = { ...place, estimator: 'logistic' }
  const margin = study.thresholds.transfer_margin
  ROLES.forEach((test, t) => {
    ROLES.forEach((fit, f) => {
      out.push(measure('transfer_auc', transfer.auc[f]![t]!, { fit, test, ...logistic }))
    })
    const loss = transfer.loss[t]!
    const upper = loss.ci![1]
    out.push(
      measure('transfer_loss', loss, {
        fit: ROLES[1 - t]!,
        test,
        ...logistic,
        note: `AUC that the other model's direction costs; ${upper < margin ? 'non-inferior' : 'not shown to be non-inferior'} within ${margin}`,
      }),
    )
  })
  const jackknife = jackknifePlan(labels.groups.count, seed, strataOf(labels))
  const c = await compareDirections(models[0], models[1], labels, jackknife, {
    seed,
    draws: draws.permutations,
    signal,
  })
  const means = { ...unfolded, estimator: 'mean-difference' }
  out.push(measure('cosine_base_aligned', tested(c.cosine, 'permuted labels'), means))
  const halves = 'halves of the groups'
  for (const [model, e] of [
    ['base', c.splitHalf.first],
    ['aligned', c.splitHalf.second],
  ] as const)
    out.push(
      measure('split_half_cosine', e, { model, ...means, note: `${halves} within ${model}: the ceiling` }),
    )
  out.push(
    measure('split_half_across', c.splitHalf.across, {
      ...means,
      note: `the same ${halves}, base to aligned`,
    }),
  )
  const { of } = labels.groups
  const cka = await linearCka(models[0], models[1], of, jackknife, { seed, signal })
  // Of texts that do not differ beyond their noise there is none.
  if (Number.isFinite(cka.value))
    out.push(measure('cka', cka, { ...unfolded, note: 'linear, unbiased over pairs of groups' }))
  const few = jackknifePlan(labels.groups.count, seed, strataOf(labels), FEW_BLOCKS)
  const angles = await componentAngles(models[0], models[1], of, few, { seed, signal })
  if (angles === undefined) return
  out.push(
    measure('principal_angle', angles.mean, {
      ...unfolded,
      note: `mean over the ${angles.all.length} strongest components, in degrees`,
    }),
  )
  series.push({
    name: 'principal_angles',
    site: place.site,
    layer: input.layer,
    values: [...angles.all],
    note: 'degrees, between the spans of the strongest components of base and aligned',
  })
}
