import { describe, expect, it } from 'vitest'
import { hybridsOf } from './cut-step.ts'

describe('hybrids', () => {
  const all = hybridsOf(8, { alphas: [-0.5, 0, 0.5, 1], controls: 3 }, 1)
  const of = (kind: string) => all.filter((h) => h.kind === kind)

  it('are base and aligned first, then patches both ways behind every block but the last', () => {
    expect(all[0]).toMatchObject({ kind: 'base', blocks: Array(8).fill(0), embedding: 0, head: 0 })
    expect(all[1]).toMatchObject({ kind: 'aligned', blocks: Array(8).fill(1), embedding: 1, head: 1 })
    expect(of('patch')).toHaveLength(14)
    expect(of('patch')[4]).toMatchObject({
      layer: 2,
      blocks: [0, 0, 0, 1, 1, 1, 1, 1],
      embedding: 0,
      head: 1,
    })
    expect(of('patch')[5]).toMatchObject({
      layer: 2,
      blocks: [1, 1, 1, 0, 0, 0, 0, 0],
      embedding: 1,
      head: 0,
    })
  })

  it('graft a quarter of the blocks, every block at least once, and keep the ends of the host', () => {
    const grafts = of('graft').filter((h) => h.head === 0)
    for (const { blocks, embedding } of grafts) {
      expect(blocks.filter((a) => a === 1)).toHaveLength(2)
      expect(embedding).toBe(0)
    }
    const covered = new Set(grafts.flatMap((h) => h.blocks.flatMap((a, l) => (a === 1 ? [l] : []))))
    expect(covered.size).toBe(8)
    expect(grafts[0]!.name).toBe('blocks 0 to 1 of aligned in base')
  })

  it('leave out 0 and 1 of the path, and move the same random halves at every alpha', () => {
    expect(of('path').map((h) => h.alpha)).toEqual([-0.5, 0.5])
    const halves = (alpha: number) =>
      of('control')
        .filter((h) => h.alpha === alpha)
        .map((h) => h.blocks.map((a) => a !== 0))
    expect(halves(0.5)).toEqual(halves(-0.5))
    for (const half of halves(0.5)) expect(half.filter(Boolean)).toHaveLength(4)
    expect(hybridsOf(8, { alphas: [0.5], controls: 3 }, 2)).not.toEqual(
      hybridsOf(8, { alphas: [0.5], controls: 3 }, 1),
    )
  })
})
