/**
 * Text to token ids and back, as Hugging Face does it for a model: through `@huggingface/tokenizers`, from
 * tokenizer.json or from the tokenizer inside a GGUF file (tokenizer-gguf.ts).
 */

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers'
import { refuse } from '../core/errors.ts'
import { explainFileError, hashJson } from '../core/files.ts'
import { excerpt, printable } from './excerpt.ts'
import type { GgufFile } from './gguf.ts'
import { ggufTokenizerJson } from './tokenizer-gguf.ts'

/** Far above the largest known tokenizer.json (35 MB). */
const MAX_BYTES = 500_000_000
const MAX_ID = 2 ** 24

export interface Tokenizer {
  /** 1 + the highest id it knows: rows of the embedding beyond are padding. */
  readonly size: number
  readonly bosId: number | undefined
  readonly eosId: number | undefined
  /** Whether `encode` begins with BOS. */
  readonly addsBos: boolean
  /** Where it comes from, for people: `tokenizer.json`, `GGUF gpt2/smollm`. */
  readonly kind: string
  /** Tokenizers of equal hash give equal ids. */
  readonly hash: string
  /** Ids of a text, by default with the special tokens that the model expects around it. */
  encode(text: string, options?: { addSpecialTokens?: boolean }): number[]
  /** Text of ids, without any clean-up of spaces. */
  decode(ids: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string
  isSpecial(id: number): boolean
  /** The vocabulary's piece of an id. */
  token(id: number): string | undefined
  idOf(piece: string): number | undefined
}

/**
 * The tokenizer of a checkpoint folder (tokenizer.json with tokenizer_config.json).
 *
 * @throws PalimpsestError `tokenizer-missing`, `tokenizer-malformed`
 * @example (await loadTokenizer('./base')).encode('Hello')
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, 'tokenizer.json')
  const json = await readJson(path)
  if (json === undefined)
    throw refuse('tokenizer-missing', 'The model has no tokenizer.json.', {
      where: folder,
      expected: 'tokenizer.json beside config.json',
      found: 'no such file',
      fix: 'Fetch it, or write it with transformers: AutoTokenizer.from_pretrained(...).save_pretrained(folder) makes one from older files.',
    })
  const config = {
    ...(await readJson(join(folder, 'special_tokens_map.json'))),
    ...(await readJson(join(folder, 'tokenizer_config.json'))),
  }
  return makeTokenizer(json, config, 'tokenizer.json', path)
}

/**
 * The tokenizer inside a GGUF file.
 *
 * @throws PalimpsestError `tokenizer-missing`, `tokenizer-unsupported`, `tokenizer-malformed`
 */
export function tokenizerFromGguf(file: Pick<GgufFile, 'kv' | 'path'>): Tokenizer {
  const { json, config, kind } = ggufTokenizerJson(file.kv, file.path)
  return makeTokenizer(json, config, kind, file.path)
}

/**
 * Stands in for a tokenizer that is not there or cannot be read: it knows the model's own BOS and EOS, so that
 * token ids can be run, and throws `reason` where text is involved.
 */
export function absentTokenizer(
  reason: Error,
  model: { vocabulary: number; bosId: number | undefined; eosIds: readonly number[] },
): Tokenizer {
  const special = new Set([...model.eosIds, ...(model.bosId === undefined ? [] : [model.bosId])])
  const refuseText = (): never => {
    throw reason
  }
  return {
    size: model.vocabulary,
    bosId: model.bosId,
    eosId: model.eosIds[0],
    addsBos: false,
    kind: 'none',
    hash: 'none',
    encode: refuseText,
    decode: refuseText,
    isSpecial: (id) => special.has(id),
    token: () => undefined,
    idOf: () => undefined,
  }
}

type Json = Record<string, unknown>

async function readJson(path: string): Promise<Json | undefined> {
  let text: string
  try {
    if ((await stat(path)).size > MAX_BYTES) throw malformed(path, `more than ${MAX_BYTES} bytes`)
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw explainFileError(error, path)
  }
  try {
    const json: unknown = JSON.parse(text)
    if (json === null || typeof json !== 'object' || Array.isArray(json)) throw malformed(path, excerpt(json))
    return json as Json
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(path, printable(error.message))
    throw error
  }
}

function malformed(where: string, found: string): Error {
  return refuse('tokenizer-malformed', 'The tokenizer cannot be read.', {
    where,
    expected: 'a tokenizer.json that the Rust library tokenizers would read',
    found,
    fix: 'Fetch the tokenizer files again.',
  })
}

function makeTokenizer(json: Json, config: Json, kind: string, where: string): Tokenizer {
  // The library takes a file at its word, so that a damaged part may be found out only when a text comes to it.
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw malformed(where, printable((error as Error).message))
    }
  }
  const inner = guarded(() => new HfTokenizer(json, config))
  checkIds(json, inner, where)
  keepBytes(inner.decoder)
  const added = (json.added_tokens ?? []) as { id: number; content: string; special?: boolean }[]
  const special = new Set(added.filter((t) => t.special === true).map((t) => t.id))
  let size = 0
  for (const id of inner.get_vocab(true).values()) size = Math.max(size, id + 1)
  const idOf = (piece: string): number | undefined => inner.token_to_id(piece) ?? undefined
  const named = (key: string): number | undefined => {
    const value = config[key]
    const content =
      typeof value === 'string' ? value : (value as { content?: unknown } | null | undefined)?.content
    return typeof content === 'string' ? idOf(content) : undefined
  }
  const bosId = named('bos_token')
  const encode = (text: string, addSpecialTokens: boolean): number[] =>
    guarded(() => inner.encode(text, { add_special_tokens: addSpecialTokens }).ids)
  let hash: string | undefined
  return {
    size,
    bosId,
    eosId: named('eos_token'),
    addsBos: bosId !== undefined && encode('a', true)[0] === bosId,
    kind,
    get hash() {
      hash ??= hashJson({
        model: json.model,
        added,
        normalizer: json.normalizer,
        pre: json.pre_tokenizer,
        post: json.post_processor,
      })
      return hash
    },
    encode: (text, options) => encode(text, options?.addSpecialTokens ?? true),
    decode: (ids, options) =>
      ids.length === 0
        ? ''
        : guarded(() =>
            inner.decode(Array.from(ids), {
              skip_special_tokens: options?.skipSpecialTokens ?? false,
              clean_up_tokenization_spaces: false,
            }),
          ),
    isSpecial: (id) => special.has(id),
    token: (id) => inner.id_to_token(id) ?? undefined,
    idOf,
  }
}

/** Ids index the embedding: anything but small integers would be found out only there. */
function checkIds(json: Json, inner: HfTokenizer, where: string): void {
  const added = (json.added_tokens ?? []) as { id?: unknown; content?: unknown }[]
  if (!Array.isArray(added)) throw malformed(where, `added_tokens that are ${excerpt(added)}`)
  for (const { content } of added)
    if (typeof content !== 'string' || content === '')
      throw malformed(where, `an added token of the content ${excerpt(content)}`)
  const all = [...inner.get_vocab(true), ...added.map((t) => [t.content, t.id] as const)]
  for (const [token, id] of all)
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_ID)
      throw malformed(where, `the id ${excerpt(id)} for the token ${excerpt(token)}`)
}

/**
 * Byte tokens are text only together. As in Hugging Face's own library, bytes that are no UTF-8 give one
 * replacement character each, and a byte order mark is a character like any other.
 */
function keepBytes(decoder: unknown): void {
  const { decoders, text_decoder: bytes } = (decoder ?? {}) as {
    decoders?: unknown[]
    text_decoder?: unknown
  }
  for (const inner of decoders ?? []) keepBytes(inner)
  if (bytes instanceof TextDecoder && !bytes.ignoreBOM)
    Object.assign(decoder as object, {
      text_decoder: {
        decode(source: Uint8Array): string {
          try {
            return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(source)
          } catch {
            return '\ufffd'.repeat(source.length)
          }
        },
      },
    })
}

/**
 * Refuses ids that the model has no embedding for.
 *
 * @throws PalimpsestError `token-range`
 */
export function checkTokens(tokenizer: Tokenizer, ids: ArrayLike<number>, vocabulary: number): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (!Number.isInteger(id) || id < 0 || id >= vocabulary)
      throw refuse('token-range', 'A token id is not in the vocabulary of the model.', {
        where: `token ${i}`,
        expected: `0 to ${vocabulary - 1}`,
        found: `${id}`,
        fix: `Use ids of this model's own tokenizer (${tokenizer.kind}).`,
      })
  }
}

/**
 * Refuses a text that begins with two BOS tokens: a template that writes one, tokenized with another added.
 *
 * @throws PalimpsestError `doubled-bos`
 */
export function refuseDoubledBos(tokenizer: Tokenizer, ids: ArrayLike<number>): void {
  if (
    tokenizer.bosId !== undefined &&
    ids.length > 1 &&
    ids[0] === tokenizer.bosId &&
    ids[1] === tokenizer.bosId
  )
    throw refuse('doubled-bos', 'The text begins with two BOS tokens.', {
      expected: 'one BOS token at most',
      found: `${tokenizer.token(tokenizer.bosId)} twice`,
      fix: 'Remove it from the text, or tokenize rendered chats without special tokens.',
    })
}
