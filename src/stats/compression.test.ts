import { describe, expect, test } from 'vitest'
import { goldens, type PromptPair, prompts, scaled } from '../../test/support/stats.ts'
import { matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { type AxisResult, measureCompression } from './compression.ts'
import { mean, variance } from './estimate.ts'
import { dot, norm } from './linear.ts'
import { project } from './oof.ts'
import { armDirections, referenceDirections } from './references.ts'
import { brownForsythe, IssueSums, SortedByIssue, swapTest } from './spread.ts'

const OPTIONS = { seed: 1, draws: 300, selectiveRatio: 0.8, references: 200 }

async function measure(p: PromptPair, options: Partial<typeof OPTIONS> = {}): Promise<AxisResult> {
  const { axes } = await measureCompression(
    { ...p, axes: [{ name: 'base', direction: p.d }] },
    { ...OPTIONS, ...options },
  )
  return axes[0]!
}
const jitter = (_: number, normal: () => number): number => 1 + 0.1 * normal()

describe('measureCompression', () => {
  test('a model and itself: every ratio is exactly 1, and nothing is selective', async () => {
    const p = prompts({ seed: 1, issues: 20, perIssue: 8, dim: 60 })
    const a = await measure({ ...p, aligned: p.base, texts: { ...p.texts, aligned: p.texts.base } })
    for (const e of [a.ratio, a.gapRatio, a.ratioGapScaled, a.ratioOfReferences])
      expect([e.value, ...e.ci!]).toEqual([1, 1, 1])
    expect([a.iqrRatio.value, a.rangeRatio.value]).toEqual([1, 1])
    expect([a.selective.value, ...a.selective.ci!]).toEqual([0, 0, 0])
    expect(a.selectivity).toBe('not')
    expect(a.reading).toBe('no compression')
    expect(a.swapP).toBe(1)
    expect(a.brownForsytheP).toBe(1)
  })

  test('a model halved: a change of scale, with ratios of exactly a half', async () => {
    const p = prompts({ seed: 2, issues: 20, perIssue: 8, dim: 60 })
    const half = {
      ...p,
      aligned: scaled(p.base, 0.5),
      texts: { ...p.texts, aligned: scaled(p.texts.base, 0.5) },
    }
    const a = await measure(half)
    expect(a.ratio.value).toBeCloseTo(0.5, 14)
    expect(a.gapRatio.value).toBeCloseTo(0.5, 14)
    expect(a.ratioGapScaled.value).toBeCloseTo(1, 14)
    expect(a.selective.value).toBeCloseTo(0, 12)
    expect(a.selectivity).toBe('not')
    expect(a.reading).toBe('change of scale')
    expect(a.swapP).toBe(1)
  })

  test('tells compression from an attenuated direction, both under jitter and a change of scale', async () => {
    const gain = (k: number, normal: () => number): number => 0.7 * jitter(k, normal)
    const only = await measure(prompts({ seed: 3, issues: 20, perIssue: 8, dim: 60, gain, alongD: 0.5 }))
    expect([only.selectivity, only.reading]).toEqual(['selective', 'compression'])
    const both = await measure(
      prompts({ seed: 3, issues: 20, perIssue: 8, dim: 60, gain, alongD: 0.5, gapAlongD: 0.5 }),
    )
    expect([both.selectivity, both.reading]).toEqual(['selective', 'attenuated direction'])
  })

  test('does not call jitter of every component selective', async () => {
    for (const seed of [10, 11, 12]) {
      const a = await measure(prompts({ seed, issues: 20, perIssue: 8, dim: 60, gain: jitter }))
      expect(a.selectivity).not.toBe('selective')
    }
  })

  test('gives the same numbers to the bit every time, and others for another seed', async () => {
    const p = prompts({ seed: 4, issues: 12, perIssue: 4, dim: 30, gain: jitter })
    expect(await measure(p)).toEqual(await measure(p))
    expect((await measure(p, { seed: 2 })).ratio.ci).not.toEqual((await measure(p)).ratio.ci)
  })

  test('says so where the axes disagree', async () => {
    const p = prompts({ seed: 5, issues: 20, perIssue: 8, dim: 60, alongD: 0.5 })
    const other = Float64Array.from(p.d, (_, k) => (k === 3 ? 1 : 0))
    const found = await measureCompression(
      {
        ...p,
        axes: [
          { name: 'base', direction: p.d },
          { name: 'aligned', direction: other },
        ],
      },
      OPTIONS,
    )
    expect(found.axes.map((a) => a.selectivity)).toEqual(['selective', 'not'])
    expect(found.agrees).toBe(false)
  })

  test.each([
    ['issues-few', { issues: 9, perIssue: 8 }],
    ['issue-single', { issues: 12, perIssue: 1 }],
  ])('refuses with %s', async (code, size) => {
    await expect(measure(prompts({ seed: 1, dim: 20, ...size }))).rejects.toMatchObject({ code })
  })

  test('refuses activations that are not numbers, and axes along which nothing differs', async () => {
    const p = prompts({ seed: 1, issues: 12, perIssue: 4, dim: 20 })
    const broken = matrix(p.base.rows, p.base.cols, p.base.data.slice())
    broken.data[45] = Number.NaN
    await expect(measure({ ...p, aligned: broken })).rejects.toMatchObject({ code: 'activation-nan' })
    await expect(measure({ ...p, aligned: scaled(p.base, 0) })).rejects.toMatchObject({ code: 'spread-none' })
  })
})

describe('reference directions', () => {
  const p = prompts({ seed: 6, issues: 20, perIssue: 8, dim: 60, gain: jitter })
  const spread = (d: Float64Array): number => variance(project(p.base, d))

  test('are unit, orthogonal to d, and within 20% of its variance', async () => {
    const found = await referenceDirections(p.base, p.aligned, p.d, { count: 200, seed: 1, least: 0 })
    expect(found.method).toBe('matched')
    expect(found.directions).toHaveLength(200)
    for (const r of found.directions) {
      expect(norm(r)).toBeCloseTo(1, 10)
      expect(Math.abs(dot(r, p.d))).toBeLessThan(1e-6)
      expect(Math.abs(spread(r) / spread(p.d) - 1)).toBeLessThan(0.2 + 1e-5)
    }
    // They use the whole window, not one value.
    const ratios = found.directions.map((r) => spread(r) / spread(p.d))
    expect(Math.min(...ratios)).toBeLessThan(0.85)
    expect(Math.max(...ratios)).toBeGreaterThan(1.15)
  })

  test('lie in the span of the components that hold 95% of the pooled variance', async () => {
    // Prompts of rank 5 in 40 dimensions; d partly outside of their span.
    const rng = stream(1, 'rank')
    const mix = Array.from({ length: 5 }, () => Float64Array.from({ length: 40 }, () => rng.normal()))
    const flat = matrix(100, 40)
    for (let i = 0; i < 100; i++)
      mix.forEach((v) => {
        const w = rng.normal()
        for (let j = 0; j < 40; j++) flat.data[i * 40 + j]! += w * v[j]!
      })
    const d = Float64Array.from({ length: 40 }, () => rng.normal())
    const length = norm(d)
    const { directions, span } = await referenceDirections(
      flat,
      flat,
      d.map((v) => v / length),
      { count: 200, seed: 1, least: 0 },
    )
    expect(span).toBeLessThanOrEqual(4)
    // What lies in a span of 5 has no part outside of it: least squares on the mixing vectors leaves nothing.
    const gram = mix.map((u) => mix.map((v) => dot(u, v)))
    for (const r of directions.slice(0, 20)) {
      const c = solve(
        gram,
        mix.map((v) => dot(v, r)),
      )
      const rest = r.map((x, j) => x - mix.reduce((s, v, k) => s + c[k]! * v[j]!, 0))
      expect(norm(rest)).toBeLessThan(1e-4)
    }
  })

  test('of arms lie in 16 dimensions where most variance lies in few, and vary as much as d', async () => {
    // Three strong axes, sixteen weak ones, and d among the strong and the weak: as prompts of few forms vary.
    const rng = stream(2, 'arms')
    const x = matrix(200, 30)
    for (let i = 0; i < x.rows; i++)
      for (let j = 0; j < 20; j++) x.data[i * x.cols + j] = (j < 3 ? 10 : 0.7) * rng.normal()
    const d = Float64Array.from({ length: 30 }, (_, j) => (j === 0 ? 0.2 : j === 19 ? Math.sqrt(0.96) : 0))
    const narrow = await referenceDirections(x, x, d, { count: 100, seed: 1, least: 0 })
    expect(narrow.span).toBeLessThan(3)
    const arms = await armDirections(x, d, 100, 1)
    expect([arms.span, arms.method, arms.directions.length]).toEqual([16, 'matched', 100])
    const varies = (v: Float64Array): number => variance(project(x, v))
    for (const r of arms.directions) {
      expect(Math.abs(dot(r, d))).toBeLessThan(1e-6)
      expect(Math.abs(varies(r) / varies(d) - 1)).toBeLessThan(0.2 + 1e-5)
    }
    // Of k dimensions random unit vectors have mean squared cosines of 1 / k: these are no copies of each other.
    let squares = 0
    for (const a of arms.directions) for (const b of arms.directions) if (a !== b) squares += dot(a, b) ** 2
    expect((100 * 99) / squares).toBeGreaterThan(8)
  })

  test('of arms lie where prompts vary at all, be it in few dimensions', async () => {
    const rng = stream(3, 'arms')
    const x = matrix(100, 40)
    for (let i = 0; i < x.rows; i++) for (let j = 0; j < 5; j++) x.data[i * x.cols + j] = rng.normal()
    const d = Float64Array.from({ length: 40 }, (_, j) => (j === 0 ? 1 : 0))
    expect((await armDirections(x, d, 20, 1)).span).toBeLessThanOrEqual(4)
  })

  test('are the strongest where d is stronger than all others', async () => {
    const strong = matrix(p.base.rows, p.base.cols, p.base.data.slice())
    const z = project(p.base, p.d)
    for (let i = 0; i < strong.rows; i++)
      for (let j = 0; j < strong.cols; j++) strong.data[i * strong.cols + j]! += 9 * z[i]! * p.d[j]!
    const options = { count: 200, seed: 1, least: 0 }
    expect((await referenceDirections(strong, strong, p.d, options)).directions).toHaveLength(200)
    const found = await referenceDirections(strong, strong, p.d, { ...options, strongest: 20 })
    expect(found.method).toBe('strongest')
    expect(found.directions).toHaveLength(20)
    // No direction of the span varies more than its strongest component, and these come near it.
    const others = found.directions.map((r) => variance(project(strong, r)))
    expect(Math.max(...others)).toBeLessThan(0.8 * variance(project(strong, p.d)))
    expect(Math.min(...others)).toBeGreaterThan(0.6 * Math.max(...others))
    const same = await measure({
      ...p,
      base: strong,
      aligned: strong,
      texts: { ...p.texts, aligned: p.texts.base },
    })
    expect(same.references.method).toBe('strongest')
    expect(same.ratio.value).toBe(1)
    expect(same.selectivity).toBe('not')
  })

  test('share nothing with what prompts lean to, which is compressed with d and would hide that d is', async () => {
    // Prompts lean along a direction that d is only close to, and alignment presses that one together.
    const plain = prompts({ seed: 7, issues: 20, perIssue: 9, dim: 40, gain: jitter })
    const leans = Int8Array.from({ length: plain.base.rows }, (_, i) => (i % 3) - 1)
    const across = plain.d.map((_, j) => (j === 1 ? 1 : 0) - plain.d[1]! * plain.d[j]!)
    const axis = plain.d.map((v, j) => 0.6 * v + (0.8 * across[j]!) / norm(across))
    const leaning = (x: typeof plain.base, size: number): typeof plain.base =>
      matrix(
        x.rows,
        x.cols,
        x.data.map((v, at) => v + size * leans[Math.floor(at / x.cols)]! * axis[at % x.cols]!),
      )
    const pair = { ...plain, leans, base: leaning(plain.base, 3), aligned: leaning(plain.aligned, 0.3) }
    const covary = (r: Float64Array): number =>
      Math.abs(project(pair.base, r).reduce((s, z, i) => s + z * leans[i]!, 0)) / pair.base.rows
    const options = { count: 50, seed: 1, least: 0 }
    const knowing = await referenceDirections(pair.base, pair.aligned, pair.d, { ...options, leans })
    const blind = await referenceDirections(pair.base, pair.aligned, pair.d, options)
    expect(Math.max(...knowing.directions.map(covary))).toBeLessThan(1e-6)
    expect(Math.max(...blind.directions.map(covary))).toBeGreaterThan(0.1)
    expect((await measure(pair)).selectivity).toBe('selective')
    expect((await measure({ ...pair, leans: new Int8Array(leans.length) })).selective.value).toBeGreaterThan(
      (await measure(pair)).selective.value,
    )
  })

  test('are refused where prompts vary along d alone', async () => {
    const d = Float64Array.from({ length: 8 }, (_, j) => (j === 0 ? 1 : 0))
    const x = matrix(20, 8)
    for (let i = 0; i < x.rows; i++) x.data[i * x.cols] = i
    await expect(referenceDirections(x, x, d, { count: 20, seed: 1, least: 4 })).rejects.toMatchObject({
      code: 'references-none',
    })
  })

  test('of the prompts’ covariance are orthogonal to d as well', async () => {
    const found = await referenceDirections(p.base, p.aligned, p.d, { count: 20, seed: 1, least: 0 })
    for (const r of found.covariance) expect(Math.abs(dot(r, p.d))).toBeLessThan(1e-10)
  })
})

describe('spread', () => {
  test("Brown and Forsythe's test agrees with scipy", () => {
    const { levene } = goldens()
    expect(brownForsythe(Float64Array.from(levene.a), Float64Array.from(levene.b))).toBeCloseTo(levene.p, 12)
  })

  test('log SD from sums by issue is that of the values, also when issues are held several times', () => {
    const rng = stream(1, 'sd')
    const z = Float64Array.from({ length: 60 }, () => 1000 + rng.normal())
    const issues = Int32Array.from({ length: 60 }, (_, i) => Math.floor(i / 5))
    const sums = new IssueSums(z, issues, 12)
    expect(sums.logSd()).toBeCloseTo(0.5 * Math.log(variance(z)), 10)
    const times = Int32Array.from({ length: 12 }, (_, k) => k % 3)
    const held = Array.from(z).flatMap((v, i) => new Array<number>(times[issues[i]!]!).fill(v))
    expect(sums.logSd(times)).toBeCloseTo(0.5 * Math.log(variance(held)), 10)
  })

  test('ranges are between quantiles as numpy has them', () => {
    const z = Float64Array.of(4, 1, 3, 2, 10)
    const issues = Int32Array.of(0, 1, 1, 0, 2)
    expect(new SortedByIssue(z, issues).range(0.25)).toBe(2)
    const many = Float64Array.from({ length: 101 }, (_, i) => i)
    expect(new SortedByIssue(many, new Int32Array(101)).range(0.05)).toBe(90)
    // Issue 0 twice, issue 1 not at all: 2, 2, 4, 4, 10.
    expect(new SortedByIssue(z, issues).range(0.25, [2, 0, 1])).toBe(2)
    expect(new SortedByIssue(z, issues).range(0, [2, 0, 1])).toBe(8)
  })

  test('the swap test finds another shape, and p is at least 1 / (draws + 1)', async () => {
    const rng = stream(2, 'swap')
    const issues = Int32Array.from({ length: 160 }, (_, i) => Math.floor(i / 8))
    const a = Float64Array.from({ length: 160 }, () => rng.normal())
    const b = Float64Array.from({ length: 160 }, () => 0.4 * rng.normal())
    const options = { seed: 1, draws: 199 }
    expect(await swapTest(a, b, issues, 20, options)).toBe(1 / 200)
    expect(await swapTest(a, a, issues, 20, options)).toBe(1)
    expect(mean(a)).not.toBe(0)
  })
})

/** Gaussian elimination, for the test of spans. */
function solve(a: number[][], b: number[]): number[] {
  const m = a.map((r, i) => [...r, b[i]!])
  for (let i = 0; i < m.length; i++)
    for (let k = 0; k < m.length; k++) {
      if (k === i) continue
      const f = m[k]![i]! / m[i]![i]!
      m[k] = m[k]!.map((v, j) => v - f * m[i]![j]!)
    }
  return m.map((r, i) => r[m.length]! / r[i]!)
}
