/** What fetching leaves in the cache, also where several processes fetch at once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  blob,
  cache,
  cdnRequests,
  env,
  FILES,
  fails,
  fetchIt,
  hub,
  REPO,
  root,
  there,
  useHub,
  WEIGHTS,
  WEIGHTS_HASH,
} from '../../test/support/hub-fetch.ts'
import { COMMIT_A, COMMIT_B, gitHash, sha256 } from '../../test/support/hub-server.ts'
import type { FetchProgress } from './hub.ts'

useHub()

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
