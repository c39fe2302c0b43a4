import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goldens, normals } from '../../test/support/stats.ts'
import { matrix } from '../core/matrix.ts'
import { centred, componentsHolding, principalAngles, topComponents } from './components.ts'
import { symmetricEigen } from './eigen.ts'
import { cholesky, choleskySolve, cosine, dot, invertLower } from './linear.ts'

const g = goldens()
const x = matrix(g.rows, g.cols, Float32Array.from(g.x))
const other = matrix(g.rows, g.cols, Float32Array.from(g.other))

describe('components', () => {
  test('the strongest are orthonormal and span what an eigendecomposition gives', async () => {
    const m = centred(normals(60, 20, 1))
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
    const wide = centred(normals(30, 50, 2))
    const tall = centred(normals(50, 30, 3))
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
        const m = normals(n + 2, n, seed)
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
