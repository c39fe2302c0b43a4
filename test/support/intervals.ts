/** Which numbers of a record lack an interval that they should have. */
import type { Results } from '../../src/study/results.ts'

/** Tests, counts, designs: docs/method.md says why an interval would mean nothing. */
const NONE =
  /^(swap_test|brown_forsythe|(issues|groups|prompts)_needed|power_.*|arms_unreached|features_unreached|dictionary_(not_seen|dead)|length_gap|mask_thickness|repetition)$/

/** Names of measures of more than one item and group that have none. */
export function withoutInterval({ claims }: Pick<Results, 'claims'>): string[] {
  const found = claims.flatMap((c) =>
    c.measures
      .filter((m) => m.ci === undefined && m.n > 1 && m.groups !== 1 && !NONE.test(m.name))
      .map((m) => `${c.id}: ${m.name}`),
  )
  return [...new Set(found)]
}
