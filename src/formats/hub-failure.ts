/**
 * What goes wrong between here and the Hub, in words: which failures may pass by themselves, and for all
 * others what the user can do.
 */

import { PalimpsestError, refuse } from '../core/errors.ts'

/** What a request is about, for its errors. */
export interface Subject {
  /** The reference as the user wrote it. */
  readonly where: string
  readonly repo: string
  readonly file?: string
}

/** A failure that may pass by itself. `error` is what the user gets if it does not. */
export class Passing extends Error {
  readonly error: PalimpsestError
  readonly seconds: number | undefined
  /** @param seconds the pause that the server asked for */
  constructor(error: PalimpsestError, seconds?: number) {
    super(error.message)
    this.error = error
    this.seconds = seconds
  }
}

/** The error for an answer that is not in the Hub's language. */
export function malformed(subject: Subject, found: string): PalimpsestError {
  return refuse('hub-malformed', 'The answer is not one that a Hub gives.', {
    where: subject.file === undefined ? subject.where : `${subject.where}, ${subject.file}`,
    expected: 'an answer of the Hugging Face Hub',
    found,
    fix: 'Check HF_ENDPOINT, the proxy and the firewall: something else than a Hub may have answered.',
  })
}

/** The error for a connection that failed. `cause` is what the system said, or words. */
export function networkError(url: URL, subject: Subject, cause: unknown): PalimpsestError {
  const inner = (cause as { cause?: { code?: string; message?: string } } | undefined)?.cause
  const found =
    typeof cause === 'string' ? cause : (inner?.code ?? inner?.message ?? (cause as Error).message)
  return new PalimpsestError('failed', 'hub-network', `The connection to ${url.host} failed.`, {
    where: subject.file === undefined ? subject.where : `${subject.where}, ${subject.file}`,
    expected: 'a connection that lasts to the end of the answer',
    found,
    fix: 'Check the network (behind a proxy, see docs/hub.md) and give the same command again: it goes on where it stopped.',
    cause,
  })
}

/**
 * The error for a status that is no success.
 *
 * @param hub where the Hub is, and whether a token was sent
 * @param answer `fromHub`: false when another server answered, to which the Hub had sent us
 */
export function statusError(
  hub: { readonly endpoint: string; readonly token: string | undefined },
  answer: { readonly status: number; readonly headers: Headers; readonly fromHub: boolean },
  subject: Subject,
): Passing | PalimpsestError {
  const { status, headers } = answer
  const code = headers.get('x-error-code')
  const said = headers.get('x-error-message')?.slice(0, 300)
  const found = `HTTP ${status}${said ? `: ${said}` : ''}`
  const where = subject.file === undefined ? subject.where : `${subject.where}, ${subject.file}`
  const fail = (name: string, summary: string, fix: string): PalimpsestError =>
    new PalimpsestError('failed', name, summary, { where, expected: 'HTTP 200 or 206', found, fix })
  const page = `${hub.endpoint}/${subject.repo}`

  if (status === 429)
    return new Passing(
      fail(
        'hub-rate-limit',
        'The Hub wants fewer requests.',
        `Wait ${retryAfter(headers) ?? 60} s and give the same command again${
          hub.token === undefined ? '; with a token (HF_TOKEN) more are allowed' : ''
        }.`,
      ),
      retryAfter(headers),
    )
  // An address that the Hub signed may have expired: the next attempt asks the Hub for a new one.
  if (status === 408 || status >= 500 || !answer.fromHub)
    return new Passing(
      fail('hub-network', 'The server failed.', 'Try again later: it goes on where it stopped.'),
      status === 503 ? retryAfter(headers) : undefined,
    )
  if (code === 'GatedRepo')
    return fail(
      'hub-gated',
      'The owners of this repository give it only to those who ask.',
      `Accept their conditions on ${page} (some take time to answer), and set HF_TOKEN to a token of that account.`,
    )
  if (status === 401)
    return hub.token === undefined
      ? fail(
          'hub-login',
          'The Hub shows no such repository to someone without a token: it is private, gated, or does not exist.',
          `Check the name (${page}). If it is right, set HF_TOKEN to a token from ${hub.endpoint}/settings/tokens.`,
        )
      : fail(
          'hub-login',
          'The Hub does not accept the token.',
          `Make a new one on ${hub.endpoint}/settings/tokens and set HF_TOKEN to it.`,
        )
  if (status === 403)
    return fail(
      'hub-forbidden',
      'The token may not read this repository.',
      `Use a token of an account that sees ${page}, with the permission to read it.`,
    )
  if (status === 404 && code === 'RevisionNotFound')
    return fail(
      'hub-revision-missing',
      'The repository has no such branch, tag or commit.',
      `Choose one from ${page}/refs, or leave @revision out for main.`,
    )
  if (status === 404 && (code === 'EntryNotFound' || (code === null && subject.file !== undefined)))
    return fail('hub-file-missing', 'The repository has no such file.', `Choose one from ${page}/tree/main.`)
  if (status === 404)
    return fail(
      'hub-repo-missing',
      'The Hub has no such repository.',
      'Check organisation and name; a private one is seen only with a token (HF_TOKEN).',
    )
  return fail('hub-refused', 'The Hub refuses the request.', `Look at ${page} in a browser.`)
}

/** Seconds to wait: `Retry-After` (seconds or a date), or the reset time in `RateLimit`. */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after')
  if (text !== null) {
    const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000
    if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds))
  }
  const reset = /;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '')
  return reset === null ? undefined : Number(reset[1])
}
