import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { atomicWrite, canonicalJson, explainFileError, hashFile, hashJson } from './files.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('atomicWrite', () => {
  it('writes a file and the folders above it', async () => {
    const path = join(folder, 'a/b/c.txt')
    await atomicWrite(path, 'text')
    expect(await readFile(path, 'utf8')).toBe('text')
  })

  it('leaves the old file and no other where writing fails', async () => {
    const path = join(folder, 'x')
    await writeFile(path, 'old')
    await expect(
      atomicWrite(path, async (temporary) => {
        await writeFile(temporary, 'half')
        throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      }),
    ).rejects.toMatchObject({ code: 'disk-full' })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['x'])
  })
})

describe('explainFileError', () => {
  it('knows the errors that a user can mend and passes others on', () => {
    const codes = ['ENOSPC', 'EDQUOT', 'ENOENT', 'EACCES', 'EROFS'].map(
      (code) => (explainFileError({ code }, 'x') as { code: string }).code,
    )
    expect(codes).toEqual(['disk-full', 'disk-full', 'file-missing', 'file-permission', 'file-permission'])
    const other = new Error('other')
    expect(explainFileError(other, 'x')).toBe(other)
  })
})

describe('hashes', () => {
  it('are SHA-256 of the content', async () => {
    const path = join(folder, 'big')
    const content = Buffer.alloc(3_000_000, 7)
    await writeFile(path, content)
    expect(await hashFile(path)).toBe(createHash('sha256').update(content).digest('hex'))
    await expect(hashFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'file-missing' })
  })

  it('of JSON do not depend on the order of keys', () => {
    expect(canonicalJson({ b: 1, a: [2, undefined], c: undefined })).toBe('{"a":[2,null],"b":1}')
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        expect(hashJson(reversed)).toBe(hashJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})
