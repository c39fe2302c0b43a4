/** The direction of the domain's unrelated concept: what the positive control is steered along. */

import { meanDifference } from '../stats/estimators/mean-difference.ts'
import { unit } from '../stats/linear.ts'
import { harvest } from './harvest.ts'
import { tokenizeTexts } from './inputs.ts'
import type { StepOptions } from './model-place.ts'
import type { StudyModel } from './models.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'

/**
 * Fits it at blocks, on the concept's statements, in the pool in which the domain's direction was.
 *
 * @returns for each block a unit vector [d], B minus A
 * @throws PalimpsestError as the model, `interrupted`
 */
export async function conceptDirections(
  run: RunFolder,
  p: Prepared,
  model: StudyModel,
  layers: readonly number[],
  options: StepOptions,
): Promise<Float64Array[]> {
  const { study, domain, models } = p
  const rows = domain.concept.statements.flatMap((s) => [
    { id: `${s.id}/A`, text: s.A, pole: 0 },
    { id: `${s.id}/B`, text: s.B, pole: 1 },
  ])
  const texts = await tokenizeTexts(
    models.all[0]!.description,
    rows.map((r) => r.id),
    rows.map((r) => r.text),
    study.render[0]!,
    models.template,
    study.date,
    options.signal,
  )
  const job = { key: model.key, texts, layers, pools: [study.sites.pool] }
  const found = await harvest(run, job, model.open, {
    signal: options.signal,
    onProgress: (done, total) =>
      options.onProgress?.(`harvest of ${model.role}: unrelated concept`, done, total),
  })
  const poles = Int8Array.from(rows, (r) => r.pole)
  const all = Int32Array.from(rows.keys())
  return Promise.all(
    layers.map(async (layer) => unit(meanDifference(await found.load(layer, study.sites.pool), poles, all))),
  )
}
