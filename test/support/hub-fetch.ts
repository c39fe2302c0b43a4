/** A Hub on this machine, a cache that begins empty, and what fetching from the one into the other leaves: for tests. */
import { statSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { type FetchOptions, fetchReference } from '../../src/formats/hub.ts'
import { HubServer, sha256 } from './hub-server.ts'

export const REPO = 'org/tiny'
export const WEIGHTS = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3))
export const FILES = {
  'README.md': 'not needed',
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{"version":"1.0"}',
  'tokenizer_config.json': '',
  'model.safetensors': WEIGHTS,
  'pytorch_model.bin': 'never beside safetensors',
}
export const WEIGHTS_HASH = sha256(WEIGHTS)

// Anew for each test of a file that calls useHub.
export let hub: HubServer
export let root: string
export let pauses: number[]
export let env: Record<string, string>
export let cache: string

/** Another server in place of the one that there is, with the same files. */
export async function restartHub(): Promise<void> {
  await hub[Symbol.asyncDispose]()
  hub = await HubServer.start()
  hub.add(REPO, FILES)
  env.HF_ENDPOINT = hub.endpoint
}

/** Gives each test of this file its own server and cache. */
export function useHub(): void {
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
}

export function fetchIt(reference = `hf:${REPO}`, options: FetchOptions = {}) {
  const pause = async (seconds: number): Promise<void> => void pauses.push(seconds)
  return fetchReference(reference, { env, pause, ...options })
}

export async function fails(code: string, reference?: string, options?: FetchOptions): Promise<Error> {
  const error = await fetchIt(reference, options).then(
    () => undefined,
    (e: Error) => e,
  )
  expect(error).toMatchObject({ name: 'PalimpsestError', code })
  expect(error!.message).not.toContain('hf_secret')
  expect(error!.message).toContain('to do:')
  return error!
}

export const blob = (hash: string): string => join(cache, 'blobs', hash)
export const there = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
/** Whether the unfinished file of the weights has so many bytes. */
export const onDisk = (bytes: number) => (): boolean =>
  (statSync(`${blob(WEIGHTS_HASH)}.incomplete`, { throwIfNoEntry: false })?.size ?? 0) >= bytes
export const weightsRequests = () =>
  hub.requests.filter((r) => r.method === 'GET' && /safetensors/.test(r.path))
export const cdnRequests = () => hub.requests.filter((r) => r.host === 'cdn')
