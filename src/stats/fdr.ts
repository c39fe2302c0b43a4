/**
 * Benjamini-Hochberg adjusted p-values (q-values) of one family, in the order given
 * (Benjamini and Hochberg 1995; as scipy.stats.false_discovery_control).
 *
 * @example benjaminiHochberg([0.01, 0.02, 0.5]) // [0.03, 0.03, 0.5]
 */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const sorted = p.map((value, i) => ({ value, i })).sort((a, b) => b.value - a.value)
  const q = new Array<number>(p.length)
  let least = 1
  sorted.forEach(({ value, i }, at) => {
    least = Math.min(least, value * (p.length / (p.length - at)))
    q[i] = least
  })
  return q
}
