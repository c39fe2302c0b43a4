/** Whether an identity brings a leaning back: the A-B contrast of a model over that of base. */

import { type Contrast, ratioOf } from '../stats/contrast.ts'
import type { Estimate } from '../stats/estimate.ts'
import type { Study } from './schema.ts'
import type { VerdictInputs } from './verdict.ts'

/**
 * Reads the reactivation index. Untestable where base's own interval does not lie above 0: then nothing is there
 * that could come back, or the outcome does not read it.
 *
 * @returns the label, and the index where base can be tested
 * @example readReactivation(base, aligned, study.thresholds).label // 'reactivated'
 */
export function readReactivation(
  base: Contrast | undefined,
  other: Contrast | undefined,
  thresholds: Pick<Study['thresholds'], 'reactivated' | 'not_reactivated'>,
): {
  readonly label: Exclude<VerdictInputs['identity'], 'not tested'>
  readonly index: (Estimate & { readonly ci: readonly [number, number] }) | undefined
} {
  if (base === undefined || other === undefined || !(base.ci[0] > 0))
    return { label: 'untestable', index: undefined }
  const index = ratioOf(other, base)
  const label =
    index.ci[0] > thresholds.reactivated
      ? 'reactivated'
      : index.ci[1] < thresholds.not_reactivated
        ? 'not reactivated'
        : 'underpowered'
  return { label, index }
}
