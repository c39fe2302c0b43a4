import { describe, expect, it } from 'vitest'
import { hybridsOf } from './cut-hybrids.ts'

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

  it('graft every range of blocks both ways, and keep the ends of the host', () => {
    const into = (host: number) => of('graft').filter((h) => h.head === host)
    expect(into(0).map((h) => [h.layer, h.end])).toEqual(
      Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 - i }, (_, k) => [i, i + k + 1])).flat(),
    )
    expect(into(1).map((h) => h.blocks)).toEqual(into(0).map((h) => h.blocks.map((a) => 1 - a)))
    expect(new Set(into(1).map((h) => h.embedding))).toEqual(new Set([1]))
    const found = into(0).find((h) => h.layer === 2 && h.end === 4)!
    expect(found).toMatchObject({
      name: 'blocks 2 to 3 of aligned in base',
      blocks: [0, 0, 1, 1, 0, 0, 0, 0],
    })
  })

  it('graft between nine places of a deep model, or the ranges that are asked for', () => {
    const deep = hybridsOf(33, { alphas: [0.5], controls: 2 }, 1).filter((h) => h.kind === 'graft')
    expect(deep).toHaveLength(2 * 36)
    const singles = new Set(deep.flatMap((h) => [h.layer, h.end]))
    expect([...singles].sort((a, b) => a! - b!)).toEqual([0, 4, 8, 12, 17, 21, 25, 29, 33])
    const asked = hybridsOf(33, { alphas: [0.5], controls: 2, grafts: [[3, 5]] }, 1)
    expect(asked.filter((h) => h.kind === 'graft').map((h) => h.name)).toEqual([
      'blocks 3 to 4 of aligned in base',
      'blocks 3 to 4 of base in aligned',
    ])
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

  it('have as many different halves as are asked for, or as there are', () => {
    const halves = (layers: number, controls: number) =>
      hybridsOf(layers, { alphas: [0.5], controls }, 1)
        .filter((h) => h.kind === 'control')
        .map((h) => h.blocks.join())
    expect(new Set(halves(12, 20)).size).toBe(20)
    expect(halves(4, 20)).toHaveLength(6) // 4 over 2
    expect(new Set(halves(4, 20)).size).toBe(6)
  })
})
