/**
 * numpy's .npz archives: a zip of .npy arrays. Stored arrays are used in place, deflated ones are unpacked
 * under a bound. Object arrays are pickles and are refused.
 * Format: numpy, numpy/lib/_format_impl.py (NEP 1).
 */

import { refuse } from '../core/errors.ts'
import { type MappedFile, mapFile, memoryFile } from './mapped-file.ts'
import { isRowMajor, packStrided, rowMajorStrides } from './strided.ts'
import {
  byteLength,
  type StoredTensor,
  TENSOR_TYPES,
  type TensorFile,
  type TensorType,
} from './tensor-type.ts'
import { memberBytes, readZip, type ZipMember } from './zip.ts'

const MAGIC = '\x93NUMPY'
const MAX_HEADER = 1 << 16
const MAX_RANK = 8
const DESCRIPTORS: Record<string, TensorType> = {
  '<f4': 'F32',
  '<f2': 'F16',
  '<f8': 'F64',
  '<i2': 'I16',
  '<i4': 'I32',
  '<i8': 'I64',
  '<u2': 'U16',
  '<u4': 'U32',
  '<u8': 'U64',
  '|i1': 'I8',
  '|u1': 'U8',
  '|b1': 'BOOL',
}

/**
 * Opens an .npz file; the names are those of the arrays.
 *
 * @throws PalimpsestError `npy-header`, `npy-type`, `npy-size`, `zip-*` and those of `mapFile`
 * @example using file = await openNpz('params.npz'); file.tensors.get('W_enc')?.shape
 */
export async function openNpz(path: string): Promise<TensorFile> {
  const file = mapFile(path)
  const unpacked: MappedFile[] = []
  const close = (): void => {
    for (const memory of unpacked) memory[Symbol.dispose]()
    file[Symbol.dispose]()
  }
  try {
    const tensors = new Map<string, StoredTensor>()
    for (const member of readZip(file).values()) {
      if (!member.name.endsWith('.npy')) continue
      const name = member.name.slice(0, -'.npy'.length)
      tensors.set(name, await readArray(file, member, name, unpacked))
    }
    return { path, metadata: {}, files: [path], tensors, [Symbol.dispose]: close }
  } catch (error) {
    close()
    throw error
  }
}

async function readArray(
  file: MappedFile,
  member: ZipMember,
  name: string,
  unpacked: MappedFile[],
): Promise<StoredTensor> {
  const where = `${file.path}, ${member.name}`
  let home = file
  let start = member.offset
  if (member.method === 'deflated') {
    const bytes = await memberBytes(file, member)
    home = memoryFile(file.path, Math.max(bytes.length, 1))
    unpacked.push(home)
    home.bytes(0, bytes.length).set(bytes)
    start = 0
  }
  const { type, shape, fortran, dataAt } = readNpyHeader(home.bytes(start, member.size), where)
  const bytes = byteLength(type, shape)
  if (bytes === undefined || bytes !== member.size - dataAt)
    throw refuse('npy-size', 'An array has another size than its header says.', {
      where,
      expected: `${bytes ?? 'fewer than 2^53'} bytes for ${type} [${shape.join(', ')}]`,
      found: `${member.size - dataAt} bytes`,
      fix: 'Fetch the file again.',
    })
  const common = { name, type, shape, byteLength: bytes }
  const strides = fortran ? rowMajorStrides([...shape].reverse()).reverse() : rowMajorStrides(shape)
  if (isRowMajor(shape, strides)) {
    const offset = start + dataAt
    return { ...common, file: home, offset, address: home.address + BigInt(offset) }
  }
  const packed = packStrided(home, start + dataAt, TENSOR_TYPES[type].bytes, shape, strides)
  unpacked.push(packed)
  return { ...common, file: packed, offset: 0, address: packed.address }
}

/** Reads the head of an .npy array: magic, version, and a Python dict as numpy prints it. */
function readNpyHeader(
  bytes: Uint8Array,
  where: string,
): { type: TensorType; shape: number[]; fortran: boolean; dataAt: number } {
  const malformed = (found: string): Error =>
    refuse('npy-header', 'An array has no header that numpy would write.', {
      where,
      expected: 'the header of an .npy array',
      found: found.slice(0, 200),
      fix: 'Fetch the file again, or save it again with numpy.savez.',
    })
  const latin1 = (from: number, to: number): string =>
    Buffer.from(bytes.subarray(from, to)).toString('latin1')
  if (bytes.length < 12 || latin1(0, 6) !== MAGIC) throw malformed(JSON.stringify(latin1(0, 6)))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = bytes[6]!
  if (version < 1 || version > 3) throw malformed(`version ${version}`)
  const lengthBytes = version === 1 ? 2 : 4
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const dataAt = 8 + lengthBytes + length
  if (length > MAX_HEADER || dataAt > bytes.length) throw malformed(`a header of ${length} bytes`)
  const text = latin1(8 + lengthBytes, dataAt)
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1]
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1]
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1]
  if (descr === undefined || order === undefined || sizes === undefined) throw malformed(text)
  const type = DESCRIPTORS[descr]
  if (type === undefined)
    throw refuse('npy-type', 'An array has a type that is not read.', {
      where,
      expected: Object.keys(DESCRIPTORS).join(', '),
      found: descr,
      fix: descr.includes('O')
        ? 'Object arrays hold pickled code: save plain numbers.'
        : 'Save it as float32.',
    })
  const shape = sizes.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]))
  if (shape.length > MAX_RANK || !shape.every(Number.isSafeInteger)) throw malformed(`shape (${sizes})`)
  return { type, shape, fortran: order === 'True', dataAt }
}
