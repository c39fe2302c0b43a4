import { closeSync, ftruncateSync, openSync, truncateSync, writeSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type GgufTensor,
  ggufBytes,
  isComplete,
  put,
  refusal,
  temporaryFolder,
  u32,
  u64,
} from '../../test/support/bytes.ts'
import { PalimpsestError } from '../core/errors.ts'
import { openGguf } from './gguf.ts'
import { readF32 } from './safetensors.ts'

const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())
const file = (content: Uint8Array, name = 'x.gguf'): string => put(folder.path, name, content)

const vector = (name: string, ...values: number[]): GgufTensor => ({
  name,
  type: 0,
  shape: [values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
})
const ARCH = ['general.architecture', 'string', 'llama'] as const

describe('a GGUF file', () => {
  it.each([2, 3])('of version %i gives its metadata and tensors', (version) => {
    const path = file(
      ggufBytes({
        version,
        kv: [
          ARCH,
          ['u8', 'u8', 255],
          ['u16', 'u16', 65535],
          ['u32', 'u32', 2 ** 32 - 1],
          ['i32', 'i32', -5],
          ['f32', 'f32', 0.5],
          ['f64', 'f64', 0.1],
          ['yes', 'bool', true],
          ['big', 'u64', 2 ** 62],
          ['small', 'u64', 7],
          ['words', ['array', 'string'], ['a', 'é', '']],
          ['none', ['array', 'f32'], []],
          ['nested', ['array', ['array', 'u8']], [[1], [], [2, 3]]],
        ],
        tensors: [
          vector('a', 1, 2, 3),
          { name: 'm', type: 1, shape: [2, 3], data: new Uint8Array(12) },
          { name: 'empty', type: 0, shape: [0], data: new Uint8Array(0) },
          { name: 'scalar', type: 0, shape: [], data: new Uint8Array(4) },
        ],
      }),
    )
    using opened = openGguf(path)
    expect(opened.version).toBe(version)
    expect(opened.files).toEqual([path])
    expect(Object.fromEntries(opened.kv)).toEqual({
      'general.architecture': 'llama',
      u8: 255,
      u16: 65535,
      u32: 2 ** 32 - 1,
      i32: -5,
      f32: 0.5,
      f64: 0.1,
      yes: true,
      big: 2n ** 62n,
      small: 7,
      words: ['a', 'é', ''],
      none: [],
      nested: [[1], [], [2, 3]],
    })
    expect([...readF32(opened.tensors.get('a')!)]).toEqual([1, 2, 3])
    expect(opened.tensors.get('m')).toMatchObject({ type: 'F16', shape: [2, 3], byteLength: 12 })
    expect(opened.getString('general.architecture')).toBe('llama')
    const error = refusal(() => opened.getNumber('general.architectur'))
    expect(error.message).toMatch(/key general.architectur\n.*a number\n.*nearest: general.architecture/)
    expect(refusal(() => opened.getNumber('general.architecture')).parts.found).toBe('string')
  })

  it('may be larger than JavaScript can view at once', () => {
    const path = file(ggufBytes({ kv: [ARCH], tensors: [vector('a', 1)] }), 'sparse.gguf')
    const fd = openSync(path, 'r+')
    ftruncateSync(fd, 20 * 2 ** 30)
    closeSync(fd)
    using opened = openGguf(path)
    expect([...readF32(opened.tensors.get('a')!)]).toEqual([1])
  })

  it.each([8, 64, 4096])('keeps an alignment of %i', (alignment) => {
    using opened = openGguf(
      file(
        ggufBytes({
          kv: [['general.alignment', 'u32', alignment]],
          tensors: [vector('a', 1), vector('b', 2)],
          alignment,
        }),
      ),
    )
    expect([...readF32(opened.tensors.get('b')!)]).toEqual([2])
    expect(opened.tensors.get('b')!.offset % alignment).toBe(0)
  })
})

/** Header, then raw metadata: one key "k" with whatever follows. */
const raw = (...parts: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0n), u64(1n), u64(1n), Buffer.from('k'), ...parts])
const nested = Buffer.concat(Array.from({ length: 50 }, () => Buffer.concat([u32(9), u64(1n)])))
const at = (offset: bigint): GgufTensor => ({ ...vector('b', 1), offset })
const typed = (type: number, shape = [32]): GgufTensor => ({
  name: 'b',
  type,
  shape,
  data: new Uint8Array(256),
})

describe('damaged and hostile GGUF files are refused with place, finding and remedy', () => {
  it.each<[what: string, content: Uint8Array, code: string, says: RegExp]>([
    [
      'another file',
      Buffer.from('PK\u0003\u0004 something else'),
      'gguf-magic',
      /letters GGUF\n.*"PK\\u\{3\}\\u\{4\}"/,
    ],
    ['version 1', ggufBytes({ version: 1 }), 'gguf-version', /version 2 or 3.*\n.*1\n/],
    ['version 4', ggufBytes({ version: 4 }), 'gguf-version', /version 2 or 3/],
    ['the other byte order', ggufBytes({ version: 0x03000000 }), 'gguf-version', /Big-endian/],
    [
      'too many tensors',
      Buffer.concat([Buffer.from('GGUF'), u32(3), u64(2n ** 60n), u64(0n)]),
      'gguf-malformed',
      /impossible tensor count/,
    ],
    [
      'too many keys',
      Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0n), u64(2n ** 63n)]),
      'gguf-malformed',
      /impossible metadata count/,
    ],
    [
      'more keys than there are',
      Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0n), u64(9n)]),
      'gguf-truncated',
      /key 0/,
    ],
    [
      'a string of 2^60 bytes',
      raw(u32(8), u64(2n ** 60n)),
      'gguf-malformed',
      /length of k.*\n.*\n.*\n.*1152921504606846976/,
    ],
    ['a string beyond the end', raw(u32(8), u64(100n)), 'gguf-truncated', /100 more bytes/],
    ['a string that is not UTF-8', raw(u32(8), u64(1n), Buffer.from([0xff])), 'gguf-malformed', /UTF-8/],
    [
      'a key of 100,000 bytes',
      Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0n), u64(1n), u64(100_000n)]),
      'gguf-malformed',
      /length of key 0/,
    ],
    [
      'an unknown type of value',
      raw(u32(99)),
      'gguf-malformed',
      /unknown type of metadata.*\n.*\n.*\n.*k: 99/,
    ],
    [
      'an unknown type of elements',
      raw(u32(9), u32(99), u64(1n)),
      'gguf-malformed',
      /unknown type of metadata/,
    ],
    ['an array of 2^60 bytes', raw(u32(9), u32(0), u64(2n ** 60n)), 'gguf-malformed', /length of k/],
    [
      'an array longer than the file',
      raw(u32(9), u32(6), u64(3n), Buffer.alloc(11)),
      'gguf-malformed',
      /length of k.*\n.*\n.*\n.*3/,
    ],
    ['arrays nested fifty deep', raw(u32(9), nested, Buffer.alloc(12)), 'gguf-malformed', /nested too deep/],
    [
      'a key twice',
      ggufBytes({ kv: [ARCH, ARCH] }),
      'gguf-malformed',
      /key twice.*\n.*\n.*\n.*general.architecture/,
    ],
    [
      'an alignment of zero',
      ggufBytes({ kv: [['general.alignment', 'u32', 0]] }),
      'gguf-malformed',
      /from 8 to.*\n.*0\n/,
    ],
    ['an alignment of 24', ggufBytes({ kv: [['general.alignment', 'u32', 24]] }), 'gguf-malformed', /24/],
    [
      'an alignment in words',
      ggufBytes({ kv: [['general.alignment', 'string', '32']] }),
      'gguf-malformed',
      /"32"/,
    ],
    [
      'an alignment of 2^31',
      ggufBytes({ kv: [['general.alignment', 'u32', 2 ** 31]] }),
      'gguf-malformed',
      /2147483648/,
    ],
    [
      'a tensor twice',
      ggufBytes({ tensors: [vector('b', 1), vector('b', 2)] }),
      'gguf-malformed',
      /tensor b/,
    ],
    [
      'five dimensions',
      ggufBytes({ tensors: [typed(0, [1, 1, 1, 1, 1])] }),
      'gguf-malformed',
      /more than 4 dimensions/,
    ],
    [
      'a dimension of 2^60',
      ggufBytes({ tensors: [typed(0, [2 ** 60])] }),
      'gguf-malformed',
      /dimension of tensor b/,
    ],
    [
      'a shape that overflows',
      ggufBytes({ tensors: [typed(0, [2 ** 40, 2 ** 40])] }),
      'gguf-malformed',
      /impossible shape/,
    ],
    [
      'a shape that wraps to zero',
      ggufBytes({ tensors: [typed(0, [2 ** 32, 2 ** 32, 4])] }),
      'gguf-malformed',
      /impossible shape/,
    ],
    [
      'rows that are not whole blocks',
      ggufBytes({ tensors: [typed(2, [2, 48])] }),
      'gguf-malformed',
      /multiple of 32/,
    ],
    [
      'an offset that is not aligned',
      ggufBytes({ tensors: [at(4n)] }),
      'gguf-malformed',
      /multiple of 32.*\n.*4\n/,
    ],
    [
      'an offset beyond 2^53',
      ggufBytes({ tensors: [at(2n ** 63n)] }),
      'gguf-malformed',
      /offset of tensor b/,
    ],
    ['an offset beyond the end', ggufBytes({ tensors: [at(3200n)] }), 'gguf-truncated', /tensor b/],
    [
      'tensors that overlap',
      ggufBytes({ tensors: [vector('a', ...Array(16).fill(1)), at(32n)] }),
      'gguf-malformed',
      /tensors a and b/,
    ],
    [
      'a type that ggml cannot widen',
      ggufBytes({ tensors: [typed(15, [256])] }),
      'gguf-type',
      /BF16.*\n.*15 \(Q8_K\)/,
    ],
    ['a type that ggml has removed', ggufBytes({ tensors: [typed(31)] }), 'gguf-type', /Q4_0_4_4, removed/],
    ['a type that does not exist', ggufBytes({ tensors: [typed(1000)] }), 'gguf-type', /ggml type 1000\n/],
  ])('%s', (_, content, code, says) => {
    const path = file(content)
    const error = refusal(() => openGguf(path))
    expect(error.message).toMatch(says)
    expect(error.code).toBe(code)
    expect(error.message).toContain(path)
    expect(isComplete(error)).toBe(true)
    expect(error.message.length).toBeLessThan(2000)
  })

  it('arrays that would fill the memory', () => {
    // 200 MB of bytes cost nothing on disk, and would be 1.6 GB as numbers.
    const path = file(raw(u32(9), u32(0), u64(200_000_000n)), 'array.gguf')
    truncateSync(path, 210_000_000)
    expect(refusal(() => openGguf(path)).message).toMatch(/arrays of more than/)
  })

  it('metadata larger than any real ones', () => {
    const path = file(raw(u32(8), u64(2n ** 28n)), 'string.gguf')
    truncateSync(path, 2 ** 30)
    expect(refusal(() => openGguf(path)).message).toMatch(/more than 268435456 bytes of metadata/)
  })

  const small = ggufBytes({
    kv: [ARCH, ['words', ['array', 'string'], ['a', 'b']], ['n', 'u64', 3]],
    tensors: [vector('a', 1, 2), { name: 'q', type: 8, shape: [1, 32], data: new Uint8Array(34) }],
  })

  it('a file cut at any byte', () => {
    const path = file(small, 'cut.gguf')
    openGguf(path)[Symbol.dispose]()
    const end = small.length - 30 // the last tensor takes 34 of 64 bytes; its padding may be missing
    for (let length = end - 1; length >= 0; length--) {
      truncateSync(path, length)
      expect([length, refusal(() => openGguf(path)).code]).toEqual([
        length,
        expect.stringMatching(length === 0 ? /^file-empty$/ : /^gguf-(truncated|malformed)$/),
      ])
    }
  })

  it('any bytes flipped, cut or spliced: a parsed file or a refusal', () => {
    const position = fc.nat(small.length)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { maxLength: 4 }),
        position,
        position,
        position,
        (flips, cut, from, to) => {
          const bytes = Buffer.from(small)
          for (const [place, value] of flips) bytes[place] = value
          const splice = bytes.subarray(Math.min(from, to), Math.max(from, to))
          for (const content of [bytes, Buffer.concat([bytes.subarray(0, cut), splice])])
            parsedOrRefused(content)
        },
      ),
      { numRuns: 600, seed: 1 },
    )
  })

  it('every byte of the header set to 0, 1, 127 or 255', () => {
    for (let i = 0; i < small.length - 96; i++)
      for (const value of [0, 1, 127, 255]) {
        const bytes = Buffer.from(small)
        bytes[i] = value
        parsedOrRefused(bytes)
      }
  })
})

function parsedOrRefused(content: Uint8Array): void {
  try {
    using opened = openGguf(file(content, 'fuzz.gguf'))
    for (const tensor of opened.tensors.values()) tensor.file.bytes(tensor.offset, tensor.byteLength)
  } catch (error) {
    if (!(error instanceof PalimpsestError)) throw error
  }
}

describe('a split GGUF file', () => {
  const parts = temporaryFolder()
  afterAll(() => parts[Symbol.dispose]())
  const name = (i: number, n = 3): string => `m-0000${i}-of-0000${n}.gguf`
  const part = (
    i: number,
    change: { no?: number; count?: number; total?: number; tensor?: string } = {},
  ): Buffer =>
    ggufBytes({
      kv: [
        ...(i === 0 ? [ARCH] : []),
        ['split.no', 'u16', change.no ?? i],
        ['split.count', 'u16', change.count ?? 3],
        ['split.tensors.count', 'i32', change.total ?? 2],
      ],
      // The first part holds metadata only, as some converters write it.
      tensors: i === 0 ? [] : [vector(change.tensor ?? `t${i}`, i)],
    })
  const write = (changes: Parameters<typeof part>[1][] = []): string => {
    for (const i of [0, 1, 2]) put(parts.path, name(i + 1), part(i, changes[i]))
    return `${parts.path}/${name(1)}`
  }

  it('opens as one from any of its parts', () => {
    write()
    for (const i of [1, 2, 3]) {
      using opened = openGguf(`${parts.path}/${name(i)}`)
      expect([...opened.tensors].map(([key, t]) => [key, ...readF32(t)])).toEqual([
        ['t1', 1],
        ['t2', 2],
      ])
      expect(opened.getString('general.architecture')).toBe('llama')
      expect(opened.files.map((f) => f.slice(parts.path.length + 1))).toEqual([name(1), name(2), name(3)])
    }
  })

  it.each<[what: string, changes: Parameters<typeof part>[1][], says: RegExp]>([
    [
      'parts out of order',
      [{}, { no: 2 }, { no: 1 }],
      /not the one that its name says[\s\S]*no 1 of 3\n.*no 2 of 3/,
    ],
    ['a part of another file', [{}, {}, { count: 4 }], /no 2 of 3\n.*no 2 of 4/],
    ['another number of tensors', [{ total: 5 }], /5 tensors\n.*2/],
    ['a tensor in two parts', [{}, { tensor: 't' }, { tensor: 't' }], /Two parts[\s\S]*tensor t/],
  ])('refuses %s', (_, changes, says) => {
    const error = refusal(() => openGguf(write(changes)))
    expect(error.code).toBe('gguf-split')
    expect(error.message).toMatch(says)
    expect(isComplete(error)).toBe(true)
  })

  it('refuses a part that is missing, renamed or damaged', () => {
    const first = write()
    const renamed = put(parts.path, 'renamed.gguf', part(0))
    expect(refusal(() => openGguf(renamed)).message).toMatch(/keep its name[\s\S]*00001-of-00003/)
    const of2 = put(parts.path, name(1, 2), part(0))
    expect(refusal(() => openGguf(of2)).message).toMatch(/keep its name/)
    const fd = openSync(`${parts.path}/${name(3)}`, 'r+')
    writeSync(fd, 'XXXX', 0)
    closeSync(fd)
    expect(refusal(() => openGguf(first)).message).toMatch(/m-00003-of-00003.gguf/)
    truncateSync(`${parts.path}/${name(3)}`, 0)
    expect(refusal(() => openGguf(first)).code).toBe('file-empty')
    const lonely = put(folder.path, name(1), part(0))
    const error = refusal(() => openGguf(lonely))
    expect(error.message).toMatch(/A part of a split file is missing[\s\S]*m-00002-of-00003/)
    expect(isComplete(error)).toBe(true)
  })
})
