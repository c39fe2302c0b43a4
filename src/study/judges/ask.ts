/**
 * One question to a judge over an OpenAI-compatible endpoint. What may pass by itself (429, 5xx, silence, a cut
 * connection) is tried again after a pause; nothing that the server says about a failure is kept, since it may
 * repeat the key.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { throwIfStopped } from '../../core/pace.ts'
import { stream } from '../../core/random.ts'
import type { JudgeSettings } from './settings.ts'

const TRIES = 5
/** Seconds; doubled with each try. */
const PAUSE = 1
/** A server that asks for a longer pause is not waited for. */
const MOST_PAUSE = 120
const MOST_BYTES = 1_000_000

export interface Message {
  readonly role: 'system' | 'user'
  readonly content: string
}

/** Tokens as the endpoint counted them; null where it does not say. */
export interface Tokens {
  readonly in: number | null
  readonly out: number | null
}

export type Reply =
  | {
      readonly ok: true
      readonly content: string
      /** The endpoint itself says that the model declined. */
      readonly declined: boolean
      readonly tokens: Tokens
    }
  | {
      readonly ok: false
      readonly why: string
      /** Every other question would fail alike. */
      readonly hopeless: boolean
    }

export interface AskOptions {
  readonly key: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Seconds before the second try. */
  readonly pause?: number
  readonly tries?: number
}

/** The body of a request. */
export function requestBody(judge: JudgeSettings, messages: readonly Message[]): Record<string, unknown> {
  const body = { temperature: 0, max_tokens: 100, ...judge.body, model: judge.model, messages }
  return Object.fromEntries(Object.entries(body).filter(([, v]) => v !== null))
}

/**
 * Asks until there is an answer, or no hope for one.
 *
 * @throws PalimpsestError `interrupted`
 */
export async function ask(
  judge: JudgeSettings,
  body: Record<string, unknown>,
  { key, signal, pause = PAUSE, tries = TRIES }: AskOptions,
): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    throwIfStopped(signal)
    const found = await once(judge, body, key, signal)
    throwIfStopped(signal)
    if (!('again' in found)) return found
    const { why, again } = found
    const jitter = 0.5 + stream(1, `judges/pause/${JSON.stringify(body)}`, attempt).uniform()
    const wait = again ?? pause * 2 ** (attempt - 1) * jitter
    if (attempt >= tries || wait > MOST_PAUSE) return { ok: false, why, hopeless: false }
    await sleep(1000 * wait, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

/** A failure that may pass; `again` are the seconds that the server asks for. */
interface Passing {
  readonly why: string
  readonly again: number | undefined
}

async function once(
  judge: JudgeSettings,
  body: Record<string, unknown>,
  key: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Reply | Passing> {
  const limit = AbortSignal.timeout(1000 * judge.timeout)
  let found: { status: number; headers: Headers; text: string | undefined }
  try {
    found = await exchange(
      `${judge.url.replace(/\/+$/, '')}/chat/completions`,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(body),
        redirect: 'manual', // a key is for the server that the study names
      },
      signal === undefined ? limit : AbortSignal.any([limit, signal]),
    )
  } catch {
    return {
      why: limit.aborted ? `no answer in ${judge.timeout} s` : 'the connection failed',
      again: undefined,
    }
  }
  const { status, headers, text } = found
  if (status === 429 || status === 408 || status >= 500)
    return { why: `HTTP ${status}`, again: retryAfter(headers) }
  if (status < 200 || status >= 300)
    return { ok: false, why: `HTTP ${status}`, hopeless: status < 400 || [401, 403, 404].includes(status) }
  const reply = text === undefined ? undefined : readReply(text, key)
  return reply ?? { ok: false, why: 'no answer in the form of chat completions', hopeless: false }
}

/** Text is undefined where it is longer than any answer. An aborted body may never settle: it is raced. */
async function exchange(
  url: string,
  init: RequestInit,
  signal: AbortSignal,
): Promise<{ status: number; headers: Headers; text: string | undefined }> {
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('ended')), { once: true })
  })
  const work = (async () => {
    const response = await fetch(url, { ...init, signal })
    const { status, headers } = response
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > MOST_BYTES) return { status, headers, text: undefined }
      chunks.push(chunk)
    }
    return { status, headers, text: Buffer.concat(chunks).toString('utf8') }
  })()
  work.catch(() => {})
  ended.catch(() => {})
  return Promise.race([work, ended])
}

const count = z.number().int().nonnegative().nullish().catch(null)
const completion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish().catch(null),
        message: z.object({
          content: z.union([z.string(), z.array(z.object({ text: z.string().default('') }))]).nullish(),
          refusal: z.string().nullish().catch(null),
        }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: count, completion_tokens: count }).nullish().catch(null),
})

function readReply(text: string, key: string | undefined): Reply | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = completion.safeParse(value)
  if (!parsed.success) return undefined
  const { choices, usage } = parsed.data
  const { message, finish_reason } = choices[0]!
  const { content } = message
  const said = typeof content === 'string' ? content : (content ?? []).map((part) => part.text).join('')
  return {
    ok: true,
    content: (key === undefined ? said : said.replaceAll(key, '***')).slice(0, 10_000),
    declined: Boolean(message.refusal) || finish_reason === 'content_filter',
    tokens: { in: usage?.prompt_tokens ?? null, out: usage?.completion_tokens ?? null },
  }
}

function retryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}
