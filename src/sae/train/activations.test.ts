import { describe, expect, it } from 'vitest'
import { matrix } from '../../core/matrix.ts'
import type { Model } from '../../model/model.ts'
import type { TestText } from '../selftest.ts'
import { ActivationStream } from './activations.ts'

const WIDTH = 2
const SITE = 'blocks.1.hook_resid_post'
/** Texts of 3 to 7 tokens, the first of each not their own. */
const texts: TestText[] = Array.from({ length: 9 }, (_, i) => {
  const length = 3 + (i % 5)
  return { id: `${i}`, tokens: [i, ...new Array<number>(length - 1).fill(200)], content: ones(length) }
})
function ones(length: number): Uint8Array {
  return new Uint8Array(length).fill(1).fill(0, 0, 1)
}

/** Activations that say whose they are: of model m, text i, token t. A sink has a norm far above the others'. */
const nameOf = (m: number, i: number, t: number): number => 1000 + 100 * m + 10 * i + t
function model(m: number, sink?: readonly [text: number, token: number]): Model {
  const stream: Model['stream'] = async (items, _, take) => {
    for (const [index, item] of items.entries()) {
      const { tokens } = item as TestText
      const i = tokens[0]!
      const data = Float32Array.from(tokens.flatMap((_, t) => [nameOf(m, i, t), 0]))
      if (sink?.[0] === i) data[2 * sink[1] + 1] = 1e6
      const result = { index, get: () => matrix(tokens.length, WIDTH, data) }
      await take(result as unknown as Parameters<typeof take>[0])
    }
    return []
  }
  return { stream } as Model
}

function streamOf(models: readonly Model[], rows: number, seed = 1): ActivationStream {
  return new ActivationStream({ models, texts, site: SITE, width: WIDTH, batch: rows, batches: 1, seed })
}

const names = (buffer: Float32Array): number[] => [...buffer].filter((_, i) => i % WIDTH === 0)
const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b)
/** Every token of every text that is its own, for each model, but the sinks. */
function expected(models: number, without: readonly (readonly [number, number])[] = []): number[] {
  return texts.flatMap(({ tokens }, i) =>
    tokens.flatMap((_, t) =>
      t === 0 || without.some(([a, b]) => a === i && b === t)
        ? []
        : Array.from({ length: models }, (_, m) => nameOf(m, i, t)),
    ),
  )
}

describe('a round of activations', () => {
  it('of one model has every token of the texts once, shuffled, without BOS', async () => {
    const all = expected(1)
    const found = names(await streamOf([model(0)], all.length).next())
    expect(sorted(found)).toEqual(sorted(all))
    expect(found).not.toEqual(sorted(found))
    expect(names(await streamOf([model(0)], all.length).next())).toEqual(found)
    expect(names(await streamOf([model(0)], all.length, 2).next())).not.toEqual(found)
  })

  it('of a pair has every token of both models', async () => {
    const all = expected(2)
    const found = names(await streamOf([model(0), model(1)], all.length).next())
    expect(sorted(found)).toEqual(sorted(all))
    // Mixed: neither model comes first.
    const half = found.slice(0, all.length / 2).filter((name) => name >= nameOf(1, 0, 0)).length
    expect(half).toBeGreaterThan(all.length / 8)
    expect(half).toBeLessThan((3 * all.length) / 8)
  })

  it('leaves out in both models what is a sink in one of them', async () => {
    const sink = [4, 2] as const
    const all = expected(2, [sink])
    const found = names(await streamOf([model(0), model(1, sink)], all.length).next())
    expect(sorted(found)).toEqual(sorted(all))
  })

  it('goes on where its state says, in an order of its own for every round', async () => {
    const each = Math.floor(expected(1).length / 2) - 1
    const straight = streamOf([model(0)], each)
    const buffers = [await straight.next(), await straight.next(), await straight.next()]
    const resumed = streamOf([model(0)], each)
    await resumed.next()
    const { text, fills, carry } = resumed.state
    const other = streamOf([model(0)], each)
    Object.assign(other.state, { text, fills, carry: carry.slice() })
    expect([await other.next(), await other.next()]).toEqual(buffers.slice(1))
    // What the first round left over is dealt out before the second begins.
    expect(new Set(buffers.slice(0, 2).flatMap(names)).size).toBe(2 * each)
  })
})
