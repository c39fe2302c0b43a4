/**
 * A server that speaks the Hub's language on 127.0.0.1, for tests: the list of files, HEAD and GET of files
 * with the Hub's headers and redirects (regular files to another path, large ones to a second origin that
 * stands for the content network), ranges, and faults on demand.
 */

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Stored {
  readonly content: Buffer
  readonly large: boolean
  readonly hash: string
}

interface Seen {
  readonly host: 'hub' | 'cdn'
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export const COMMIT_A = 'a'.repeat(40)
export const COMMIT_B = 'b'.repeat(40)

export function gitHash(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

export class HubServer implements AsyncDisposable {
  readonly requests: Seen[] = []
  /** What the list of files says instead of the truth, by path. */
  readonly lies = new Map<string, Record<string, unknown>>()
  readonly #repos = new Map<
    string,
    { revisions: Map<string, string>; commits: Map<string, Map<string, Stored>> }
  >()
  readonly #faults: { match: RegExp; times: number; handler: Handler }[] = []
  readonly #hub: Server
  readonly #cdn: Server

  private constructor() {
    this.#hub = createServer((q, s) => this.#serve('hub', q, s))
    this.#cdn = createServer((q, s) => this.#serve('cdn', q, s))
  }

  static async start(): Promise<HubServer> {
    const server = new HubServer()
    for (const one of [server.#hub, server.#cdn])
      await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
    return server
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`
  }

  get cdn(): string {
    return `http://127.0.0.1:${(this.#cdn.address() as AddressInfo).port}`
  }

  /** Files of a repository at a commit; those whose name ends as weights do are stored as large ones. */
  add(repo: string, files: Record<string, string | Buffer>, commit = COMMIT_A, revision = 'main'): void {
    const entry = this.#repos.get(repo) ?? { revisions: new Map(), commits: new Map() }
    const stored = new Map<string, Stored>()
    for (const [path, text] of Object.entries(files)) {
      const content = Buffer.from(text as string)
      const large = /\.(safetensors|gguf|bin|pt|npz)$/.test(path)
      stored.set(path, { content, large, hash: large ? sha256(content) : gitHash(content) })
    }
    entry.commits.set(commit, stored)
    entry.revisions.set(revision, commit)
    this.#repos.set(repo, entry)
  }

  /** The next `times` requests whose `HOST METHOD path` matches are answered by `handler`. */
  fault(match: RegExp, handler: Handler, times = 1): void {
    this.#faults.push({ match, times, handler })
  }

  /** Faults: an answer with this status and these headers. */
  status(match: RegExp, status: number, headers: Record<string, string> = {}, times = 1): void {
    this.fault(match, (_, response) => response.writeHead(status, headers).end(), times)
  }

  /** Faults: `bytes` of the right answer and, once the client `has` them, the connection is cut. */
  cut(match: RegExp, bytes: number, has: () => boolean = () => true): void {
    this.fault(match, (request, response) => {
      const cutWhenSeen = (): void => {
        if (has()) request.socket.destroy()
        else setTimeout(cutWhenSeen, 5)
      }
      response.end = ((content?: Buffer) =>
        response.write(content?.subarray(0, bytes) ?? '', cutWhenSeen)) as unknown as typeof response.end
      this.#answer(request, response)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [this.#hub, this.#cdn]) {
      one.closeAllConnections()
      await new Promise((resolve) => one.close(resolve))
    }
  }

  #serve(host: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? ''
    this.requests.push({ host, method: request.method ?? '', path, headers: request.headers })
    const fault = this.#faults.find((f) => f.times > 0 && f.match.test(`${host} ${request.method} ${path}`))
    if (fault !== undefined) fault.times--
    if (fault !== undefined) fault.handler(request, response)
    else this.#answer(request, response)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', this.endpoint)
    const path = decodeURIComponent(url.pathname)
    const blob = /^\/(?:cdn|api\/resolve-cache)\/([0-9a-f]+)$/.exec(path)
    const list = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/(.+)$/.exec(path)
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path)
    if (blob !== null) this.#content(blob[1]!, url.searchParams.get('commit'), request, response)
    else if (list !== null) this.#list(list[1]!, list[2]!, response)
    else if (file !== null) this.#file(file[1]!, file[2]!, file[3]!, response)
    else response.writeHead(404).end()
  }

  #list(repo: string, revision: string, response: ServerResponse): void {
    const entry = this.#repos.get(repo)
    if (entry === undefined) return void response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end()
    const commit = entry.revisions.get(revision) ?? revision
    const files = entry.commits.get(commit)
    if (files === undefined) return void response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end()
    const siblings = [...files].map(([rfilename, { content, large, hash }]) => ({
      rfilename,
      size: content.length,
      blobId: large ? gitHash(Buffer.from(`pointer ${hash}`)) : hash,
      ...(large ? { lfs: { size: content.length, sha256: hash, pointerSize: 130 } } : {}),
      ...this.lies.get(rfilename),
    }))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ id: repo, sha: commit, siblings }))
  }

  #file(repo: string, revision: string, path: string, response: ServerResponse): void {
    const commit = this.#repos.get(repo)?.revisions.get(revision) ?? revision
    const file = this.#repos.get(repo)?.commits.get(commit)?.get(path)
    if (file === undefined)
      return void response.writeHead(404, { 'x-error-code': 'EntryNotFound', 'x-repo-commit': commit }).end()
    const linked = { 'x-linked-etag': `"${file.hash}"`, 'x-linked-size': String(file.content.length) }
    if (file.large)
      response.writeHead(302, {
        ...linked,
        'x-repo-commit': commit,
        location: `${this.cdn}/cdn/${file.hash}?signature=secret`,
      })
    else
      response.writeHead(307, {
        'x-repo-commit': commit,
        location: `/api/resolve-cache/${file.hash}?commit=${commit}`,
      })
    response.end()
  }

  #content(hash: string, commit: string | null, request: IncomingMessage, response: ServerResponse): void {
    const all = [...this.#repos.values()].flatMap((r) =>
      [...r.commits.values()].flatMap((c) => [...c.values()]),
    )
    const { content } = all.find((f) => f.hash === hash)!
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
    const from = Number(range?.[1] ?? 0)
    if (from >= content.length && range !== null)
      return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    response.writeHead(range === null ? 200 : 206, {
      etag: `"${hash}"`,
      ...(commit === null ? {} : { 'x-repo-commit': commit }),
      'content-length': content.length - from,
      ...(range === null ? {} : { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    })
    response.end(request.method === 'HEAD' ? undefined : content.subarray(from))
  }
}
