/** Agreement of two raters beyond chance (Cohen 1960, "A coefficient of agreement for nominal scales"). */

import { clusterBootstrap } from './bootstrap.ts'
import { type Estimate, LEVEL, methodOf, percentileInterval } from './estimate.ts'

export interface KappaOptions {
  readonly seed: number
  readonly draws: number
  readonly signal?: AbortSignal | undefined
}

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
  options: KappaOptions,
): Promise<Estimate | undefined> {
  const value = first.length === 0 ? Number.NaN : cohenKappa(first, second)
  if (Number.isNaN(value)) return undefined
  const rest = { n: first.length, groups: groups.count, seed: options.seed }
  if (groups.count < 2) return { value, ...rest }
  const weights = new Float64Array(first.length)
  const [draws] = await clusterBootstrap(groups.count, { ...options, stage: 'kappa' }, (times) => {
    for (let i = 0; i < weights.length; i++) weights[i] = times[groups.of[i]!]!
    return [cohenKappa(first, second, weights)]
  })
  return {
    value,
    ci: percentileInterval(draws!, { count: groups.count, strata: 1 }),
    level: LEVEL,
    method: methodOf('cluster bootstrap', groups.count),
    ...rest,
  }
}
