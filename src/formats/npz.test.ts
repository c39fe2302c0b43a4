import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isComplete, put, refusalOf, temporaryFolder } from '../../test/support/bytes.ts'
import { zipBytes } from '../../test/support/torch-bytes.ts'
import { PalimpsestError } from '../core/errors.ts'
import { openNpz } from './npz.ts'
import { readF32 } from './safetensors.ts'

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/torch/', import.meta.url))
const expected = JSON.parse(readFileSync(join(FIXTURES, 'expected.json'), 'utf8')) as {
  npz: Record<string, { shape: number[]; values: number[] }>
  noise: { shape: number[]; values: number[] }
}
const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())

/** An .npy array with any header. */
function npy(header: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1')
  head.writeUInt16LE(header.length, 8)
  return Buffer.concat([head, Buffer.from(header), data])
}
const header = (descr: string, shape: string): string =>
  `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`

describe('what numpy writes', () => {
  it.each(['stored.npz', 'deflated.npz'])('%s', async (name) => {
    using file = await openNpz(join(FIXTURES, name))
    for (const [array, { shape, values }] of Object.entries(expected.npz)) {
      const tensor = file.tensors.get(array)!
      expect([array, tensor.shape]).toEqual([array, shape])
      expect([...readF32(tensor)]).toEqual(values.map(Math.fround))
    }
    expect(file.tensors.get('plain')!.file.mapped).toBe(name === 'stored.npz')
    const noise = file.tensors.get('noise')
    if (noise !== undefined) expect([...readF32(noise)]).toEqual(expected.noise.values)
  })

  it('zeros that shrink nine hundredfold, being small', async () => {
    using file = await openNpz(join(FIXTURES, 'deflated.npz'))
    expect(readF32(file.tensors.get('zeros')!)).toEqual(new Float32Array(90_000))
  })
})

describe('refused', () => {
  const zeros = new Uint8Array(8 << 20)
  it.each<[what: string, content: Buffer, code: string]>([
    [
      'unknown types',
      zipBytes([{ name: 'a.npy', data: npy(header('<c8', '(1,)'), new Uint8Array(8)) }]),
      'npy-type',
    ],
    [
      'fewer bytes than the shape',
      zipBytes([{ name: 'a.npy', data: npy(header('<f4', '(3,)'), new Uint8Array(8)) }]),
      'npy-size',
    ],
    [
      'more bytes than the shape',
      zipBytes([{ name: 'a.npy', data: npy(header('<f4', '(1,)'), new Uint8Array(8)) }]),
      'npy-size',
    ],
    [
      'shapes beyond 2^53',
      zipBytes([{ name: 'a.npy', data: npy(header('<f4', '(9007199254740991, 9)')) }]),
      'npy-size',
    ],
    [
      'shapes that are no numbers',
      zipBytes([{ name: 'a.npy', data: npy(header('<f4', '(x,)')) }]),
      'npy-header',
    ],
    ['no header', zipBytes([{ name: 'a.npy', data: Buffer.from('hello, world') }]), 'npy-header'],
    [
      'another version',
      zipBytes([{ name: 'a.npy', data: Buffer.from('\x93NUMPY\x09\x00\x00\x00\x00\x00', 'latin1') }]),
      'npy-header',
    ],
    [
      'a bomb',
      zipBytes([{ name: 'a.npy', data: npy(header('<f4', '(2097152,)'), zeros), deflate: true }]),
      'zip-bomb',
    ],
    [
      'a lie about the size',
      zipBytes([
        { name: 'a.npy', data: npy(header('<f4', '(2,)'), new Uint8Array(8)), deflate: true, size: 90 },
      ]),
      'zip-malformed',
    ],
    [
      'more than it said',
      zipBytes([{ name: 'a.npy', data: zeros, deflate: true, size: 1000 }]),
      'zip-malformed',
    ],
    [
      'data that do not inflate',
      zipBytes([{ name: 'a.npy', data: Buffer.from([7, 7, 7, 7, 7, 7]), method: 8 }]),
      'zip-malformed',
    ],
  ])('%s', async (_, content, code) => {
    const error = await refusalOf(openNpz(put(files.path, 'bad.npz', content)))
    expect(error.code).toBe(code)
    expect(isComplete(error)).toBe(true)
  })

  it('object arrays, which are pickles, and numbers the other way round', async () => {
    const objects = await refusalOf(openNpz(join(FIXTURES, 'objects.npz')))
    expect([objects.code, objects.message]).toEqual(['npy-type', expect.stringContaining('pickled code')])
    expect((await refusalOf(openNpz(join(FIXTURES, 'big-endian.npz')))).code).toBe('npy-type')
  })

  it.each(['stored.npz', 'deflated.npz'])(
    '%s with bytes changed is read or refused, never worse',
    async (name) => {
      const whole = readFileSync(join(FIXTURES, name))
      const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
      await fc.assert(
        fc.asyncProperty(
          fc.array(change, { minLength: 1, maxLength: 4 }),
          fc.nat(whole.length),
          async (changes, cut) => {
            const bytes = Buffer.from(cut % 3 === 0 ? whole.subarray(0, cut + 1) : whole)
            for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
            try {
              using file = await openNpz(put(files.path, 'changed.npz', bytes))
              for (const t of file.tensors.values()) readF32(t)
            } catch (error) {
              if (!(error instanceof PalimpsestError)) throw error
              expect(error.kind).toBe('input')
            }
          },
        ),
        { numRuns: 500, seed: 7 },
      )
    },
  )
})
