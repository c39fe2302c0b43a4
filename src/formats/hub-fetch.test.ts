import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { COMMIT_A, COMMIT_B, gitHash, HubServer, sha256 } from '../../test/support/hub-server.ts'
import { type FetchOptions, type FetchProgress, fetchReference } from './hub.ts'

const REPO = 'org/tiny'
const WEIGHTS = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3))
const FILES = {
  'README.md': 'not needed',
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{"version":"1.0"}',
  'tokenizer_config.json': '',
  'model.safetensors': WEIGHTS,
  'pytorch_model.bin': 'never beside safetensors',
}
const WEIGHTS_HASH = sha256(WEIGHTS)

let hub: HubServer
let root: string
let pauses: number[]
let env: Record<string, string>
let cache: string

beforeEach(async () => {
  hub = await HubServer.start()
  hub.add(REPO, FILES)
  root = await mkdtemp(join(tmpdir(), 'hub-fetch-'))
  env = { HF_ENDPOINT: hub.endpoint, HF_HOME: root, HF_TOKEN: 'hf_secret' }
  cache = join(root, 'hub', 'models--org--tiny')
  pauses = []
})
afterEach(async () => {
  await hub[Symbol.asyncDispose]()
  await rm(root, { recursive: true })
})

function fetchIt(reference = `hf:${REPO}`, options: FetchOptions = {}) {
  const pause = async (seconds: number): Promise<void> => void pauses.push(seconds)
  return fetchReference(reference, { env, pause, ...options })
}

async function fails(code: string, reference?: string, options?: FetchOptions): Promise<Error> {
  const error = await fetchIt(reference, options).then(
    () => undefined,
    (e: Error) => e,
  )
  expect(error).toMatchObject({ name: 'PalimpsestError', code })
  expect(error!.message).not.toContain('hf_secret')
  expect(error!.message).toContain('to do:')
  return error!
}

const blob = (hash: string): string => join(cache, 'blobs', hash)
const there = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
/** Whether the unfinished file of the weights has so many bytes. */
const onDisk = (bytes: number) => (): boolean =>
  (statSync(`${blob(WEIGHTS_HASH)}.incomplete`, { throwIfNoEntry: false })?.size ?? 0) >= bytes
const weightsRequests = () => hub.requests.filter((r) => r.method === 'GET' && /safetensors/.test(r.path))
const cdnRequests = () => hub.requests.filter((r) => r.host === 'cdn')

describe('fetchReference: what is written', () => {
  // Held once by hand against huggingface_hub 2.4.0 on a cache written from this test's server: scan_cache_dir()
  // finds one repository, its four files, one revision under refs main, no warnings and nothing incomplete;
  // try_to_load_from_cache() finds every file; snapshot_download(local_files_only=True) gives this snapshot;
  // snapshot_download() and hf_hub_download() with a connection download nothing more. The other way round,
  // a cache that hf_hub_download() wrote is found by resolveReference() and completed by fetchReference().
  it('is the cache of the Python library', async () => {
    const result = await fetchIt()
    const snapshot = join(cache, 'snapshots', COMMIT_A)
    const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
    expect(result).toEqual({
      path: snapshot,
      commit: COMMIT_A,
      files: ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'].map((path) => ({
        path,
        bytes: FILES[path as keyof typeof FILES].length,
        fetched: true,
      })),
      bytes: WEIGHTS.length + FILES['config.json'].length + FILES['tokenizer.json'].length,
    })
    expect((await readdir(snapshot)).sort()).toEqual(names)
    expect(await readlink(join(snapshot, 'model.safetensors'))).toBe(`../../blobs/${WEIGHTS_HASH}`)
    expect(await readlink(join(snapshot, 'config.json'))).toBe(
      `../../blobs/${gitHash(Buffer.from(FILES['config.json']))}`,
    )
    expect(await readFile(join(cache, 'refs', 'main'), 'utf8')).toBe(COMMIT_A)
    expect(WEIGHTS.equals(await readFile(join(snapshot, 'model.safetensors')))).toBe(true)
    const blobs = names.map((n) => FILES[n as keyof typeof FILES]).map((c) => Buffer.from(c as string))
    expect((await readdir(join(cache, 'blobs'))).sort()).toEqual(
      blobs.map((b) => (b === blobs[1] ? sha256(b) : gitHash(b))).sort(),
    )
    // git's hash of nothing, so that the hash above is not only compared with itself
    expect(await there(blob('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'))).toBe(true)
    expect((await readdir(join(root, 'hub', '.locks', 'models--org--tiny'))).length).toBe(4)
  })

  it('asks for nothing but the list when all is there', async () => {
    await fetchIt()
    hub.requests.length = 0
    const again = await fetchIt()
    expect(again.files.every((f) => !f.fetched)).toBe(true)
    expect(hub.requests.filter((r) => r.method === 'GET').map((r) => r.path)).toEqual([
      `/api/models/${REPO}/revision/main?blobs=true`,
    ])
  })

  it('shares blobs between commits, and moves the ref', async () => {
    await fetchIt()
    hub.add(REPO, { ...FILES, 'config.json': '{"model_type":"gemma"}' }, COMMIT_B)
    hub.requests.length = 0
    const { files, commit } = await fetchIt()
    expect(commit).toBe(COMMIT_B)
    expect(files.filter((f) => f.fetched).map((f) => f.path)).toEqual(['config.json'])
    expect(cdnRequests()).toEqual([])
    expect(await readFile(join(cache, 'refs', 'main'), 'utf8')).toBe(COMMIT_B)
    expect((await readdir(join(cache, 'snapshots'))).sort()).toEqual([COMMIT_A, COMMIT_B])
    // the older one by its commit, for which no ref is written
    await fetchIt(`hf:${REPO}@${COMMIT_A}`)
    expect(await readdir(join(cache, 'refs'))).toEqual(['main'])
  })

  it('writes real files where links are not wanted', async () => {
    env.HF_HUB_DISABLE_SYMLINKS = '1'
    hub.add(REPO, { ...FILES, 'generation_config.json': FILES['config.json'] })
    const { path } = await fetchIt()
    for (const name of await readdir(path)) expect((await lstat(join(path, name))).isFile(), name).toBe(true)
    expect(WEIGHTS.equals(await readFile(join(path, 'model.safetensors')))).toBe(true)
    expect(await there(blob(WEIGHTS_HASH))).toBe(false)
    hub.requests.length = 0
    expect((await fetchIt()).files.every((f) => !f.fetched)).toBe(true)
    expect(cdnRequests()).toEqual([])
  })

  it('brings the shards that the index names, and no others', async () => {
    const index = {
      weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
    }
    hub.add('org/large', {
      'config.json': '{}',
      'model.safetensors.index.json': JSON.stringify(index),
      'model-00001-of-00002.safetensors': 'one',
      'model-00002-of-00002.safetensors': 'two',
      'model-00001-of-00004.safetensors': 'left over',
    })
    const { files, path } = await fetchIt('hf:org/large')
    expect(files.map((f) => f.path)).toEqual([
      'config.json',
      'model.safetensors.index.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ])
    expect((await readdir(path)).length).toBe(4)
    hub.add(
      'org/large',
      { 'config.json': '{}', 'model.safetensors.index.json': JSON.stringify(index) },
      COMMIT_B,
    )
    await fails('hub-file-missing', 'hf:org/large')
    expect(await readFile(join(root, 'hub', 'models--org--large', 'refs', 'main'), 'utf8')).toBe(COMMIT_A)
  })

  it('gives the path of a named file, and of a folder', async () => {
    hub.add(REPO, {
      'q/a.gguf': 'g',
      'sae/l5/cfg.json': '{}',
      'sae/l5/sae.safetensors': 's',
      'x#? y.gguf': 'z',
    })
    const snapshot = join(cache, 'snapshots', COMMIT_A)
    expect((await fetchIt(`hf:${REPO}:q/a.gguf`)).path).toBe(join(snapshot, 'q', 'a.gguf'))
    expect((await fetchIt(`hf:${REPO}@main:sae/l5`)).path).toBe(join(snapshot, 'sae', 'l5'))
    expect((await readdir(join(snapshot, 'sae', 'l5'))).sort()).toEqual(['cfg.json', 'sae.safetensors'])
    expect(await there(join(snapshot, 'x#? y.gguf'))).toBe(false)
    await fails('hub-file-missing', `hf:${REPO}:q/b.gguf`)
  })

  it('encodes revisions in addresses', async () => {
    hub.add(REPO, { 'a b#1.gguf': 'g' }, COMMIT_B, 'refs/pr/1')
    const { path } = await fetchIt(`hf:${REPO}@refs/pr/1:a b#1.gguf`)
    expect(await readFile(path, 'utf8')).toBe('g')
    expect(hub.requests[0]!.path).toBe(`/api/models/${REPO}/revision/refs%2Fpr%2F1?blobs=true`)
    expect(await readFile(join(cache, 'refs', 'refs', 'pr', '1'), 'utf8')).toBe(COMMIT_B)
  })

  it('tells how far it is', async () => {
    const seen: FetchProgress[] = []
    const { bytes } = await fetchIt(undefined, { onProgress: (p) => seen.push(p) })
    expect(seen.at(-1)).toMatchObject({ bytes, totalBytes: bytes })
    const weights = seen.filter((p) => p.file === 'model.safetensors').map((p) => p.fileBytes)
    expect(weights.at(-1)).toBe(WEIGHTS.length)
    expect(weights).toEqual(weights.toSorted((a, b) => a - b))
    expect(weights.length).toBeGreaterThan(2)
  })
})

describe('fetchReference: who sees the token', () => {
  it('is the Hub and no other origin', async () => {
    await fetchIt()
    expect(cdnRequests().length).toBe(1)
    for (const { host, headers } of hub.requests)
      expect(headers.authorization).toBe(host === 'hub' ? 'Bearer hf_secret' : undefined)
  })

  it('is no one after a detour over another origin', async () => {
    hub.fault(/^hub GET .*safetensors/, (_, response) =>
      response.writeHead(302, { location: `${hub.cdn}/detour` }).end(),
    )
    hub.fault(/^cdn GET \/detour/, (_, response) =>
      response.writeHead(302, { location: `${hub.endpoint}/api/resolve-cache/${WEIGHTS_HASH}` }).end(),
    )
    await fetchIt()
    const back = hub.requests.find((r) => r.path === `/api/resolve-cache/${WEIGHTS_HASH}`)
    expect(back).toMatchObject({ host: 'hub' })
    expect(back!.headers.authorization).toBeUndefined()
  })

  it('follows a repository to its new name', async () => {
    for (const method of ['GET', 'HEAD'])
      hub.fault(
        new RegExp(`^hub ${method} .*org/old`),
        (request, response) =>
          response.writeHead(307, { location: request.url!.replace('org/old', REPO) }).end(),
        20,
      )
    const { path } = await fetchIt('hf:org/old')
    expect(path).toBe(join(root, 'hub', 'models--org--old', 'snapshots', COMMIT_A))
    expect(WEIGHTS.equals(await readFile(join(path, 'model.safetensors')))).toBe(true)
  })

  it('follows a mirror that sends every request elsewhere, without the token', async () => {
    await using mirror = await HubServer.start()
    mirror.fault(
      /./,
      (request, response) => response.writeHead(308, { location: hub.endpoint + request.url }).end(),
      100,
    )
    env.HF_ENDPOINT = mirror.endpoint
    await fetchIt()
    expect(hub.requests.every((r) => r.headers.authorization === undefined)).toBe(true)
    expect(mirror.requests.every((r) => r.headers.authorization === 'Bearer hf_secret')).toBe(true)
  })

  it('refuses redirects in circles and to other protocols', async () => {
    hub.fault(/api\/models/, (q, response) => response.writeHead(302, { location: q.url }).end(), 99)
    await fails('hub-malformed')
    expect(hub.requests.length).toBe(11)
    await hub[Symbol.asyncDispose]()
    hub = await HubServer.start()
    env.HF_ENDPOINT = hub.endpoint
    hub.status(/api\/models/, 302, { location: 'file:///etc/passwd' })
    await fails('hub-malformed')
  })
})

describe('fetchReference: connections that fail', () => {
  it('goes on where the connection was cut', async () => {
    hub.cut(/^cdn GET/, 100_000, onDisk(100_000))
    hub.cut(/^cdn GET/, 50_000, onDisk(150_000))
    await fetchIt()
    expect(cdnRequests().map((r) => r.headers.range)).toEqual([undefined, 'bytes=100000-', 'bytes=150000-'])
    expect(pauses).toEqual([0.5, 0.5]) // progress in between starts the count anew
    expect(WEIGHTS.equals(await readFile(blob(WEIGHTS_HASH)))).toBe(true)
  })

  it('gives up after six failures without progress, and goes on next time', async () => {
    hub.cut(/^cdn GET/, 100_000, onDisk(100_000))
    for (let i = 0; i < 5; i++) hub.cut(/^cdn GET/, 0)
    const error = await fails('hub-network')
    expect(error.message).toContain('model.safetensors')
    expect(pauses).toEqual([0.5, 1, 2, 4, 8])
    expect((await stat(`${blob(WEIGHTS_HASH)}.incomplete`)).size).toBe(100_000)
    expect(await there(blob(WEIGHTS_HASH))).toBe(false)
    expect(await there(join(cache, 'snapshots'))).toBe(false) // nothing appears before all is there
    expect(await there(join(cache, 'refs'))).toBe(false)
    hub.requests.length = 0
    await fetchIt()
    expect(cdnRequests().map((r) => r.headers.range)).toEqual(['bytes=100000-'])
    expect(await readdir(join(cache, 'blobs'))).not.toContain(`${WEIGHTS_HASH}.incomplete`)
  })

  it('begins anew where the server ignores ranges', async () => {
    const seen: number[] = []
    hub.cut(/^cdn GET/, 100_000, onDisk(100_000))
    hub.fault(/^cdn GET/, (_, response) => response.writeHead(200).end(WEIGHTS))
    await fetchIt(undefined, {
      onProgress: (p) => p.file === 'model.safetensors' && seen.push(p.fileBytes),
    })
    expect(WEIGHTS.equals(await readFile(blob(WEIGHTS_HASH)))).toBe(true)
    expect(Math.max(...seen)).toBe(WEIGHTS.length)
  })

  it('begins anew on a wrong range, and on a 416', async () => {
    hub.cut(/^cdn GET/, 100_000, onDisk(100_000))
    hub.fault(/^cdn GET/, (_, response) =>
      response.writeHead(206, { 'content-range': `bytes 5-299999/300000` }).end(WEIGHTS.subarray(5)),
    )
    hub.cut(/^cdn GET/, 100_000, onDisk(100_000))
    hub.status(/^cdn GET/, 416)
    await fetchIt()
    expect(cdnRequests().map((r) => r.headers.range)).toEqual([
      undefined,
      'bytes=100000-',
      undefined,
      'bytes=100000-',
      undefined,
    ])
    expect(WEIGHTS.equals(await readFile(blob(WEIGHTS_HASH)))).toBe(true)
  })

  it('waits out 5xx, and 429 as long as the server says', async () => {
    hub.status(/api\/models/, 500)
    hub.status(/api\/models/, 502)
    hub.status(/api\/models/, 429, { 'retry-after': '7' })
    hub.status(/api\/models/, 429, { ratelimit: '"api";r=0;t=55' })
    hub.status(/^hub HEAD .*config.json/, 503, { 'retry-after': '3' })
    const notes: string[] = []
    await fetchIt(undefined, { onNote: (text) => notes.push(text) })
    expect(pauses.toSorted((a, b) => a - b)).toEqual([0.5, 1, 3, 7, 55])
    expect(notes).toContain('The Hub wants fewer requests. Trying again in 7 s.')
  })

  it('gives up when it should wait too long', async () => {
    hub.status(/api\/models/, 429, { 'retry-after': '3600' })
    expect((await fails('hub-rate-limit')).message).toContain('Wait 3600 s')
    expect(pauses).toEqual([])
    hub.status(/api\/models/, 429, {}, 99)
    await fails('hub-rate-limit')
    expect(pauses).toEqual([0.5, 1, 2, 4, 8])
  })

  it('asks the Hub for a new address when a signed one is refused', async () => {
    hub.status(/^cdn GET/, 403)
    await fetchIt()
    expect(weightsRequests().length).toBe(2)
  })

  it('counts silence as a cut connection', async () => {
    env.HF_HUB_DOWNLOAD_TIMEOUT = '0.2'
    hub.fault(/api\/models/, () => {})
    hub.fault(/^cdn GET/, (_, response) => void response.writeHead(200).write(WEIGHTS.subarray(0, 1000)))
    await fetchIt()
    expect(cdnRequests().map((r) => r.headers.range)).toEqual([undefined, 'bytes=1000-'])
  })

  it('names the host that cannot be reached', async () => {
    await hub[Symbol.asyncDispose]()
    const error = await fails('hub-network')
    expect(error.message).toContain('ECONNREFUSED')
    expect(error).toMatchObject({ exitCode: 1 })
    hub = await HubServer.start()
  })

  it('stops when asked to, and keeps what it has', async () => {
    const controller = new AbortController()
    hub.fault(/^cdn GET/, (_, response) => void response.writeHead(200).write(WEIGHTS.subarray(0, 1000)))
    const onProgress = (p: FetchProgress) => {
      if (p.file === 'model.safetensors' && p.fileBytes === 1000) controller.abort()
    }
    const error = await fails('interrupted', undefined, { signal: controller.signal, onProgress })
    expect(error).toMatchObject({ exitCode: 130 })
    expect((await stat(`${blob(WEIGHTS_HASH)}.incomplete`)).size).toBe(1000)
    await fails('interrupted', undefined, { signal: AbortSignal.abort() })
    await fetchIt()
    expect(cdnRequests().at(-1)!.headers.range).toBe('bytes=1000-')
  })
})

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
    await hub[Symbol.asyncDispose]()
    hub = await HubServer.start()
    hub.add(REPO, FILES)
    env.HF_ENDPOINT = hub.endpoint
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

describe('fetchReference: several at once', () => {
  it('brings every blob once in one process', async () => {
    const results = await Promise.all(Array.from({ length: 4 }, () => fetchIt()))
    expect(new Set(results.map((r) => r.path)).size).toBe(1)
    expect(cdnRequests().length).toBe(1)
    expect(results.flatMap((r) => r.files).filter((f) => f.fetched).length).toBe(4)
    expect(WEIGHTS.equals(await readFile(join(results[0]!.path, 'model.safetensors')))).toBe(true)
  })

  function child(reference: string) {
    const script = fileURLToPath(new URL('../../test/support/hub-fetch-child.ts', import.meta.url))
    const started = spawn(process.execPath, ['--import', 'tsx', script, reference], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return { started, lines: createInterface({ input: started.stdout }) }
  }

  it('waits for another process, and goes on where it was killed', async () => {
    // the first process gets 1,000 bytes and then silence; the second one finds it at work
    hub.fault(/^cdn GET/, (_, response) => void response.writeHead(200).write(WEIGHTS.subarray(0, 1000)))
    const first = child(`hf:${REPO}`)
    for await (const line of first.lines) if (line === '1000') break
    const second = child(`hf:${REPO}`)
    let done = ''
    for await (const line of second.lines) {
      if (line.startsWith('note Another process')) {
        expect(first.started.exitCode).toBeNull()
        first.started.kill('SIGKILL')
      }
      if (line.startsWith('done')) done = line
    }
    await once(second.started, 'close').catch(() => {})
    expect(JSON.parse(done.slice(5))).toEqual({ path: join(cache, 'snapshots', COMMIT_A), fetched: 1 })
    expect(first.started.signalCode).toBe('SIGKILL')
    expect(cdnRequests().map((r) => r.headers.range)).toEqual([undefined, 'bytes=1000-'])
    expect(WEIGHTS.equals(await readFile(blob(WEIGHTS_HASH)))).toBe(true)
  })
})
