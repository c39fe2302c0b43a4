/** What `steering.cut` looks at in the models of a study, checked before anything is run. */

import { refuse } from '../core/errors.ts'
import { unmixable } from '../model/mixture.ts'
import { type Hybrid, hybridsOf } from './cut-hybrids.ts'
import type { StudyModel } from './models.ts'
import type { Study } from './schema.ts'

export interface Cut {
  /** None for models that cannot be mixed. */
  readonly hybrids: readonly Hybrid[]
  /** Why there are none. */
  readonly leftOut: string | undefined
}

/**
 * The hybrids of a pair, where the study asks where the path is cut. Gains by block need no hybrids: they are
 * measured in any pair.
 *
 * @param warnings is told why hybrids are left out
 * @throws PalimpsestError `graft-range`
 */
export function studyCut(study: Study, models: readonly StudyModel[], warnings: string[]): Cut | undefined {
  const { cut } = study.steering
  if (cut === undefined || !study.claims.includes('steering') || models.length < 2) return undefined
  const layers = models[0]!.description.architecture.layers.length
  const outside = cut.grafts?.find(([from, end]) => from >= end || end > layers)
  if (outside !== undefined)
    throw refuse('graft-range', 'The model has no such range of blocks.', {
      where: 'study file, steering.cut.grafts',
      expected: `[i, j] with 0 <= i < j <= ${layers}: blocks i to j - 1`,
      found: `[${outside.join(', ')}]`,
      fix: 'Correct the range; j is one more than the last block.',
    })
  const leftOut = fault(models)
  if (leftOut !== undefined)
    warnings.push(
      `steering.cut: patches, grafts and the path between the models are left out, because ${leftOut}. Gains by block are measured.`,
    )
  return { hybrids: leftOut === undefined ? hybridsOf(layers, cut, study.seed) : [], leftOut }
}

/** Why base and aligned cannot be mixed. */
function fault(models: readonly StudyModel[]): string | undefined {
  const adapted = models.find((m) => m.adapter !== undefined)
  if (adapted !== undefined)
    return `${adapted.role} is a checkpoint with an adapter, which has no weights of its own to mix (merge it first)`
  const [base, aligned] = models as [StudyModel, StudyModel]
  const found = unmixable(base.description, aligned.description)
  return found === undefined
    ? undefined
    : `the models differ beside their weights, in ${found.what}: ${found.base} in ${base.role}, ${found.aligned} in ${aligned.role}`
}
