import { ftruncateSync, openSync, truncateSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isComplete, put, refusal, safetensorsBytes, temporaryFolder, u64 } from '../../test/support/bytes.ts'
import { PalimpsestError } from '../core/errors.ts'
import { mapFile } from './mapped-file.ts'
import { openSafetensors, openSafetensorsIndex, readF32 } from './safetensors.ts'
import { writeSafetensors } from './safetensors-write.ts'
import { TENSOR_TYPES } from './tensor-type.ts'

const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())
const file = (content: Uint8Array | string, name = 'x.safetensors'): string => put(folder.path, name, content)

/** Header entry of an F32 vector. */
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
})

/** The values 1, -2 and so on in every dtype, as bytes, and as they read in f32. */
const DTYPES: Record<string, [bytes: ArrayBufferView, f32: number[]]> = {
  F32: [Float32Array.of(1.5, -2, Number.POSITIVE_INFINITY), [1.5, -2, Number.POSITIVE_INFINITY]],
  F64: [Float64Array.of(1.5, -2, 1 / 3), [1.5, -2, Math.fround(1 / 3)]],
  // 1, -2, the largest half, the smallest subnormal half
  F16: [Uint16Array.of(0x3c00, 0xc000, 0x7bff, 1), [1, -2, 65504, 2 ** -24]],
  BF16: [Uint16Array.of(0x3f80, 0xc000, 0x3eab), [1, -2, 0.333984375]],
  I8: [Int8Array.of(1, -128), [1, -128]],
  U8: [Uint8Array.of(1, 255), [1, 255]],
  BOOL: [Uint8Array.of(0, 1), [0, 1]],
  I16: [Int16Array.of(1, -32768), [1, -32768]],
  U16: [Uint16Array.of(1, 65535), [1, 65535]],
  I32: [Int32Array.of(1, -(2 ** 31)), [1, -(2 ** 31)]],
  U32: [Uint32Array.of(1, 2 ** 32 - 1), [1, 2 ** 32]],
  I64: [BigInt64Array.of(1n, -(2n ** 63n)), [1, -(2 ** 63)]],
  U64: [BigUint64Array.of(1n, 2n ** 64n - 1n), [1, 2 ** 64]],
}

describe.each(['mapped', 'read whole'])('a safetensors file, %s', (way) => {
  beforeEach(() => {
    if (way !== 'mapped') process.env.PALIMPSEST_NO_MMAP = '1'
  })
  afterEach(() => {
    delete process.env.PALIMPSEST_NO_MMAP
  })

  it('gives the values of every dtype', async () => {
    const path = `${folder.path}/dtypes.safetensors`
    await writeSafetensors(
      path,
      Object.entries(DTYPES).map(([name, [data, values]]) => ({
        name,
        type: name as keyof typeof TENSOR_TYPES,
        shape: [values.length],
        data,
      })),
      { made: 'here' },
    )
    using opened = openSafetensors(path)
    expect({ ...opened.metadata }).toEqual({ made: 'here' })
    expect(opened.files).toEqual([path])
    for (const [name, [, values]] of Object.entries(DTYPES))
      expect([name, ...readF32(opened.tensors.get(name)!)]).toEqual([name, ...values])
  })

  it('copies nothing where it can be mapped', () => {
    const path = file(safetensorsBytes({ a: f32(0, 8) }, Uint8Array.from(Float32Array.of(3, 4), Number)))
    using opened = openSafetensors(file(safetensorsBytes({ a: f32(0, 8) }, 8), 'map.safetensors'))
    const tensor = opened.tensors.get('a')!
    expect(tensor.file.mapped).toBe(way === 'mapped')
    expect(tensor.address).toBe(tensor.file.address + BigInt(tensor.offset))
    expect(tensor.file.address % 64n).toBe(0n)
    expect(path).toContain('x.safetensors')
  })

  it('reads odd but legal files: empty, scalar, zero-sized, unaligned, padded', () => {
    using empty = openSafetensors(file(safetensorsBytes('{}')))
    expect(empty.tensors.size).toBe(0)
    const header = { b: f32(4, 4, [3, 0]), a: { dtype: 'F32', shape: [], data_offsets: [0, 4] } }
    const value = new Uint8Array(Float32Array.of(7).buffer)
    for (const padding of ['', ' ', '   ']) {
      using opened = openSafetensors(
        file(safetensorsBytes(JSON.stringify(header) + padding, value), `odd${padding.length}.safetensors`),
      )
      expect([...readF32(opened.tensors.get('a')!)]).toEqual([7])
      expect(readF32(opened.tensors.get('b')!)).toHaveLength(0)
    }
    using named = openSafetensors(file(safetensorsBytes(`{"__proto__":${JSON.stringify(f32(0, 4))}}`, value)))
    expect([...named.tensors.keys()]).toEqual(['__proto__'])
  })
})

describe('mapped files', () => {
  it('refuse reads beyond the end, after closing, and longer than can be viewed', () => {
    const path = `${folder.path}/sparse`
    ftruncateSync(openSync(path, 'w+'), 5 * 2 ** 30)
    const mapped = mapFile(path)
    expect(mapped.bytes(5 * 2 ** 30 - 1, 1)).toEqual(Uint8Array.of(0))
    for (const [at, length] of [
      [5 * 2 ** 30, 1],
      [-1, 2],
      [0, 2 ** 32 + 8],
    ] as const)
      expect(refusal(() => mapped.bytes(at, length)).code).toBe('file-range')
    mapped[Symbol.dispose]()
    mapped[Symbol.dispose]()
    expect(refusal(() => mapped.bytes(0, 1)).code).toBe('file-closed')
  })

  it('refuse what is no file, is not there or is empty', () => {
    const code = (path: string): string => refusal(() => mapFile(path)).code
    expect(code(folder.path)).toBe('file-kind')
    expect(code('/dev/null')).toBe('file-kind')
    expect(code(`${folder.path}/none`)).toBe('file-missing')
    expect(code(put(folder.path, 'empty', ''))).toBe('file-empty')
  })

  it('refuse to read whole what cannot fit into memory', () => {
    const path = `${folder.path}/huge`
    ftruncateSync(openSync(path, 'w+'), 2 ** 43)
    process.env.PALIMPSEST_NO_MMAP = '1'
    try {
      const error = refusal(() => mapFile(path))
      expect(error.code).toBe('file-memory')
      expect(error.message).toContain(path)
    } finally {
      delete process.env.PALIMPSEST_NO_MMAP
    }
  })
})

const HEADER = { a: f32(0, 8), b: f32(8, 12) }

describe('damaged and hostile safetensors files are refused with place, finding and remedy', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  it.each<[what: string, content: Uint8Array, code: string, says: RegExp]>([
    ['no header', Buffer.alloc(5), 'safetensors-truncated', /at least 10 bytes/],
    [
      'a header of 2^60 bytes',
      Buffer.concat([u64(2n ** 60n), Buffer.from('{}')]),
      'safetensors-header',
      /1152921504606846976 bytes/,
    ],
    ['a header beyond the end', safetensorsBytes('{}').fill(99, 0, 1), 'safetensors-truncated', /99 bytes/],
    ['a header that is no JSON', safetensorsBytes('{"a"'), 'safetensors-header', /JSON/],
    ['a header that is no object', safetensorsBytes('[{}]'), 'safetensors-header', /"\[\{\}\]"/],
    [
      'a header that is not UTF-8',
      safetensorsBytes('{"a":"é"}').subarray(0, -3),
      'safetensors-truncated',
      /ends too early/,
    ],
    [
      'bytes that are not UTF-8',
      Buffer.concat([u64(6n), Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x20, 0x7d])]),
      'safetensors-header',
      /UTF-8/,
    ],
    [
      'a name twice',
      safetensorsBytes(`{"a":${JSON.stringify(f32(0, 4))},"\\u0061":${JSON.stringify(f32(4, 8))}}`, 8),
      'safetensors-header',
      /the key "a" twice/,
    ],
    [
      'metadata that are no object',
      safetensorsBytes({ __metadata__: [] }),
      'safetensors-header',
      /no object/,
    ],
    [
      'metadata that are no text',
      safetensorsBytes({ __metadata__: { a: 1 } }),
      'safetensors-header',
      /"a" is no text/,
    ],
    [
      'an entry that is no object',
      safetensorsBytes({ a: 1 }),
      'safetensors-entry',
      /tensor a\n.*\n.*found: {4}1/,
    ],
    [
      'an unknown dtype',
      safetensorsBytes({ a: { ...f32(0, 4), dtype: 'F4' } }, 4),
      'safetensors-entry',
      /BF16.*\n.*"F4"/,
    ],
    [
      'a GGUF dtype',
      safetensorsBytes({ a: { ...f32(0, 18), dtype: 'Q4_0' } }, 18),
      'safetensors-entry',
      /"Q4_0"/,
    ],
    [
      'a dtype of deep lists',
      safetensorsBytes(`{"a":{"dtype":${deep}}}`),
      'safetensors-entry',
      /a list of 1/,
    ],
    ['a negative dimension', safetensorsBytes({ a: f32(0, 4, [-1]) }, 4), 'safetensors-entry', /\[-1\]/],
    [
      'a fraction of a dimension',
      safetensorsBytes({ a: f32(0, 4, [1.5]) }, 4),
      'safetensors-entry',
      /\[1.5\]/,
    ],
    [
      'nine dimensions',
      safetensorsBytes({ a: f32(0, 4, Array(9).fill(1)) }, 4),
      'safetensors-entry',
      /at most 8/,
    ],
    [
      'a count that overflows',
      safetensorsBytes({ a: f32(0, 4, [2 ** 40, 2 ** 40]) }, 4),
      'safetensors-entry',
      /2\^53/,
    ],
    [
      'a count that wraps to zero',
      safetensorsBytes({ a: f32(0, 0, [2 ** 32, 2 ** 32, 4]) }),
      'safetensors-entry',
      /2\^53/,
    ],
    ['offsets that fall', safetensorsBytes({ a: f32(8, 4, [1]) }, 8), 'safetensors-entry', /rising/],
    [
      'three offsets',
      safetensorsBytes({ a: { ...f32(0, 4), data_offsets: [0, 4, 8] } }, 8),
      'safetensors-entry',
      /rising/,
    ],
    [
      'offsets beyond 2^53',
      safetensorsBytes(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}`, 4),
      'safetensors-entry',
      /rising/,
    ],
    [
      'another size than shape and dtype say',
      safetensorsBytes({ a: f32(0, 8, [3]) }, 8),
      'safetensors-entry',
      /12 bytes apart.*\n.*found: {4}8/,
    ],
    [
      'offsets beyond the end',
      safetensorsBytes({ a: f32(0, 80) }, 8),
      'safetensors-truncated',
      /tensor a up to byte/,
    ],
    ['data cut short', safetensorsBytes(HEADER, 11), 'safetensors-truncated', /tensor b/],
    [
      'tensors that overlap',
      safetensorsBytes({ a: f32(0, 8), b: f32(4, 12) }, 12),
      'safetensors-layout',
      /overlap[\s\S]*tensor b/,
    ],
    [
      'a hole',
      safetensorsBytes({ a: f32(0, 4), b: f32(8, 12) }, 12),
      'safetensors-layout',
      /hole[\s\S]*tensor b/,
    ],
    ['bytes behind the last tensor', safetensorsBytes(HEADER, 13), 'safetensors-layout', /do not fill/],
  ])('%s', (_, content, code, says) => {
    const path = file(content)
    const error = refusal(() => openSafetensors(path))
    expect(error.message).toMatch(says)
    expect(error.code).toBe(code)
    expect(error.message).toContain(path)
    expect(error.parts.fix).toBeDefined()
    expect(error.message.length).toBeLessThan(2000)
  })

  it('names with control characters do not reach the terminal', () => {
    const error = refusal(() => openSafetensors(file(safetensorsBytes({ '\u001b[2Ja': 1 }))))
    expect(error.message).toContain('tensor \\u{1b}[2Ja')
  })

  it('types that cannot be read as f32', () => {
    using opened = openSafetensors(
      file(safetensorsBytes({ a: { dtype: 'F8_E4M3', shape: [2], data_offsets: [0, 2] } }, 2)),
    )
    const error = refusal(() => readF32(opened.tensors.get('a')!))
    expect(error.code).toBe('tensor-type')
    expect(error.message).toContain('F8_E4M3')
    expect(isComplete(error)).toBe(true)
  })

  it('a file cut at any byte', () => {
    const whole = safetensorsBytes(HEADER, 12)
    const path = file(whole, 'cut.safetensors')
    openSafetensors(path)[Symbol.dispose]()
    for (let length = whole.length - 1; length >= 0; length--) {
      truncateSync(path, length)
      expect(refusal(() => openSafetensors(path)).code).toMatch(/^safetensors-truncated$|^file-empty$/)
    }
  })

  it('any bytes flipped, cut or spliced: a parsed file or a refusal', () => {
    const whole = safetensorsBytes(
      { __metadata__: { a: 'b' }, ...HEADER, c: { dtype: 'I8', shape: [2, 2], data_offsets: [12, 16] } },
      16,
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(whole.length),
        fc.nat(whole.length),
        fc.nat(whole.length),
        (flips, cut, from, to) => {
          const bytes = Buffer.from(whole)
          for (const [at, value] of flips) bytes[at] = value
          const spliced = Buffer.concat([
            bytes.subarray(0, cut),
            bytes.subarray(Math.min(from, to), Math.max(from, to)),
          ])
          for (const content of [bytes, spliced]) parsedOrRefused(content)
        },
      ),
      { numRuns: 400, seed: 1 },
    )
  })
})

function parsedOrRefused(content: Uint8Array): void {
  try {
    using opened = openSafetensors(file(content, 'fuzz.safetensors'))
    for (const tensor of opened.tensors.values()) if (tensor.type in DTYPES) readF32(tensor)
  } catch (error) {
    if (!(error instanceof PalimpsestError)) throw error
  }
}

describe('a sharded checkpoint', () => {
  const shards = temporaryFolder()
  afterAll(() => shards[Symbol.dispose]())
  const NAME = (i: number): string => `model-0000${i}-of-00002.safetensors`
  const value = (x: number): Uint8Array => new Uint8Array(Float32Array.of(x).buffer)
  const open = (map: unknown): ReturnType<typeof openSafetensorsIndex> =>
    openSafetensorsIndex(
      put(shards.path, 'model.safetensors.index.json', typeof map === 'string' ? map : { weight_map: map }),
    )
  beforeEach(() => {
    put(shards.path, NAME(1), safetensorsBytes({ a: f32(0, 4) }, value(1)))
    put(shards.path, NAME(2), safetensorsBytes({ b: f32(0, 4) }, value(2)))
  })

  it('opens as one', () => {
    using opened = open({ a: NAME(1), b: NAME(2) })
    expect([...opened.tensors].map(([name, t]) => [name, ...readF32(t)])).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect(opened.files).toHaveLength(3)
  })

  it.each<[what: string, map: unknown, says: RegExp]>([
    ['a missing shard', { a: NAME(1), b: NAME(3) }, /A shard is missing[\s\S]*00003-of/],
    [
      'a tensor in no shard',
      { a: NAME(1), b: NAME(2), c: NAME(2) },
      /index.json, c\n.*00002-of.*\n.*no shard/,
    ],
    ['a tensor in another shard', { a: NAME(2), b: NAME(2) }, /it in model-00002-of.*\n.*it in no shard/],
    ['a tensor that the index lacks', { a: NAME(1), ...{ b: NAME(1) } }, /no shard/],
    ['a path for a name', { a: '../x' }, /plain file name[\s\S]*"\.\.\/x"/],
    ['a backslash in a name', { a: '..\\x' }, /plain file name/],
    ['a null byte in a name', { a: 'x\u0000' }, /plain file name/],
    ['the folder itself', { a: '.' }, /plain file name/],
    ['a number for a name', { a: 3 }, /plain file name[\s\S]*found: {4}3/],
    ['no weight_map', '{}', /lacks its weight_map/],
    ['null', 'null', /lacks its weight_map/],
    ['no JSON', '{', /not JSON/],
  ])('refuses %s', (_, map, says) => {
    const error = refusal(() => open(map))
    expect(error.code).toBe('safetensors-index')
    expect(error.message).toMatch(says)
    expect(isComplete(error)).toBe(true)
  })

  it('refuses an index that is missing, enormous or names too many shards', () => {
    const path = `${shards.path}/other.index.json`
    expect(refusal(() => openSafetensorsIndex(path)).code).toBe('file-missing')
    ftruncateSync(openSync(path, 'w+'), 2 ** 28)
    expect(refusal(() => openSafetensorsIndex(path)).message).toMatch(/impossibly large[\s\S]*268435456/)
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`t${i}`, `s${i}`]))
    expect(refusal(() => open(many)).message).toMatch(/too many shards[\s\S]*10001/)
  })

  it('refuses tensors that the index places elsewhere or lacks', () => {
    put(shards.path, NAME(2), safetensorsBytes({ a: f32(0, 4), b: f32(4, 8) }, 8))
    expect(refusal(() => open({ a: NAME(1), b: NAME(2) })).message).toMatch(/tensor a[\s\S]*a second one/)
    put(shards.path, NAME(2), safetensorsBytes({ b: f32(0, 4), c: f32(4, 8) }, 8))
    expect(refusal(() => open({ a: NAME(1), b: NAME(2) })).message).toMatch(/tensor c[\s\S]*not in the index/)
    put(shards.path, NAME(1), safetensorsBytes({ b: f32(0, 4) }, value(1)))
    expect(refusal(() => open({ a: NAME(2), b: NAME(1) })).message).toMatch(/it in no shard/)
  })
})

describe('writing', () => {
  it('what is written reads back, whatever the names and shapes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.oneof(fc.constant('__proto__'), fc.string({ unit: 'grapheme' })), { maxLength: 5 }),
        fc.array(fc.nat(3), { maxLength: 3 }),
        async (names, shape) => {
          const path = `${folder.path}/written.safetensors`
          const count = shape.reduce((a, b) => a * b, 1)
          const data = names.map((_, i) => Float32Array.from({ length: count }, (_, j) => i + j))
          await writeSafetensors(
            path,
            names.map((name, i) => ({ name, shape, data: data[i]! })),
          )
          using opened = openSafetensors(path)
          expect([...opened.tensors.keys()].sort()).toEqual([...names].sort())
          names.forEach((name, i) => {
            const tensor = opened.tensors.get(name)!
            expect(tensor.shape).toEqual(shape)
            expect([...readF32(tensor)]).toEqual([...data[i]!])
          })
        },
      ),
      { numRuns: 60, seed: 1 },
    )
  })

  it('a tensor of another size than declared is a bug, and leaves no file', async () => {
    const path = `${folder.path}/none.safetensors`
    await expect(
      writeSafetensors(path, [{ name: 'a', shape: [2], data: new Float32Array(3) }]),
    ).rejects.toThrow(RangeError)
    for (const names of [['a', 'a'], ['__metadata__']])
      await expect(
        writeSafetensors(
          path,
          names.map((name) => ({ name, shape: [], data: new Float32Array(1) })),
        ),
      ).rejects.toThrow(RangeError)
    expect(refusal(() => mapFile(path)).code).toBe('file-missing')
  })
})

it('every dtype of the format is known', () => {
  const F8 = ['F8_E4M3', 'F8_E5M2', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ']
  for (const name of [...Object.keys(DTYPES), ...F8, 'C64']) expect(Object.keys(TENSOR_TYPES)).toContain(name)
})
