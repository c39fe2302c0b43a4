/** A smooth density of many values on a common grid. */

export interface DensityPoint {
  readonly x: number
  readonly density: number
}

const BINS = 512

/**
 * Gaussian kernel density at `points` places of [low, high]; values are first counted in fine bins, so that
 * the cost does not grow with their number. Bandwidth by Silverman's rule (1986, eq. 3.31), which is robust
 * to long tails.
 *
 * @returns densities that integrate to the share of values within [low, high]
 * @example density([0, 0.1, 0.2], -1, 1)
 */
export function density(values: readonly number[], low: number, high: number, points = 120): DensityPoint[] {
  const h = Math.max(bandwidth(values), (high - low) / points)
  const counts = new Float64Array(BINS)
  const bin = (high - low) / BINS
  for (const v of values) {
    const i = Math.floor((v - low) / bin)
    if (i >= 0 && i < BINS) counts[i]!++
  }
  const scale = 1 / (values.length * h * Math.sqrt(2 * Math.PI))
  return Array.from({ length: points }, (_, k) => {
    const x = low + ((high - low) * k) / (points - 1)
    let sum = 0
    for (let i = 0; i < BINS; i++)
      if (counts[i]! > 0) sum += counts[i]! * Math.exp(-0.5 * ((x - low - (i + 0.5) * bin) / h) ** 2)
    return { x, density: sum * scale }
  })
}

function bandwidth(values: readonly number[]): number {
  const n = values.length
  if (n < 2) return 0
  const sorted = Float64Array.from(values).sort()
  const mean = sorted.reduce((a, b) => a + b, 0) / n
  const sd = Math.sqrt(sorted.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1))
  const iqr = sorted[Math.floor(0.75 * (n - 1))]! - sorted[Math.floor(0.25 * (n - 1))]!
  const spread = iqr > 0 ? Math.min(sd, iqr / 1.34) : sd
  return 0.9 * spread * n ** -0.2
}
