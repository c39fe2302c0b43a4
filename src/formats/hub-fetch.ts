/**
 * A fetch: what a reference needs, brought into the cache of the Hub a few files at a time and put into a
 * snapshot when all of it is there.
 */

import { access, readFile, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PalimpsestError, refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'
import { throwIfStopped } from '../core/pace.ts'
import { RepoCache, sizeOf } from './hub-cache.ts'
import { chooseFiles, missing, shardsOf } from './hub-choose.ts'
import { describeFile, downloadBlob, listRepo, type RepoList } from './hub-download.ts'
import { type HubClient, pause } from './hub-http.ts'
import type { RemoteFile } from './hub-partial.ts'
import { formatHubRef, type HubRef, parseHubRef } from './hub-ref.ts'
import { type Environment, type HubSettings, hubSettings, hubToken } from './hub-settings.ts'

export interface FetchProgress {
  /** The file in which something moved. */
  readonly file: string
  readonly fileBytes: number
  readonly fileSize: number
  /** Bytes of all files that are there, and that are needed. Both may change: see `fetchReference`. */
  readonly bytes: number
  readonly totalBytes: number
}

export interface FetchOptions {
  /** Bytes as they come. Not throttled. */
  readonly onProgress?: (progress: FetchProgress) => void
  /** A sentence for people: what is waited for or tried again. */
  readonly onNote?: (text: string) => void
  readonly signal?: AbortSignal
  /** Default: Node's own. */
  readonly fetch?: typeof fetch
  /** Default: `process.env`. */
  readonly env?: Environment
  /** How pauses are made; for tests. */
  readonly pause?: HubClient['pause']
}

export interface Fetched {
  /** What to open: a file, or a folder of the snapshot. */
  readonly path: string
  readonly commit: string
  /** Every file needed, with its place inside the repository; `fetched` says whether this call brought it. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly fetched: boolean }[]
  /** Size of them all. */
  readonly bytes: number
}

/** Shards of one checkpoint, at most. */
const MAX_INDEX_BYTES = 100_000_000
const AT_ONCE = 4

/**
 * Brings what a reference needs into the cache and links it into a snapshot of the commit that its revision
 * is now. Files that are there are not fetched again; interrupted ones are gone on with. The snapshot gets
 * its files at the end, all at once, and only then is the revision's commit remembered.
 *
 * Progress counts bytes on disk; they fall when a download has to begin anew, and the total grows once when
 * the index of a sharded checkpoint has been read.
 *
 * @throws PalimpsestError `hub-reference`; `hub-choose` when the reference could mean several things,
 *   `hub-empty` when it means none, `hub-offline`; `hub-login` (401), `hub-gated`, `hub-forbidden` (403),
 *   `hub-repo-missing`, `hub-revision-missing`, `hub-file-missing` (404), `hub-rate-limit` (429),
 *   `hub-network`, `hub-refused`, `hub-malformed`, `hub-checksum`, `hub-settings`; `disk-full`,
 *   `file-permission`, `interrupted`
 * @example
 * const { path, bytes } = await fetchReference('hf:org/name-GGUF:name-Q8_0.gguf', {
 *   onProgress: ({ bytes, totalBytes }) => process.stderr.write(`\r${bytes}/${totalBytes}`),
 * })
 */
export async function fetchReference(reference: string, options: FetchOptions = {}): Promise<Fetched> {
  const ref = parseHubRef(reference)
  const settings = hubSettings(options.env)
  if (settings.offline) throw offline(ref, settings)
  throwIfStopped(options.signal)
  const client: HubClient = {
    endpoint: settings.endpoint,
    token: await hubToken(settings),
    timeout: settings.timeout,
    fetch: options.fetch ?? fetch,
    signal: options.signal,
    pause: options.pause ?? pause,
    note: options.onNote ?? (() => {}),
  }
  const cache = new RepoCache(settings.cacheFolder, ref.repo, settings.symlinks)
  const list = await listRepo(client, ref)
  const paths = [...list.files.keys()].sort()
  const choice = chooseFiles(paths, ref)
  const job = new Job(client, ref, list, cache, options.onProgress ?? (() => {}))
  await job.bring(choice.files)
  if (choice.index !== undefined) {
    const index = await readFile(await job.place(choice.index), 'utf8')
    const shards = shardsOf(index, choice.index)
    for (const shard of shards) if (!list.files.has(shard)) throw missing(ref, shard, paths)
    await job.bring(shards)
  }
  const files = await job.link()
  if (choice.tokenizer !== undefined && !list.files.has(choice.tokenizer))
    await cache.writeAbsent(list.commit, choice.tokenizer)
  await cache.writeRef(ref.revision, list.commit)
  return {
    path: cache.snapshot(list.commit, choice.path),
    commit: list.commit,
    files,
    bytes: files.reduce((sum, f) => sum + f.bytes, 0),
  }
}

interface Item {
  readonly file: RemoteFile
  /** On disk so far. */
  bytes: number
  /** Whether this fetch brought it. */
  fetched: boolean
  /** Whether the snapshot has it already. */
  readonly linked: boolean
}

/** The files of one fetch: described, downloaded a few at a time, linked at the end. */
class Job {
  readonly #client: HubClient
  readonly #ref: HubRef
  readonly #list: RepoList
  readonly #cache: RepoCache
  readonly #report: (progress: FetchProgress) => void
  readonly #files: Item[] = []

  constructor(
    client: HubClient,
    ref: HubRef,
    list: RepoList,
    cache: RepoCache,
    report: (progress: FetchProgress) => void,
  ) {
    this.#client = client
    this.#ref = ref
    this.#list = list
    this.#cache = cache
    this.#report = report
  }

  async bring(paths: readonly string[]): Promise<void> {
    const { commit } = this.#list
    const added: Item[] = []
    await inParallel(this.#client, paths, async (client, path) => {
      const file = await describeFile(client, this.#ref, this.#list, path)
      const linked = (await sizeOf(this.#cache.snapshot(commit, path))) === file.size
      added.push({ file, bytes: linked ? file.size : 0, fetched: false, linked })
    })
    added.sort((a, b) => paths.indexOf(a.file.path) - paths.indexOf(b.file.path))
    this.#files.push(...added)
    const wanted = added.filter((f) => !f.linked)
    await this.#checkSpace(wanted)
    await inParallel(this.#client, wanted, async (client, item) => {
      const { hash } = item.file
      const place = { blob: this.#cache.blob(hash), lock: this.#cache.lock(hash) }
      const onBytes = (bytes: number): void => {
        item.bytes = bytes
        this.#tell(item)
      }
      item.fetched = await downloadBlob(client, this.#ref, commit, item.file, place, { onBytes })
      onBytes(item.file.size)
    })
  }

  /** Where the content of a file is now. */
  async place(path: string): Promise<string> {
    const item = this.#files.find((f) => f.file.path === path)!
    const place = item.linked
      ? this.#cache.snapshot(this.#list.commit, path)
      : this.#cache.blob(item.file.hash)
    if (item.file.size > MAX_INDEX_BYTES)
      throw refuse('hub-malformed', 'The index of the weights is impossibly large.', {
        where: path,
        expected: `at most ${MAX_INDEX_BYTES} bytes`,
        found: `${item.file.size} bytes`,
        fix: 'Look at the repository in a browser: this is no index that a library wrote.',
      })
    return place
  }

  /** Puts everything into the snapshot. */
  async link(): Promise<Fetched['files']> {
    const open = this.#files.filter((f) => !f.linked)
    for (const [i, item] of open.entries()) {
      const { path, hash } = item.file
      const last = !open.slice(i + 1).some((other) => other.file.hash === hash)
      await this.#cache.link(this.#list.commit, path, hash, last && item.fetched)
    }
    return this.#files.map(({ file, fetched }) => ({ path: file.path, bytes: file.size, fetched }))
  }

  async #checkSpace(wanted: readonly Item[]): Promise<void> {
    let needed = 0
    for (const { file } of wanted) {
      const blob = this.#cache.blob(file.hash)
      if ((await sizeOf(blob)) !== file.size)
        needed += file.size - ((await sizeOf(`${blob}.incomplete`)) ?? 0)
    }
    const folder = await nearestFolder(this.#cache.folder)
    const { bavail, bsize } = await statfs(folder)
    if (needed > bavail * bsize)
      throw new PalimpsestError('failed', 'disk-full', 'The disk of the cache has too little space.', {
        where: this.#cache.folder,
        expected: `${needed} bytes for ${formatHubRef(this.#ref)}`,
        found: `${bavail * bsize} bytes free`,
        fix: 'Free some space, or put the cache elsewhere with HF_HUB_CACHE.',
      })
  }

  #tell({ file, bytes }: Item): void {
    const sum = (of: (f: Item) => number): number => this.#files.reduce((total, f) => total + of(f), 0)
    this.#report({
      file: file.path,
      fileBytes: bytes,
      fileSize: file.size,
      bytes: sum((f) => f.bytes),
      totalBytes: sum((f) => f.file.size),
    })
  }
}

/** Runs `work` on every item, {@link AT_ONCE} at a time; the first failure stops the others and is thrown. */
async function inParallel<T>(
  client: HubClient,
  items: readonly T[],
  work: (client: HubClient, item: T) => Promise<void>,
): Promise<void> {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  client.signal?.addEventListener('abort', stop)
  if (client.signal?.aborted) stop()
  const own = { ...client, signal: controller.signal }
  const queue = items.values()
  let failure: { error: unknown } | undefined
  const worker = async (): Promise<void> => {
    try {
      for (const item of queue) await work(own, item)
    } catch (error) {
      failure ??= { error }
      stop()
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
  client.signal?.removeEventListener('abort', stop)
  if (failure !== undefined) throw failure.error
}

/** The folder itself, or the nearest above it that exists. */
async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      await access(at)
      return at
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || at === dirname(at))
        throw explainFileError(error, at)
    }
  }
}

/** The refusal to connect. */
export function offline(ref: HubRef, settings: HubSettings): PalimpsestError {
  return refuse('hub-offline', 'Connections are switched off, and this is not (wholly) in the cache.', {
    where: formatHubRef(ref),
    expected: `a snapshot in ${settings.cacheFolder}`,
    found: 'no whole snapshot there',
    fix: 'Unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE, or copy the cache of a machine that has it.',
  })
}
