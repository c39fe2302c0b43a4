/** What two models share of the direction, as measures: transfer, cosines with their null and ceiling, CKA, angles. */

import type { Matrix } from '../core/matrix.ts'
import type { Folds } from '../stats/folds.ts'
import type { Labels } from '../stats/groups.ts'
import { compareDirections, componentAngles, linearCka, measureTransfer } from '../stats/transfer.ts'
import { type Common, measure } from './direction-measures.ts'
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
  const c = await compareDirections(models[0], models[1], labels, { seed, draws: draws.permutations, signal })
  const means = {
    ...unfolded,
    estimator: 'mean-difference',
    n: labels.poles.length,
    groups: labels.groups.count,
    seed,
  }
  out.push({
    name: 'cosine_base_aligned',
    ...means,
    value: c.value,
    null: c.null,
    p: c.p,
    method: 'permuted labels',
  })
  const halves = 'halves of the groups'
  out.push(
    {
      name: 'split_half_cosine',
      model: 'base',
      ...means,
      value: c.splitHalf.first,
      note: `${halves} within base: the ceiling`,
    },
    {
      name: 'split_half_cosine',
      model: 'aligned',
      ...means,
      value: c.splitHalf.second,
      note: `${halves} within aligned: the ceiling`,
    },
    {
      name: 'split_half_across',
      ...means,
      value: c.splitHalf.across,
      note: `the same ${halves}, base to aligned`,
    },
  )
  const whole = { ...unfolded, n: labels.poles.length }
  out.push({ name: 'cka', ...whole, value: await linearCka(models[0], models[1], signal), note: 'linear' })
  const angles = await componentAngles(models[0], models[1], signal)
  if (angles.length === 0) return
  out.push({
    name: 'principal_angle',
    ...whole,
    value: angles.reduce((s, v) => s + v, 0) / angles.length,
    note: `mean over the ${angles.length} strongest components, in degrees`,
  })
  series.push({
    name: 'principal_angles',
    site: place.site,
    layer: input.layer,
    values: angles,
    note: 'degrees, between the spans of the strongest components of base and aligned',
  })
}
