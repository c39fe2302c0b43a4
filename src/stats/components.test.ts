import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goldens, sample, scaled } from '../../test/support/stats.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { centred, componentsHolding, orthonormal, principalAngles, topComponents } from './components.ts'
import { symmetricEigen } from './eigen.ts'
import { groupFolds } from './folds.ts'
import { cholesky, choleskySolve, cosine, dot, invertLower } from './linear.ts'
import {
  compareDirections,
  componentAngles,
  linearCka,
  measureTransfer,
  splitHalfCosines,
} from './transfer.ts'

const g = goldens()
const x = matrix(g.rows, g.cols, Float32Array.from(g.x))
const other = matrix(g.rows, g.cols, Float32Array.from(g.other))

function random(rows: number, cols: number, seed: number): Matrix {
  const rng = stream(seed, 'random')
  return matrix(
    rows,
    cols,
    Float32Array.from({ length: rows * cols }, () => rng.normal()),
  )
}

/** x with its features turned by a random rotation. */
function rotated(m: Matrix, seed: number): Matrix {
  const basis = orthonormal(Array.from({ length: m.cols }, (_, i) => random(1, m.cols, seed + i).data))
  const out = matrix(m.rows, m.cols)
  for (let i = 0; i < m.rows; i++)
    basis.forEach((b, j) => {
      out.data[i * m.cols + j] = dot(m.data.subarray(i * m.cols, (i + 1) * m.cols), b)
    })
  return out
}

describe('components', () => {
  test('the strongest are orthonormal and span what an eigendecomposition gives', async () => {
    const m = centred(random(60, 20, 1))
    const top = await topComponents(m, 4)
    const gram = new Float64Array(400)
    for (let i = 0; i < 60; i++)
      for (let a = 0; a < 20; a++)
        for (let b = 0; b < 20; b++) gram[a * 20 + b]! += m.data[i * 20 + a]! * m.data[i * 20 + b]!
    const { vectors } = symmetricEigen(gram, 20)
    top.forEach((v, c) => {
      const exact = Float64Array.from({ length: 20 }, (_, j) => vectors[j * 20 + c]!)
      expect(Math.abs(cosine(v, exact))).toBeGreaterThan(1 - 1e-5)
      top.forEach((u, k) => {
        expect(dot(u, v)).toBeCloseTo(k === c ? 1 : 0, 8)
      })
    })
  })

  test('are as many as the rank allows', async () => {
    expect(await topComponents(matrix(5, 4), 2)).toEqual([])
    const one = matrix(3, 2, Float32Array.of(1, 2, 2, 4, 3, 6))
    expect(await topComponents(one, 2)).toHaveLength(1)
  })

  test('that hold a share of the variance are the same through either Gram matrix', async () => {
    const wide = centred(random(30, 50, 2))
    const tall = centred(random(50, 30, 3))
    for (const m of [wide, tall]) {
      const found = await componentsHolding(0.5, m)
      const held = (k: number): number => {
        let sum = 0
        for (let c = 0; c < k; c++)
          for (let i = 0; i < m.rows; i++) {
            const row = m.data.subarray(i * m.cols, (i + 1) * m.cols)
            sum += dot(row, found.data.subarray(c * m.cols, (c + 1) * m.cols)) ** 2
          }
        return sum / m.data.reduce((s, v) => s + v * v, 0)
      }
      expect(held(found.rows)).toBeGreaterThanOrEqual(0.5)
      expect(held(found.rows - 1)).toBeLessThan(0.5)
    }
  })

  test('principal angles agree with scipy', async () => {
    const [a, b] = [
      await topComponents(centred(x), g.angles.k),
      await topComponents(centred(other), g.angles.k),
    ]
    expect(principalAngles(a, b)).toBeAllclose(g.angles.radians, { atol: 2e-4, rtol: 1e-4 })
  })

  test('principal angles are nil between bases of one span, and right between others', () => {
    const u = Float64Array.of(1, 0, 0)
    const v = Float64Array.of(0, 1, 0)
    const s = Math.SQRT1_2
    expect(principalAngles([u, v], [Float64Array.of(s, s, 0), Float64Array.of(s, -s, 0)])).toBeAllclose([
      0, 0,
    ])
    const angles = principalAngles([u, v], [u, Float64Array.of(0, Math.cos(0.3), Math.sin(0.3))])
    expect(angles).toBeAllclose([0, 0.3], { atol: 1e-7 })
  })
})

describe('Cholesky', () => {
  test('solves, and refuses what is not positive definite', () => {
    const l = Float64Array.of(4, 2, 2, 3)
    cholesky(l, 2)
    expect(choleskySolve(l, 2, [8, 7])).toBeAllclose([1.25, 1.5])
    expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(RangeError)
  })

  test('agrees with the matrix it came from at sizes that are not a multiple of anything', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(1000), (n, seed) => {
        const m = random(n + 2, n, seed)
        const a = new Float64Array(n * n)
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            for (let r = 0; r < n + 2; r++) a[i * n + j]! += m.data[r * n + i]! * m.data[r * n + j]!
            if (i === j) a[i * n + j]! += 0.1
          }
        const truth = Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1))
        const b = truth.map((_, i) => dot(a.subarray(i * n, (i + 1) * n), truth))
        const factor = a.slice()
        cholesky(factor, n)
        expect(choleskySolve(factor, n, b)).toBeAllclose(truth, { rtol: 1e-6, atol: 1e-6 })
        const inverse = invertLower(factor, n)
        const y = Float64Array.from({ length: n }, (_, i) => dot(inverse.subarray(i * n, (i + 1) * n), b))
        // (L Lᵀ)⁻¹ b = L⁻ᵀ (L⁻¹ b)
        const solved = y.map((_, j) => y.reduce((s, v, i) => s + inverse[i * n + j]! * v, 0))
        expect(solved).toBeAllclose(truth, { rtol: 1e-6, atol: 1e-6 })
      }),
      { numRuns: 30 },
    )
  })
})

describe('CKA', () => {
  test('agrees with numpy', async () => {
    expect(await linearCka(x, other)).toBeCloseTo(g.cka, 5)
  })

  test('is 1 up to rotation, scale and shift, symmetric, and between 0 and 1', async () => {
    const m = random(40, 6, 4)
    const moved = matrix(
      40,
      6,
      rotated(scaled(m, 3), 9).data.map((v) => v + 5),
    )
    expect(await linearCka(m, moved)).toBeCloseTo(1, 5)
    const n = random(40, 9, 5)
    const value = await linearCka(m, n)
    expect(await linearCka(n, m)).toBeCloseTo(value, 6)
    expect(value).toBeGreaterThan(0)
    expect(value).toBeLessThan(0.9)
  })
})

describe('two models', () => {
  const s = sample({ seed: 8, kind: 'nested', groups: 30, perGroup: 10, d: 12, effect: 1.5 })
  const turned = rotated(s.x, 77)
  const folds = groupFolds(s.labels.groups, s.labels.poles, 1, 0)
  const options = { seed: 1, draws: 200 }

  test('a model and itself: cosine 1 as for every labelling, no loss in transfer, no angles', async () => {
    const c = await compareDirections(s.x, s.x, s.labels, options)
    expect(c.value).toBeCloseTo(1, 12)
    expect(c.p).toBe(1)
    expect(c.splitHalf.across).toBe(c.splitHalf.first)
    const t = await measureTransfer([s.x, s.x], s.labels, folds, 0.01, options)
    for (const loss of t.loss) expect([loss.value, ...loss.ci!]).toEqual([0, 0, 0])
    expect(t.auc[0]![1]!.value).toBe(t.auc[1]![1]!.value)
    for (const angle of await componentAngles(s.x, s.x)) expect(angle).toBeLessThan(1e-4)
  })

  test('another basis: directions do not transfer, halves of one model still agree', async () => {
    const c = await compareDirections(s.x, turned, s.labels, options)
    expect(Math.abs(c.value)).toBeLessThan(0.9)
    expect(c.splitHalf.second).toBeCloseTo(c.splitHalf.first, 5)
    expect(c.splitHalf.first).toBeGreaterThan(c.splitHalf.across)
    const t = await measureTransfer([s.x, turned], s.labels, folds, 0.01, options)
    expect(t.auc[1]![1]!.value).toBeCloseTo(t.auc[0]![0]!.value, 1)
    expect(t.loss[0]!.value).toBeGreaterThan(0.05)
    expect(t.loss[0]!.value).toBeCloseTo(t.auc[0]![0]!.value - t.auc[1]![0]!.value, 12)
  })

  test('cosines are between -1 and 1, and p is at least 1 / (draws + 1)', async () => {
    const noise = random(s.x.rows, 12, 1)
    const c = await compareDirections(s.x, noise, s.labels, { seed: 1, draws: 99 })
    for (const v of [c.value, c.null.mean, c.null.q95, ...Object.values(c.splitHalf)])
      expect(Math.abs(v)).toBeLessThanOrEqual(1)
    expect(c.p).toBeGreaterThanOrEqual(0.01)
  })

  test('halves do not depend on scale', () => {
    const plain = splitHalfCosines(s.x, turned, s.labels, 1)
    const half = splitHalfCosines(scaled(s.x, 0.5), turned, s.labels, 1)
    expect(half.across).toBeCloseTo(plain.across, 12)
  })
})
