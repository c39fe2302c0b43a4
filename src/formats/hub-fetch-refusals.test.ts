import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  blob,
  cache,
  env,
  FILES,
  fails,
  fetchIt,
  hub,
  pauses,
  REPO,
  restartHub,
  root,
  there,
  useHub,
  WEIGHTS,
  WEIGHTS_HASH,
} from '../../test/support/hub-fetch.ts'
import { COMMIT_A, COMMIT_B, gitHash, sha256 } from '../../test/support/hub-server.ts'

useHub()

describe('fetchReference: content that is wrong', () => {
  it('refuses a wrong checksum and leaves nothing', async () => {
    const wrong = Buffer.from(WEIGHTS)
    wrong[1000]! ^= 1
    hub.fault(/^cdn GET/, (_, response) => response.writeHead(200).end(wrong))
    const error = await fails('hub-checksum')
    expect(error.message).toContain(WEIGHTS_HASH)
    expect(error.message).toContain(sha256(wrong))
    expect((await readdir(join(cache, 'blobs'))).filter((n) => n.startsWith(WEIGHTS_HASH))).toEqual([])
    expect(await there(join(cache, 'snapshots'))).toBe(false)
    await fetchIt()
    expect(WEIGHTS.equals(await readFile(blob(WEIGHTS_HASH)))).toBe(true)
  })

  it('checks small files too, by their git hash', async () => {
    const hash = gitHash(Buffer.from(FILES['config.json']))
    hub.fault(new RegExp(`GET .*${hash}`), (_, response) =>
      response.writeHead(200).end(FILES['config.json'].toUpperCase()),
    )
    expect((await fails('hub-checksum')).message).toContain('git SHA-1')
  })

  it('begins anew when what an earlier process left is wrong', async () => {
    await mkdir(dirname(blob(WEIGHTS_HASH)), { recursive: true })
    for (const left of [Buffer.alloc(1000), Buffer.alloc(WEIGHTS.length), Buffer.alloc(WEIGHTS.length + 1)]) {
      await writeFile(`${blob(WEIGHTS_HASH)}.incomplete`, left)
      await fetchIt()
      expect(WEIGHTS.equals(await readFile(blob(WEIGHTS_HASH)))).toBe(true)
      await rm(blob(WEIGHTS_HASH))
    }
  })

  it('replaces a blob of the wrong size', async () => {
    await fetchIt()
    await writeFile(blob(WEIGHTS_HASH), 'cut')
    const { files } = await fetchIt()
    expect(files.filter((f) => f.fetched).map((f) => f.path)).toEqual(['model.safetensors'])
    expect(WEIGHTS.equals(await readFile(blob(WEIGHTS_HASH)))).toBe(true)
  })

  it('refuses files that end early or do not end', async () => {
    hub.fault(/^cdn GET/, (_, response) => response.writeHead(200, { 'content-length': 3 }).end('abc'), 99)
    expect((await fails('hub-checksum')).message).toContain('3 bytes, then the end')
    await restartHub()
    hub.fault(/^cdn GET/, (_, response) => response.writeHead(200).end(Buffer.alloc(WEIGHTS.length * 2)), 99)
    expect((await fails('hub-checksum')).message).toContain('more than that')
  })

  it('refuses a file that is another one than the list says', async () => {
    hub.lies.set('model.safetensors', { lfs: { size: 5, sha256: WEIGHTS_HASH } })
    expect((await fails('hub-malformed')).message).toContain('5 in the list')
    hub.lies.set('model.safetensors', { lfs: { size: WEIGHTS.length, sha256: '0'.repeat(64) } })
    await fails('hub-malformed')
  })

  it('makes do with a list of names alone', async () => {
    for (const name of Object.keys(FILES))
      hub.lies.set(name, { size: undefined, blobId: undefined, lfs: undefined })
    await fetchIt()
    expect(WEIGHTS.equals(await readFile(blob(WEIGHTS_HASH)))).toBe(true)
  })

  it('ignores names in the list that lead elsewhere', async () => {
    hub.lies.set('README.md', { rfilename: '../../../../evil.json' })
    hub.lies.set('pytorch_model.bin', { rfilename: 7 })
    await fetchIt()
    expect(await there(join(root, 'evil.json'))).toBe(false)
    expect(hub.requests.some((r) => r.path.includes('evil'))).toBe(false)
  })

  it('refuses answers that no Hub gives', async () => {
    const says = (content: string) =>
      hub.fault(/api\/models/, (_, response) => response.writeHead(200).end(content))
    for (const content of [
      '<html>Log in to the hotel</html>',
      'null',
      '[]',
      '{"sha":"main","siblings":[]}',
      `{"sha":"${COMMIT_A}"}`,
    ]) {
      says(content)
      await fails('hub-malformed')
    }
    hub.fault(/HEAD .*config.json/, (_, response) => response.writeHead(200).end())
    expect((await fails('hub-malformed')).message).toContain('no X-Repo-Commit')
    // for good: a request of the fetch before may still be on its way
    hub.status(/HEAD .*config.json/, 200, { 'x-repo-commit': COMMIT_B }, 99)
    expect((await fails('hub-malformed')).message).toContain(COMMIT_B)
  })

  it('does not read a list without end', async () => {
    hub.fault(/api\/models/, (_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(1 << 20, ' ')));
        response.once('drain', more)
      }
      response.writeHead(200)
      more()
    })
    expect((await fails('hub-malformed')).message).toContain('more than 100000000 bytes')
  })

  it('asks for room on the disk before it begins', async () => {
    const size = 2 ** 52
    hub.lies.set('model.safetensors', { lfs: { size, sha256: WEIGHTS_HASH } })
    hub.status(/HEAD .*model.safetensors/, 302, {
      'x-repo-commit': COMMIT_A,
      'x-linked-etag': WEIGHTS_HASH,
      'x-linked-size': String(size),
      location: `${hub.cdn}/cdn/${WEIGHTS_HASH}`,
    })
    expect((await fails('disk-full')).message).toMatch(/expected: 45035996273\d{5} bytes/)
    expect(hub.requests.filter((r) => r.method === 'GET').length).toBe(1)
    expect(await there(cache)).toBe(false)
  })
})

describe('fetchReference: what the Hub refuses', () => {
  it.each([
    [401, {}, 'hub-login', /does not accept the token/],
    [401, { 'x-error-code': 'GatedRepo' }, 'hub-gated', /Accept their conditions on http.*org\/tiny/],
    [403, { 'x-error-code': 'GatedRepo' }, 'hub-gated', /HF_TOKEN/],
    [403, { 'x-error-message': 'fine-grained token' }, 'hub-forbidden', /HTTP 403: fine-grained token/],
    [404, { 'x-error-code': 'RepoNotFound' }, 'hub-repo-missing', /organisation and name/],
    [404, { 'x-error-code': 'RevisionNotFound' }, 'hub-revision-missing', /refs/],
    [404, {}, 'hub-repo-missing', /./],
    [451, {}, 'hub-refused', /HTTP 451/],
  ])('%i %j is %s', async (status, headers, code, message) => {
    hub.status(/api\/models/, status, headers as Record<string, string>, 99)
    const error = await fails(code)
    expect(error.message).toMatch(message)
    expect(pauses).toEqual([]) // waiting would not help
    expect(error).toMatchObject({ exitCode: 1 })
  })

  it('401 without a token says that there may be no such repository', async () => {
    delete env.HF_TOKEN
    hub.status(/api\/models/, 401, { 'x-error-code': 'RepoNotFound' })
    expect((await fails('hub-login')).message).toContain('does not exist')
  })

  it('gated files of a repository whose list is public', async () => {
    hub.status(/HEAD .*config.json/, 403, { 'x-error-code': 'GatedRepo' })
    expect((await fails('hub-gated')).message).toContain('config.json')
  })

  it('tells repository, revision and file apart', async () => {
    await fails('hub-repo-missing', 'hf:org/none')
    await fails('hub-revision-missing', `hf:${REPO}@v9`)
    await fails('hub-file-missing', `hf:${REPO}:none.gguf`)
    hub.status(/HEAD .*config.json/, 404, { 'x-error-code': 'EntryNotFound' })
    await fails('hub-file-missing')
  })

  it('connects to no one when switched off', async () => {
    for (const name of ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) {
      expect(await fails('hub-offline', undefined, { env: { ...env, [name]: '1' } })).toMatchObject({
        exitCode: 2,
      })
    }
    expect(hub.requests).toEqual([])
  })

  it('says that the cache may not be written', async () => {
    await writeFile(join(root, 'hub'), 'a file where the folder should be')
    await expect(fetchIt()).rejects.toThrow()
    expect(await readFile(join(root, 'hub'), 'utf8')).toContain('a file')
  })
})
