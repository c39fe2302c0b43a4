import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RepoCache, sizeOf } from './hub-cache.ts'

const COMMIT = 'c'.repeat(40)
const HASH = 'd'.repeat(40)
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hub-cache-'))
})
afterEach(() => rm(root, { recursive: true }))

async function withBlob(cache: RepoCache, content = 'content'): Promise<void> {
  await mkdir(dirname(cache.blob(HASH)), { recursive: true })
  await writeFile(cache.blob(HASH), content)
}

describe('RepoCache', () => {
  it('links by relative paths', async () => {
    const cache = new RepoCache(root, 'org/name')
    await withBlob(cache)
    await cache.link(COMMIT, 'a/b/config.json', HASH, true)
    const at = join(root, 'models--org--name', 'snapshots', COMMIT, 'a', 'b', 'config.json')
    expect(await readlink(at)).toBe(`../../../../blobs/${HASH}`)
    expect(await readFile(at, 'utf8')).toBe('content')
    await cache.link(COMMIT, 'a/b/config.json', HASH, false)
    expect(await cache.files(COMMIT)).toEqual(['a/b/config.json'])
  })

  it('without links moves a fresh blob, and copies one that others may use', async () => {
    const cache = new RepoCache(root, 'org/name', false)
    await withBlob(cache)
    await cache.link(COMMIT, 'one.json', HASH, false)
    expect(await sizeOf(cache.blob(HASH))).toBe(7)
    await cache.link(COMMIT, 'two.json', HASH, true)
    expect(await sizeOf(cache.blob(HASH))).toBeUndefined()
    for (const name of ['one.json', 'two.json']) {
      const at = cache.snapshot(COMMIT, name)
      expect((await lstat(at)).isSymbolicLink()).toBe(false)
      expect(await readFile(at, 'utf8')).toBe('content')
    }
    // another process moved it meanwhile
    await cache.link(COMMIT, 'two.json', HASH, false)
    await expect(cache.link(COMMIT, 'three.json', HASH, false)).rejects.toMatchObject({
      code: 'file-missing',
    })
  })

  it('remembers revisions as Python does: a file with the commit and nothing else', async () => {
    const cache = new RepoCache(root, 'org/name')
    expect(await cache.commitOf('refs/pr/1')).toBeUndefined()
    await cache.writeRef('refs/pr/1', COMMIT)
    const at = join(root, 'models--org--name', 'refs', 'refs', 'pr', '1')
    expect(await readFile(at, 'utf8')).toBe(COMMIT)
    expect(await cache.commitOf('refs/pr/1')).toBe(COMMIT)
    await cache.writeRef('refs/pr/1', 'e'.repeat(40))
    expect(await cache.commitOf('refs/pr/1')).toBe('e'.repeat(40))
    expect(await cache.commitOf(COMMIT)).toBe(COMMIT)
    await writeFile(at, '../../../etc')
    expect(await cache.commitOf('refs/pr/1')).toBeUndefined()
  })

  it('does not list links that lead nowhere, and ends on folders that contain themselves', async () => {
    const cache = new RepoCache(root, 'org/name')
    expect(await cache.files(COMMIT)).toEqual([])
    await mkdir(cache.snapshot(COMMIT), { recursive: true })
    await symlink('../../blobs/none', cache.snapshot(COMMIT, 'lost.json'))
    await symlink('.', cache.snapshot(COMMIT, 'self'))
    await writeFile(cache.snapshot(COMMIT, 'real.json'), '{}')
    expect(await cache.files(COMMIT)).toEqual(['real.json'])
  })

  it('remembers what does not exist', async () => {
    const cache = new RepoCache(root, 'org/name')
    expect(await cache.isAbsent(COMMIT, 'tokenizer.json')).toBe(false)
    await cache.writeAbsent(COMMIT, 'tokenizer.json')
    expect(await cache.isAbsent(COMMIT, 'tokenizer.json')).toBe(true)
    expect(await sizeOf(join(root, 'models--org--name', '.no_exist', COMMIT, 'tokenizer.json'))).toBe(0)
  })
})
