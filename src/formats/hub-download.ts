/**
 * What the Hub has, and bringing it: the list of a repository's files at one commit, what a file is (size and
 * hash), and its content, written to `<blob>.incomplete`, resumed there, checked against the hash and only
 * then renamed. A blob under its final name is whole.
 */

import { PalimpsestError } from '../core/errors.ts'
import { throwIfStopped } from '../core/pace.ts'
import { sizeOf } from './hub-cache.ts'
import { malformed, Passing, type Subject } from './hub-failure.ts'
import { type Answer, type HubClient, persist, readJson, request } from './hub-http.ts'
import { takeLock } from './hub-lock.ts'
import { hashName, Partial, type RemoteFile } from './hub-partial.ts'
import { COMMIT, formatHubRef, type HubRef, isSafePath } from './hub-ref.ts'

/** A list of 200,000 files with their hashes is about this long. */
const MAX_LIST_BYTES = 100_000_000
const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/** What the list says of a file; all of it may be missing behind a mirror. */
interface Listed {
  readonly size: number | undefined
  /** SHA-256 of a large file, git's SHA-1 of others. */
  readonly hash: string | undefined
}

export interface RepoList {
  readonly commit: string
  readonly files: ReadonlyMap<string, Listed>
}

/**
 * The commit that a revision is now, and its files.
 *
 * @throws PalimpsestError `hub-repo-missing`, `hub-revision-missing`, `hub-login`, `hub-gated`,
 *   `hub-malformed`, `hub-network` and the others of `request`
 */
export async function listRepo(client: HubClient, ref: HubRef): Promise<RepoList> {
  const subject = { where: formatHubRef(ref), repo: ref.repo }
  const address = `${client.endpoint}/api/models/${ref.repo}/revision/${encodeURIComponent(ref.revision)}?blobs=true`
  return persist(client, async () => {
    const answer = await request(client, 'GET', address, subject, { headers: { accept: 'application/json' } })
    return parseList(await readJson(answer, MAX_LIST_BYTES, subject), subject)
  })
}

function parseList(json: unknown, subject: Subject): RepoList {
  const { sha, siblings } = (json ?? {}) as { sha?: unknown; siblings?: unknown }
  if (typeof sha !== 'string' || !COMMIT.test(sha)) throw malformed(subject, 'no commit in the list of files')
  if (!Array.isArray(siblings)) throw malformed(subject, 'no list of files')
  const files = new Map<string, Listed>()
  for (const entry of siblings as unknown[]) {
    const { rfilename, size, blobId, lfs } = (entry ?? {}) as Record<string, unknown>
    // A name that git allows and some system does not is no reason to refuse the other files.
    if (typeof rfilename !== 'string' || !isSafePath(rfilename)) continue
    const large = lfs as { sha256?: unknown; size?: unknown } | null | undefined
    files.set(rfilename, {
      size: byteCount(large?.size) ?? byteCount(size),
      hash: hashOf(large?.sha256) ?? (large == null ? hashOf(blobId) : undefined),
    })
  }
  return { commit: sha, files }
}

/**
 * Size and hash of a file at a commit.
 *
 * @throws PalimpsestError `hub-file-missing`, `hub-malformed` when the server gives no commit, size or hash,
 *   or others than the list
 */
export async function describeFile(
  client: HubClient,
  ref: HubRef,
  list: RepoList,
  path: string,
): Promise<RemoteFile> {
  const subject = { where: formatHubRef(ref), repo: ref.repo, file: path }
  const listed = list.files.get(path)
  const answer = await persist(client, () =>
    request(client, 'HEAD', fileAddress(client, ref, list.commit, path), subject, {
      headers: { 'accept-encoding': 'identity' },
      enough: (along) =>
        along.has('x-repo-commit') && along.has('x-linked-etag') && along.has('x-linked-size'),
    }),
  )
  await answer.discard()
  const { along, headers } = answer
  const commit = along.get('x-repo-commit')
  if (commit !== list.commit)
    throw malformed(subject, commit === null ? 'no X-Repo-Commit' : `the file of commit ${commit}`)
  const tag = hashOf(unquote(along.get('x-linked-etag') ?? headers.get('etag')))
  const hash = tag ?? listed?.hash
  const length = headers.get('location') === null ? headers.get('content-length') : null
  const announced = along.get('x-linked-size') ?? length
  const size = announced === null ? listed?.size : byteCount(Number(announced))
  if (hash === undefined || size === undefined)
    throw malformed(subject, hash === undefined ? 'no hash in the ETag' : 'no size')
  if (listed?.size !== undefined && listed.size !== size)
    throw malformed(subject, `${size} bytes, and ${listed.size} in the list of files`)
  if (listed?.hash !== undefined && listed.hash.length === hash.length && listed.hash !== hash)
    throw malformed(subject, `hash ${hash}, and ${listed.hash} in the list of files`)
  return { path, size, hash }
}

/** What {@link downloadBlob} tells while it works. */
export interface BlobEvents {
  /** Bytes of the file that are on disk now; falls when the download has to begin anew. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Brings a file's content to `blob`, once: another process that is at it is waited for. What an earlier,
 * interrupted download left is gone on with.
 *
 * @returns whether this call brought it (false: it was there)
 * @throws PalimpsestError `hub-checksum` when content or size are not what was announced (nothing is left
 *   then), `hub-network` and the others of `request`, `disk-full`, `file-permission`, `interrupted`
 */
export async function downloadBlob(
  client: HubClient,
  ref: HubRef,
  commit: string,
  file: RemoteFile,
  place: { readonly blob: string; readonly lock: string },
  events: BlobEvents,
): Promise<boolean> {
  if ((await sizeOf(place.blob)) === file.size) return false
  await using _lock = await takeLock(place.lock, client.signal, () =>
    client.note(`Another process is fetching ${file.path}; waiting for it.`),
  )
  if ((await sizeOf(place.blob)) === file.size) return false
  const subject = { where: formatHubRef(ref), repo: ref.repo, file: file.path }
  await using partial = await Partial.open(`${place.blob}.incomplete`, file, client.signal)
  let furthest = partial.length
  await persist(client, async (advanced) => {
    events.onBytes(partial.length)
    if (partial.length < file.size) {
      const answer = await requestRest(client, ref, commit, partial, subject)
      for await (const chunk of answer.body) {
        throwIfStopped(client.signal)
        if (partial.length + chunk.length > file.size) {
          await partial.discard()
          throw wrongContent(subject, `${file.size} bytes`, 'more than that')
        }
        await partial.append(chunk)
        events.onBytes(partial.length)
        if (partial.length > furthest) {
          furthest = partial.length
          advanced()
        }
      }
      if (partial.length < file.size)
        throw new Passing(
          wrongContent(subject, `${file.size} bytes`, `${partial.length} bytes, then the end`),
        )
    }
    const hash = partial.digest()
    if (hash !== file.hash) {
      const name = hashName(file.hash)
      const refused = wrongContent(subject, `${name} ${file.hash}`, `${name} ${hash}`)
      // What an earlier process left may be what is wrong: once from the start before giving up.
      const again = partial.inherited
      await (again ? partial.restart() : partial.discard())
      furthest = 0
      throw again ? new Passing(refused, 0) : refused
    }
    if (!(await partial.finish(place.blob, file.size)))
      throw new Passing(wrongContent(subject, 'the file that was written', 'another in its place'), 0)
  })
  return true
}

/** Asks for what is missing; begins anew where the server cannot give just that. */
async function requestRest(
  client: HubClient,
  ref: HubRef,
  commit: string,
  partial: Partial,
  subject: Subject,
): Promise<Answer> {
  const from = partial.length
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (from > 0) headers.range = `bytes=${from}-`
  const answer = await request(client, 'GET', fileAddress(client, ref, commit, partial.file.path), subject, {
    headers,
    accept: [416],
  })
  if (answer.status === 200 && from > 0) await partial.restart() // a server without ranges: all of it again
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers.get('content-range') ?? '')
  const fits = Number(range?.[1]) === from && (range?.[2] === '*' || Number(range?.[2]) === partial.file.size)
  if (answer.status !== 200 && !(answer.status === 206 && fits)) {
    await answer.discard()
    await partial.restart()
    throw new Passing(
      wrongContent(
        subject,
        `bytes ${from} to ${partial.file.size}`,
        `HTTP ${answer.status}, Content-Range: ${answer.headers.get('content-range')}`,
      ),
    )
  }
  return answer
}

function wrongContent(subject: Subject, expected: string, found: string): PalimpsestError {
  return new PalimpsestError('failed', 'hub-checksum', 'What came is not the file that the Hub announced.', {
    where: `${subject.where}, ${subject.file}`,
    expected,
    found,
    fix: 'Give the same command again. If it stays so, a proxy or mirror changes the files: try without it.',
  })
}

function fileAddress(client: HubClient, ref: HubRef, commit: string, path: string): string {
  return `${client.endpoint}/${ref.repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`
}

function byteCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

function hashOf(value: unknown): string | undefined {
  return typeof value === 'string' && HASH.test(value) ? value : undefined
}

function unquote(tag: string | null): string | undefined {
  return tag?.replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
}
