/**
 * Zip archives as torch and numpy write them, read in place from a mapped file: the central directory alone
 * is trusted (torch's local headers carry no sizes), and only after every length and offset in it has been
 * held against the file. Stored members need no copy; deflated ones (numpy's `savez_compressed`) are
 * inflated under a bound.
 * Format: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 to 4.3.16 and 4.5.3 (zip64).
 */

import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import { refuse } from '../core/errors.ts'
import type { MappedFile } from './mapped-file.ts'

const END = 0x06054b50
const END_64 = 0x06064b50
const END_64_LOCATOR = 0x07064b50
const ENTRY = 0x02014b50
const LOCAL = 0x04034b50
const MAX_COMMENT = 0xffff
/** A checkpoint has a member per storage; a hundred thousand is far beyond any. */
const MAX_MEMBERS = 100_000
/** Deflate cannot shrink more than 1,032-fold; weights hardly shrink at all. Small members may be zeros. */
const MAX_RATIO = 100
const ALWAYS_ALLOWED = 1 << 20
const ENCRYPTED = 1

/** A member of an archive: where its bytes lie in the file. */
export interface ZipMember {
  readonly name: string
  readonly method: 'stored' | 'deflated'
  readonly offset: number
  /** Bytes in the file. */
  readonly stored: number
  /** Bytes after inflating; equal to `stored` for stored members. */
  readonly size: number
  readonly crc32: number
}

/** Whether a file starts like a zip archive. */
export function isZip(file: MappedFile): boolean {
  return file.size >= 4 && view(file, 0, 4).getUint32(0, true) === LOCAL
}

/**
 * Lists an archive. Members must not overlap or share names, and lie before the central directory.
 *
 * @throws PalimpsestError `zip-truncated`, `zip-malformed`, `zip-method`, `zip-bomb`
 */
export function readZip(file: MappedFile): Map<string, ZipMember> {
  const { count, start, length } = findDirectory(file)
  const directory = view(file, start, length)
  const members = new Map<string, ZipMember>()
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > length || directory.getUint32(at, true) !== ENTRY)
      throw malformed(file, `entry ${i + 1} of ${count} in the directory`, 'something else')
    const nameLength = directory.getUint16(at + 28, true)
    const extraLength = directory.getUint16(at + 30, true)
    const commentLength = directory.getUint16(at + 32, true)
    if (at + 46 + nameLength + extraLength + commentLength > length)
      throw malformed(file, 'entries inside the directory', `entry ${i + 1} beyond its end`)
    const member = readEntry(file, directory, at, nameLength, extraLength, start)
    if (members.has(member.name)) throw malformed(file, 'every name once', `${member.name} twice`)
    members.set(member.name, member)
    at += 46 + nameLength + extraLength + commentLength
  }
  refuseOverlap(file, [...members.values()])
  return members
}

/** Bytes of a member: a view of the file, or freshly inflated. */
export async function memberBytes(file: MappedFile, member: ZipMember): Promise<Uint8Array> {
  const raw = file.bytes(member.offset, member.stored)
  if (member.method === 'stored') return raw
  let out: Uint8Array
  try {
    out = await promisify(inflateRaw)(raw, { maxOutputLength: Math.max(member.size, 1) })
  } catch (error) {
    throw malformed(file, `${member.name} of ${member.size} bytes`, (error as Error).message)
  }
  if (out.length !== member.size)
    throw malformed(file, `${member.name} of ${member.size} bytes`, `${out.length} bytes`)
  return out
}

function findDirectory(file: MappedFile): { count: number; start: number; length: number } {
  if (file.size < 22) throw truncated(file)
  const tailLength = Math.min(file.size, 22 + MAX_COMMENT)
  const tailStart = file.size - tailLength
  const tail = view(file, tailStart, tailLength)
  let at = tailLength - 22
  while (
    at >= 0 &&
    !(tail.getUint32(at, true) === END && at + 22 + tail.getUint16(at + 20, true) <= tailLength)
  )
    at--
  if (at < 0) throw truncated(file)
  let count = tail.getUint16(at + 10, true)
  let length = tail.getUint32(at + 12, true)
  let start = tail.getUint32(at + 16, true)
  let before = tailStart + at
  if (count === 0xffff || length === 0xffffffff || start === 0xffffffff) {
    const locatorAt = tailStart + at - 20
    if (locatorAt < 0) throw truncated(file)
    const locator = view(file, locatorAt, 20)
    if (locator.getUint32(0, true) !== END_64_LOCATOR) throw malformed(file, 'a zip64 locator', 'none')
    const recordAt = Number(locator.getBigUint64(8, true))
    if (!(recordAt + 56 <= locatorAt))
      throw malformed(file, 'a zip64 end record in the file', `byte ${recordAt}`)
    const record = view(file, recordAt, 56)
    if (record.getUint32(0, true) !== END_64) throw malformed(file, 'a zip64 end record', 'something else')
    count = Number(record.getBigUint64(32, true))
    length = Number(record.getBigUint64(40, true))
    start = Number(record.getBigUint64(48, true))
    before = recordAt
  }
  if (count > MAX_MEMBERS) throw malformed(file, `at most ${MAX_MEMBERS} members`, `${count}`)
  if (!(start + length <= before))
    throw malformed(file, 'a directory before its end record', `bytes ${start} to ${start + length}`)
  return { count, start, length }
}

function readEntry(
  file: MappedFile,
  directory: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
  limit: number,
): ZipMember {
  const name = decodeName(file, new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength))
  const flags = directory.getUint16(at + 8, true)
  const method = directory.getUint16(at + 10, true)
  if ((flags & ENCRYPTED) !== 0 || (method !== 0 && method !== 8))
    throw refuse('zip-method', 'A member of the archive is packed in a way that is not read.', {
      where: `${file.path}, ${name}`,
      expected: 'stored or deflated',
      found: (flags & ENCRYPTED) !== 0 ? 'encrypted' : `method ${method}`,
      fix: 'Save the file again with torch.save or numpy.savez.',
    })
  const sizes = zip64Sizes(file, directory, at, nameLength, extraLength)
  const { stored, size, local } = sizes
  if (method === 0 && stored !== size)
    throw malformed(file, `${name}: equal sizes of a stored member`, `${stored} and ${size}`)
  if (method === 8 && size > ALWAYS_ALLOWED && size > MAX_RATIO * stored)
    throw refuse('zip-bomb', 'A member of the archive claims to unpack to far more than it holds.', {
      where: `${file.path}, ${name}`,
      expected: `at most ${MAX_RATIO} times its ${stored} bytes`,
      found: `${size} bytes`,
      fix: 'Do not use this file unless you made it; if you did, save it uncompressed (numpy.savez).',
    })
  if (!(local + 30 <= limit)) throw malformed(file, `${name}: its data before the directory`, `byte ${local}`)
  const header = view(file, local, 30)
  if (header.getUint32(0, true) !== LOCAL)
    throw malformed(file, `${name}: a local header at byte ${local}`, 'none')
  const offset = local + 30 + header.getUint16(26, true) + header.getUint16(28, true)
  if (!(offset + stored <= limit))
    throw malformed(file, `${name}: its data before the directory`, `bytes ${offset} to ${offset + stored}`)
  return {
    name,
    method: method === 0 ? 'stored' : 'deflated',
    offset,
    stored,
    size,
    crc32: directory.getUint32(at + 16, true),
  }
}

/** Sizes and offset of an entry; 0xFFFFFFFF stands for a 64-bit value in the zip64 field, in this order. */
function zip64Sizes(
  file: MappedFile,
  directory: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
): { stored: number; size: number; local: number } {
  let stored = directory.getUint32(at + 20, true)
  let size = directory.getUint32(at + 24, true)
  let local = directory.getUint32(at + 42, true)
  if (stored !== 0xffffffff && size !== 0xffffffff && local !== 0xffffffff) return { stored, size, local }
  const end = at + 46 + nameLength + extraLength
  for (let field = at + 46 + nameLength; field + 4 <= end; ) {
    const fieldEnd = field + 4 + directory.getUint16(field + 2, true)
    if (fieldEnd > end) break
    if (directory.getUint16(field, true) === 1) {
      let value = field + 4
      const next = (): number => {
        if (value + 8 > fieldEnd) throw malformed(file, 'whole zip64 sizes', 'a short field')
        value += 8
        return Number(directory.getBigUint64(value - 8, true))
      }
      if (size === 0xffffffff) size = next()
      if (stored === 0xffffffff) stored = next()
      if (local === 0xffffffff) local = next()
      return { stored, size, local }
    }
    field = fieldEnd
  }
  throw malformed(file, 'zip64 sizes', 'none')
}

function refuseOverlap(file: MappedFile, members: ZipMember[]): void {
  members.sort((a, b) => a.offset - b.offset || a.stored - b.stored)
  let end = 0
  for (const member of members) {
    if (member.offset < end && member.stored > 0)
      throw malformed(file, 'members that do not overlap', `${member.name} inside another`)
    end = Math.max(end, member.offset + member.stored)
  }
}

function decodeName(file: MappedFile, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed(file, 'names in UTF-8', 'other bytes')
  }
}

function view(file: MappedFile, offset: number, length: number): DataView {
  const bytes = file.bytes(offset, length)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function truncated(file: MappedFile): Error {
  return refuse('zip-truncated', 'The archive has no end record.', {
    where: file.path,
    expected: 'the end record of a zip archive in the last 64 KiB',
    found: `${file.size} bytes`,
    fix: 'Fetch it again: the download or copy was cut.',
  })
}

function malformed(file: MappedFile, expected: string, found: string): Error {
  return refuse('zip-malformed', 'The archive contradicts itself.', {
    where: file.path,
    expected,
    found,
    fix: 'Fetch the file again, or save it again with torch.save or numpy.savez.',
  })
}
