import { describe, expect, it } from 'vitest'
import { matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { type GroupedActivations, heldOutDirection } from './user-direction.ts'

const D = 16
const AXIS = Float64Array.from({ length: D }, (_, j) => (j === 3 ? 1 : 0))

/** Groups of 4 rows; a group has an offset of its own, its pole one along the axis. */
function groups(count: number, effect: number, seed: number): GroupedActivations {
  const rng = stream(seed, 'test/user-direction')
  const x = matrix(4 * count, D)
  const poles = Array.from({ length: count }, (_, g) => g % 2)
  const group = Array.from({ length: 4 * count }, (_, i) => i >> 2)
  for (let g = 0; g < count; g++) {
    const own = Float64Array.from({ length: D }, () => rng.normal())
    for (let i = 4 * g; i < 4 * g + 4; i++)
      for (let j = 0; j < D; j++)
        x.data[i * D + j] = own[j]! + 0.3 * rng.normal() + (j === 3 ? effect * (poles[g]! - 0.5) : 0)
  }
  return { x, group, poles }
}

describe('a direction that is tested on other people', () => {
  it('is found where it is, with its cosine, and tells held-out groups apart', async () => {
    const { direction, auc, cosine } = await heldOutDirection(groups(40, 5, 1), groups(12, 5, 2), AXIS, {
      seed: 1,
      draws: 200,
    })
    expect(direction[3]).toBeGreaterThan(0.9)
    expect(auc.value).toBeGreaterThan(0.9)
    expect(auc.p).toBeLessThan(0.02)
    expect(auc.null!.mean).toBeCloseTo(0.5, 1)
    expect(cosine.value).toBeCloseTo(direction[3]!, 12)
    expect(cosine.p).toBeLessThan(0.02)
    expect([auc.groups, auc.n, cosine.groups]).toEqual([12, 48, 40])
  })

  it('is called found in at most 10 of 100 trials where there is nothing', async () => {
    let found = 0
    for (let trial = 0; trial < 100; trial++) {
      const { auc } = await heldOutDirection(groups(12, 0, 1000 + trial), groups(12, 0, 5000 + trial), AXIS, {
        seed: trial,
        draws: 60,
      })
      if (auc.p! <= 0.05) found++
    }
    expect(found).toBeLessThanOrEqual(10)
  })
})
