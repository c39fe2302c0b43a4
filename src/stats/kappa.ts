/** Agreement of two raters beyond chance (Cohen 1960, "A coefficient of agreement for nominal scales"). */

import { type ClusterOptions, issueEstimate } from './bootstrap.ts'
import type { Estimate } from './estimate.ts'

/**
 * Cohen's kappa, (observed - expected) / (1 - expected); NaN where both raters always give one and the same label,
 * so that chance alone would agree as well.
 *
 * @param times how often each item counts; default: once
 * @example cohenKappa(['a', 'b', 'a', 'b'], ['a', 'b', 'b', 'b']) // 0.5
 */
export function cohenKappa(
  first: readonly string[],
  second: readonly string[],
  times?: ArrayLike<number>,
): number {
  const [a, b] = [new Map<string, number>(), new Map<string, number>()]
  let [n, agreed] = [0, 0]
  for (const [i, x] of first.entries()) {
    const w = times?.[i] ?? 1
    const y = second[i]!
    n += w
    if (x === y) agreed += w
    a.set(x, (a.get(x) ?? 0) + w)
    b.set(y, (b.get(y) ?? 0) + w)
  }
  let chance = 0
  for (const [label, count] of a) chance += (count / n) * ((b.get(label) ?? 0) / n)
  return chance === 1 ? Number.NaN : (agreed / n - chance) / (1 - chance)
}

/**
 * Kappa with its interval by bootstrap over groups of items, such as issues.
 *
 * @param groups group of each item, 0 to count - 1
 * @returns undefined where there is no kappa
 * @throws PalimpsestError `interrupted`
 */
export async function kappaEstimate(
  first: readonly string[],
  second: readonly string[],
  groups: { readonly of: ArrayLike<number>; readonly count: number },
  options: ClusterOptions,
): Promise<Estimate | undefined> {
  return issueEstimate(groups, { ...options, stage: 'kappa', method: 'cluster bootstrap' }, (weights) =>
    cohenKappa(first, second, weights),
  )
}
