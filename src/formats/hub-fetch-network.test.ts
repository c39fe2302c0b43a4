/** Fetching over redirects and connections that fail. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  blob,
  cache,
  cdnRequests,
  env,
  fails,
  fetchIt,
  hub,
  onDisk,
  pauses,
  REPO,
  restartHub,
  root,
  there,
  useHub,
  WEIGHTS,
  WEIGHTS_HASH,
  weightsRequests,
} from '../../test/support/hub-fetch.ts'
import { COMMIT_A, HubServer } from '../../test/support/hub-server.ts'
import type { FetchProgress } from './hub.ts'

useHub()

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
    await restartHub()
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
    const gone = await HubServer.start()
    env.HF_ENDPOINT = gone.endpoint
    await gone[Symbol.asyncDispose]()
    const error = await fails('hub-network')
    expect(error.message).toContain('ECONNREFUSED')
    expect(error).toMatchObject({ exitCode: 1 })
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
