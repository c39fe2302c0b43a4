/**
 * Requests to the Hub: redirects followed by hand (the token goes to the Hub's own origin and nowhere else),
 * silence bounded by a timeout, failures that pass by themselves tried again with growing pauses, and every
 * other one turned into an error that says what to do.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { refuse } from '../core/errors.ts'
import { throwIfStopped } from '../core/pace.ts'
import { malformed, networkError, Passing, type Subject, statusError } from './hub-failure.ts'

export interface HubClient {
  /** `https://huggingface.co`, or where `HF_ENDPOINT` points. */
  readonly endpoint: string
  readonly token: string | undefined
  /** Seconds of silence after which a connection counts as cut. */
  readonly timeout: number
  readonly fetch: typeof fetch
  readonly signal: AbortSignal | undefined
  /** Pauses; tests put their own here. */
  readonly pause: (seconds: number, signal: AbortSignal | undefined) => Promise<void>
  /** What people are told while something is tried again. */
  readonly note: (text: string) => void
}

export interface Answer {
  readonly status: number
  /** Of the last answer. */
  readonly headers: Headers
  /** Of every answer on the way, the first one's value where several have a name. */
  readonly along: Headers
  /** Chunks of the body; ends early or throws a {@link Passing} when the connection is cut. */
  readonly body: AsyncIterable<Uint8Array>
  /** Whether it came from the Hub itself and not from where the Hub sent us. */
  readonly fromHub: boolean
  /** Frees the connection when the body is not wanted. */
  discard(): Promise<void>
}

const MAX_REDIRECTS = 10
const RETRIES = 5
/** A longer pause asked for by the server is left to the user. */
const MAX_PAUSE = 300

/**
 * Does `work` until it succeeds, fails for good, or has failed 6 times in a row without getting further
 * (`advanced` says that it did), with pauses of 0.5 to 8 seconds or as the server asks.
 *
 * @throws PalimpsestError `interrupted`; the error within the last {@link Passing}
 */
export async function persist<T>(client: HubClient, work: (advanced: () => void) => Promise<T>): Promise<T> {
  let failures = 0
  for (;;) {
    throwIfStopped(client.signal)
    try {
      return await work(() => {
        failures = 0
      })
    } catch (error) {
      throwIfStopped(client.signal)
      if (!(error instanceof Passing)) throw error
      const seconds = error.seconds ?? 2 ** failures / 2
      if (++failures > RETRIES || seconds > MAX_PAUSE) throw error.error
      client.note(`${error.error.message.split('\n')[0]} Trying again in ${seconds} s.`)
      await client.pause(seconds, client.signal)
    }
  }
}

/** The pause of real clients: ends early when the signal is aborted. */
export async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(seconds * 1000, undefined, signal === undefined ? {} : { signal }).catch(() => {})
}

/**
 * One request, its redirects followed. A status below 400 or in `accept` comes back as an answer.
 *
 * @param enough for HEAD: whether the headers gathered so far suffice, so that the next host is not asked
 * @throws Passing for cut connections, 408, 429 and 5xx
 * @throws PalimpsestError `hub-login`, `hub-gated`, `hub-forbidden`, `hub-repo-missing`,
 *   `hub-revision-missing`, `hub-file-missing`, `hub-refused`, `hub-malformed`
 */
export async function request(
  client: HubClient,
  method: 'GET' | 'HEAD',
  address: string,
  subject: Subject,
  options: {
    headers?: Record<string, string>
    accept?: readonly number[]
    enough?: (along: Headers) => boolean
  } = {},
): Promise<Answer> {
  const hub = new URL(client.endpoint).origin
  const along = new Headers()
  let url = new URL(address)
  let fromHub = true
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    fromHub &&= url.origin === hub
    const headers: Record<string, string> = { 'user-agent': 'palimpsest', ...options.headers }
    if (fromHub && client.token !== undefined) headers.authorization = `Bearer ${client.token}`
    const answer = await exchange(client, method, url, headers, fromHub, along, subject)
    for (const [name, value] of answer.headers) if (!along.has(name)) along.set(name, value)
    const location = answer.headers.get('location')
    if (answer.status < 300 || answer.status >= 400 || location === null) {
      if (answer.status < 300 || options.accept?.includes(answer.status)) return answer
      await answer.discard()
      throw statusError(client, answer, subject)
    }
    const next = redirection(url, location, subject)
    if (next.origin !== hub && options.enough?.(along)) return answer
    await answer.discard()
    url = next
  }
  throw refuse('hub-malformed', 'The Hub sends in circles.', {
    where: subject.where,
    expected: 'a redirect that leads to the file',
    found: `more than ${MAX_REDIRECTS} redirects`,
    fix: 'Check HF_ENDPOINT and the proxy, and try again later.',
  })
}

/** The body as JSON. @throws PalimpsestError `hub-malformed` when it is longer than `max` bytes or no JSON */
export async function readJson(answer: Answer, max: number, subject: Subject): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body) {
    size += chunk.length
    if (size > max) {
      await answer.discard()
      throw malformed(subject, `an answer of more than ${max} bytes`)
    }
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw malformed(subject, `no JSON: ${JSON.stringify(Buffer.concat(chunks).toString('utf8', 0, 80))}`)
  }
}

function redirection(from: URL, location: string, subject: Subject): URL {
  let next: URL
  try {
    next = new URL(location, from)
  } catch {
    throw malformed(subject, 'a redirect to what is no address')
  }
  const isWeb = next.protocol === 'https:' || next.protocol === 'http:'
  if (!isWeb || (from.protocol === 'https:' && next.protocol === 'http:'))
    throw malformed(subject, `a redirect from ${from.protocol} to ${next.protocol}`)
  return next
}

/** Bodies of redirects and errors are read to their end up to this size, so that the connection stays. */
const MAX_DISCARDED = 65_536

async function exchange(
  client: HubClient,
  method: string,
  url: URL,
  headers: Record<string, string>,
  fromHub: boolean,
  along: Headers,
  subject: Subject,
): Promise<Answer> {
  const watch = new Watch(client)
  const cut = (error: unknown): Passing => {
    watch.done()
    return new Passing(networkError(url, subject, watch.silent ? `no byte in ${client.timeout} s` : error))
  }
  let response: Response
  try {
    const { signal } = watch
    response = await watch.over(client.fetch(url, { method, headers, redirect: 'manual', signal }))
  } catch (error) {
    throw cut(error)
  }
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    const reader = response.body?.getReader()
    let ended = reader === undefined
    try {
      while (reader !== undefined) {
        const { done, value } = await watch.over(reader.read())
        ended = done
        if (done) break
        yield value
      }
    } catch (error) {
      throw cut(error)
    } finally {
      if (!ended) {
        watch.stop()
        reader?.cancel().catch(() => {})
      }
      watch.done()
    }
  }
  const body = chunks()
  const discard = async (): Promise<void> => {
    let size = 0
    try {
      for await (const chunk of body) {
        size += chunk.length
        if (size > MAX_DISCARDED) break
      }
    } catch {
      // nobody wanted it
    }
  }
  return { status: response.status, headers: response.headers, along, body, fromHub, discard }
}

/**
 * Waits for one exchange: until its next step is there, the user stops, or nothing came for too long. It does
 * not rely on `fetch` to end what was aborted: a body that is aborted while it is read may never settle.
 */
class Watch {
  readonly #client: HubClient
  readonly #controller = new AbortController()
  #reject: (error: Error) => void = () => {}
  /** Whether silence ended it. */
  silent = false

  constructor(client: HubClient) {
    this.#client = client
    client.signal?.addEventListener('abort', this.stop, { once: true })
    if (client.signal?.aborted) this.stop()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  readonly stop = (): void => {
    this.#controller.abort()
    this.#reject(new Error('stopped'))
  }

  /** A step; the time between steps (storing what came) is not the server's silence. */
  async over<T>(step: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.silent = true
      this.stop()
    }, this.#client.timeout * 1000)
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject
        if (this.signal.aborted) reject(new Error('stopped'))
        step.then(resolve, reject)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  done(): void {
    this.#client.signal?.removeEventListener('abort', this.stop)
  }
}
