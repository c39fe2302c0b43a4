import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { refusal, temporaryFolder } from '../../test/support/bytes.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { Activations, findActivations } from './activations.ts'

const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())

const D = 4
const HOOK = 'blocks.1.hook_resid_post'
/** Tokens of a text: every value says which text, token and channel it is. */
const values = (text: number, tokens: number): Float32Array =>
  Float32Array.from({ length: tokens * D }, (_, i) => 100 * text + i + 1)
const LENGTHS = [3, 1, 5]
const IDS = ['a', 'b/1', 'c']

/** A file as `extract --pool none` writes it, in another order of names than of texts. */
async function extracted(name: string, metadata: Record<string, string> = {}): Promise<string> {
  const path = join(files.path, name)
  await writeSafetensors(
    path,
    LENGTHS.flatMap((n, i) => [
      { name: `${IDS[i]}/blocks.0.hook_resid_post`, shape: [n, D], data: new Float32Array(n * D) },
      { name: `${IDS[i]}/${HOOK}`, shape: [n, D], data: values(i, n) },
    ]),
    { ids: JSON.stringify(IDS), ...metadata },
  )
  return path
}

function open(ref: string, width = D): Activations {
  return new Activations(findActivations(ref), width)
}

describe('a hook point of all texts', () => {
  it('is read as one, across the seams, with where each text begins', async () => {
    const path = await extracted('all')
    const x = open(`${path}#${HOOK}`)
    const whole = LENGTHS.flatMap((n, i) => [...values(i, n)])
    expect(x.rows).toBe(9)
    expect(x.texts).toEqual({ ids: IDS, starts: [0, 3, 4, 9] })
    for (let from = 0; from <= 9; from++)
      for (let count = 0; from + count <= 9; count++)
        expect([...x.read(from, count).data]).toEqual(whole.slice(from * D, (from + count) * D))
  })

  it('needs no name where there is only one; one text can be named', async () => {
    const path = join(files.path, 'one-hook')
    await writeSafetensors(
      path,
      [0, 1].map((i) => ({ name: `${i}/${HOOK}`, shape: [2, D], data: values(i, 2) })),
    )
    expect(open(path).rows).toBe(4)
    const one = open(`${path}#1/${HOOK}`)
    expect([one.rows, one.texts, one.read(0, 1).data[0]]).toEqual([2, undefined, 101])
  })

  it.each([
    ['no name among several', ''],
    ['a name that is not there', '#blocks.1.hook_resid_pots'],
    ['an id without a hook point', '#a'],
  ])('%s is refused, and the hook points are named', async (_, name) => {
    const path = await extracted('refused')
    const error = refusal(() => findActivations(path + name))
    expect([error.code, error.message]).toEqual(['activations-missing', expect.stringContaining(HOOK)])
  })

  it('of another width is refused with the tensor', async () => {
    const path = await extracted('wide')
    const error = refusal(() => open(`${path}#${HOOK}`, D + 1))
    expect([error.code, error.message]).toEqual(['activation-shape', expect.stringContaining(`a/${HOOK}`)])
  })
})

describe('tokens that are counted', () => {
  it('are content without sinks, text by text, where the file says what is content', async () => {
    const content = JSON.stringify(['011', '1', '01101'])
    // The lone token of the second text is all that it has, so that it stays.
    const x = open(`${await extracted('content', { content })}#${HOOK}`)
    expect([...x.counted()]).toEqual([0, 1, 1, 1, 0, 1, 1, 0, 1])
    const first = open(`${join(files.path, 'content')}#a/${HOOK}`)
    expect([...first.counted()]).toEqual([0, 1, 1])
  })

  it('are those of ordinary norm where the file says nothing, or contradicts itself', async () => {
    const path = join(files.path, 'foreign')
    const data = new Float32Array(20 * D).fill(1)
    data.fill(9.9, 5 * D, 6 * D)
    data.fill(10.1, 7 * D, 8 * D)
    for (const metadata of [{}, { ids: '["x"]', content: '["01"]' }, { ids: '[', content: 'yes' }]) {
      await writeSafetensors(path, [{ name: 'x', shape: [20, D], data }], metadata)
      const counted = open(path).counted()
      expect([...counted.keys()].filter((i) => counted[i] === 0)).toEqual([7])
    }
  })
})
