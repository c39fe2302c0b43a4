import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isComplete, put, refusal, temporaryFolder } from '../../test/support/bytes.ts'
import { pickle, tensorPickle, torchBytes, torchOf, zipBytes } from '../../test/support/torch-bytes.ts'
import { PalimpsestError } from '../core/errors.ts'
import { openSafetensors, readF32 } from './safetensors.ts'
import { openTorch } from './torch.ts'

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/torch/', import.meta.url))
const expected = JSON.parse(readFileSync(join(FIXTURES, 'expected.json'), 'utf8')) as {
  state: Record<string, { shape: number[]; values: number[] }>
  v3: Record<string, { shape: number[]; values: number[] }>
  values: Record<string, unknown>
}
const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())

function expectTensors(
  file: ReturnType<typeof openTorch>,
  prefix: string,
  wanted: typeof expected.state,
): void {
  const names = [...file.tensors.keys()]
  expect(names).toEqual(Object.keys(wanted).map((name) => prefix + name))
  for (const [name, { shape, values }] of Object.entries(wanted)) {
    const tensor = file.tensors.get(prefix + name)!
    expect([name, tensor.shape]).toEqual([name, shape])
    expect([...readF32(tensor)]).toEqual(values.map(Math.fround))
  }
}

describe('what torch.save writes', () => {
  it.each(['zip.pt', 'legacy.pt'])('%s: every type, views, nested dicts and plain values', (name) => {
    using file = openTorch(join(FIXTURES, name))
    expectTensors(file, 'model.', expected.state)
    expect(Object.fromEntries(file.values)).toEqual(expected.values)
  })

  it('types that only the newer form of tensor has', () => {
    using file = openTorch(join(FIXTURES, 'v3.pt'))
    expectTensors(file, '', expected.v3)
  })

  it('contiguous tensors stay in the mapped file', () => {
    using file = openTorch(join(FIXTURES, 'zip.pt'))
    expect(file.tensors.get('model.rows')!.file.mapped).toBe(true)
    expect(file.tensors.get('model.transposed')!.file.mapped).toBe(false)
  })

  it('archives with 64-bit sizes', () => {
    const data = Float32Array.of(1, 2, 3, 4)
    const body = pickle.whole(
      pickle.dict(pickle.text('a'), tensorPickle({ key: '0', count: 4, shape: [2, 2] })),
    )
    const path = put(
      files.path,
      'zip64.pt',
      zipBytes(
        [
          { name: 'x/data.pkl', data: body },
          { name: 'x/data/0', data: new Uint8Array(data.buffer) },
        ],
        { zip64: true },
      ),
    )
    using file = openTorch(path)
    expect(readF32(file.tensors.get('a')!)).toEqual(data)
  })

  it('round trip of another file', () => {
    using source = openSafetensors(join(FIXTURES, '../models/llama/model.safetensors'))
    using file = openTorch(put(files.path, 'llama.bin', torchOf(source.tensors.values())))
    for (const [name, t] of source.tensors) expect(readF32(file.tensors.get(name)!)).toEqual(readF32(t))
  })
})

const four = new Uint8Array(16)
const named = (tensor: Buffer): Buffer => pickle.whole(pickle.dict(pickle.text('a'), tensor))
const good = named(tensorPickle({ key: '0', count: 4, shape: [4] }))
const code = (module: string, name: string, ...args: Buffer[]): Buffer =>
  named(pickle.reduce(pickle.global(module, name), pickle.tuple(...args)))

describe('refused', () => {
  it.each<[what: string, content: Buffer, code: string, says: RegExp]>([
    [
      'a call of the shell',
      torchBytes(code('os', 'system', pickle.text('touch x')), {}),
      'pickle-global',
      /os\.system[\s\S]*Nothing was executed/,
    ],
    [
      'built-in functions',
      torchBytes(code('builtins', 'eval', pickle.text('1')), {}),
      'pickle-global',
      /builtins\.eval/,
    ],
    [
      'functions of torch that are not data',
      torchBytes(code('torch', 'load', pickle.text('x')), {}),
      'pickle-global',
      /torch\.load/,
    ],
    [
      'names with dots in them',
      torchBytes(code('torch._utils', '_rebuild_tensor_v2.__globals__'), {}),
      'pickle-global',
      /__globals__/,
    ],
    [
      'names from the stack',
      torchBytes(pickle.whole(pickle.text('posix'), pickle.text('system'), Buffer.from([0x93])), {}),
      'pickle-global',
      /posix\.system/,
    ],
    [
      'instances (INST)',
      torchBytes(pickle.whole(Buffer.from('(ios\nsystem\n')), {}),
      'pickle-opcode',
      /0x69/,
    ],
    ['objects (OBJ)', torchBytes(pickle.whole(Buffer.from('(o')), {}), 'pickle-opcode', /0x6f/],
    ['extension codes', torchBytes(pickle.whole(Buffer.from([0x82, 1])), {}), 'pickle-opcode', /0x82/],
    ['a storage that is missing', torchBytes(good, {}), 'torch-storage', /storage 0[\s\S]*none/],
    [
      'a storage that is too short',
      torchBytes(good, { 0: new Uint8Array(12) }),
      'torch-storage',
      /16 bytes[\s\S]*12 bytes/,
    ],
    [
      'a view beyond its storage',
      torchBytes(named(tensorPickle({ key: '0', count: 4, shape: [4], offset: 1 })), { 0: four }),
      'torch-tensor',
      /inside its storage/,
    ],
    [
      'strides beyond its storage',
      torchBytes(named(tensorPickle({ key: '0', count: 4, shape: [2, 2], stride: [3, 1] })), { 0: four }),
      'torch-tensor',
      /inside its storage/,
    ],
    [
      'a small storage repeated into a large tensor',
      torchBytes(named(tensorPickle({ key: '0', count: 4, shape: [100_000, 4], stride: [0, 1] })), {
        0: four,
      }),
      'torch-tensor',
      /inside its storage/,
    ],
    [
      'sizes beyond 2^53',
      torchBytes(named(tensorPickle({ key: '0', count: 4, shape: [2 ** 40, 2 ** 40], stride: [0, 0] })), {
        0: four,
      }),
      'torch-tensor',
      /inside its storage/,
    ],
    [
      'negative sizes',
      torchBytes(named(tensorPickle({ key: '0', count: 4, shape: [-1] })), { 0: four }),
      'torch-tensor',
      /shape/,
    ],
    [
      'negative offsets',
      torchBytes(named(tensorPickle({ key: '0', count: 4, shape: [2], offset: -2 })), { 0: four }),
      'torch-tensor',
      /offset/,
    ],
    [
      'storages of unknown types',
      torchBytes(named(tensorPickle({ storage: 'QInt8Storage', key: '0', count: 4, shape: [4] })), {
        0: four,
      }),
      'pickle-global',
      /QInt8Storage/,
    ],
    [
      'a file without tensors',
      torchBytes(pickle.whole(pickle.dict(pickle.text('a'), pickle.int(1))), {}),
      'torch-content',
      /state dict/,
    ],
    ['no pickle', zipBytes([{ name: 'x/version', data: Buffer.from('3') }]), 'torch-archive', /data\.pkl/],
    [
      'two pickles',
      zipBytes([
        { name: 'x/data.pkl', data: good },
        { name: 'y/data.pkl', data: good },
      ]),
      'torch-archive',
      /2/,
    ],
    [
      'members outside the folder',
      zipBytes([
        { name: 'x/data.pkl', data: good },
        { name: '../evil', data: four },
      ]),
      'torch-archive',
      /evil/,
    ],
    [
      'big-endian numbers',
      zipBytes([
        { name: 'x/data.pkl', data: good },
        { name: 'x/byteorder', data: Buffer.from('big') },
      ]),
      'torch-archive',
      /big/,
    ],
    [
      'compressed members',
      zipBytes([
        { name: 'x/data.pkl', data: good },
        { name: 'x/data/0', data: four, deflate: true },
      ]),
      'torch-archive',
      /compressed/,
    ],
    [
      'a pickle with another checksum',
      zipBytes([{ name: 'x/data.pkl', data: good, crc: 7 }]),
      'torch-archive',
      /checksum/,
    ],
    [
      'names that stand twice',
      zipBytes([
        { name: 'x/data.pkl', data: good },
        { name: 'x/data.pkl', data: good },
      ]),
      'zip-malformed',
      /twice/,
    ],
    [
      'members that overlap',
      zipBytes([
        { name: 'x/data.pkl', data: good },
        { name: 'x/data/0', data: four, local: 0 },
      ]),
      'zip-malformed',
      /inside another/,
    ],
    [
      'members beyond the directory',
      zipBytes([{ name: 'x/data.pkl', data: good, size: 9999, stored: 9999 }]),
      'zip-malformed',
      /before the directory/,
    ],
    [
      'stored members of two sizes',
      zipBytes([{ name: 'x/data.pkl', data: good, size: 9999 }]),
      'zip-malformed',
      /equal sizes/,
    ],
    [
      'a claim of 4 GB from nothing',
      zipBytes([{ name: 'x/data.pkl', data: good, deflate: true, size: 4e9 }]),
      'zip-bomb',
      /4000000000/,
    ],
    [
      'encrypted members',
      zipBytes([{ name: 'x/data.pkl', data: good, flags: 1 }]),
      'zip-method',
      /encrypted/,
    ],
    ['other methods', zipBytes([{ name: 'x/data.pkl', data: good, method: 14 }]), 'zip-method', /method 14/],
    [
      'more entries than there are',
      zipBytes([{ name: 'x/data.pkl', data: good }], { count: 9 }),
      'zip-malformed',
      /entry 2 of 9/,
    ],
    ['a legacy file of another kind', Buffer.concat([pickle.whole(pickle.int(5))]), 'torch-archive', /magic/],
    ['text', Buffer.from('not a file of weights'), 'torch-archive', /first byte/],
  ])('%s', (_, content, code, says) => {
    const error = refusal(() => openTorch(put(files.path, 'bad.pt', content)))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(says)
    expect(isComplete(error)).toBe(true)
  })

  it('whole modules and programs, with what to do instead', () => {
    const whole = refusal(() => openTorch(join(FIXTURES, 'whole-module.pt')))
    expect(whole.code).toBe('pickle-global')
    expect(whole.message).toMatch(/torch\.nn\.modules\.linear\.Linear[\s\S]*state_dict/)
    expect(refusal(() => openTorch(join(FIXTURES, 'torchscript.pt'))).code).toBe('torch-archive')
  })

  it.each(['zip.pt', 'legacy.pt'])('%s cut anywhere', (name) => {
    const whole = readFileSync(join(FIXTURES, name))
    for (let end = 1; end < whole.length; end += 13) {
      const error = refusal(() => openTorch(put(files.path, 'cut.pt', whole.subarray(0, end))))
      expect(error.kind).toBe('input')
      expect(isComplete(error)).toBe(true)
    }
  })

  it.each(['zip.pt', 'legacy.pt', 'v3.pt'])(
    '%s with bytes changed is read or refused, never worse',
    (name) => {
      const whole = readFileSync(join(FIXTURES, name))
      const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
          const bytes = Buffer.from(whole)
          for (const [at, value] of changes) bytes[at] = value
          const path = put(files.path, 'changed.pt', bytes)
          try {
            using file = openTorch(path)
            for (const t of file.tensors.values())
              if (t.type !== 'C64' && !t.type.startsWith('F8')) readF32(t)
          } catch (error) {
            if (!(error instanceof PalimpsestError)) throw error
            expect(error.kind).toBe('input')
          }
        }),
        { numRuns: 1000, seed: 5 },
      )
    },
  )

  it('pickles of random bytes', () => {
    const opcodes = fc.constantFrom(
      ...Buffer.from('().NKMJ\x8aGX\x8cU}]\x8f\x85\x86\x87taesuqrhjcR\x81bQ\x93\x94\x80', 'latin1'),
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(opcodes, fc.nat(255)), { maxLength: 60 }), (bytes) => {
        const error = refusal(() =>
          openTorch(put(files.path, 'random.pt', torchBytes(Buffer.from([0x80, 2, ...bytes, 0x2e]), {}))),
        )
        expect(error.kind).toBe('input')
      }),
      { numRuns: 1000, seed: 6 },
    )
  })
})
