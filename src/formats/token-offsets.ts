/**
 * Where tokens stand in their text. Tokenizers give ids only, so pieces are decoded one after the other and
 * followed through the text.
 */

import { refuse } from '../core/errors.ts'
import { excerpt } from './excerpt.ts'
import type { Tokenizer } from './tokenizer.ts'

/** A character takes four bytes at most; more tokens than these without whole characters are a mismatch. */
const MAX_PENDING = 8

/**
 * Where each token stands in its text: n + 1 rising UTF-16 offsets, token i covering [offsets[i],
 * offsets[i + 1]). Special tokens that are not written in the text have no width. Of tokens that split a
 * character, the last one has its width. Tokenizers that compose characters first (NFC) are followed: a token
 * that ends inside what was composed ends behind it.
 *
 * @throws PalimpsestError `token-offsets` when the ids are not those of the whole text
 * @example tokenOffsets(tokenizer, 'Hello world', tokenizer.encode('Hello world')) // [0, 5, 11]
 */
export function tokenOffsets(tokenizer: Tokenizer, text: string, ids: ArrayLike<number>): Int32Array {
  const plain = follow(tokenizer, text, ids)
  if (plain instanceof Int32Array) return plain
  const composed = compose(text)
  if (composed.text !== text) {
    const offsets = follow(tokenizer, composed.text, ids)
    if (offsets instanceof Int32Array) return offsets.map((at) => composed.source[at]!)
  }
  throw refuse('token-offsets', 'Tokens could not be found in their text.', {
    where: `token ${plain.token} of ${ids.length}`,
    expected: excerpt(plain.decoded),
    found: excerpt(text.slice(plain.at, plain.at + 20)),
    fix: 'The tokenizer changes texts in a way that is not supported: use raw rendering for this study.',
  })
}

interface Lost {
  readonly token: number
  readonly at: number
  readonly decoded: string
}

function follow(tokenizer: Tokenizer, text: string, ids: ArrayLike<number>): Int32Array | Lost {
  const decode = insideDecoder(tokenizer)
  const offsets = new Int32Array(ids.length + 1)
  let at = 0
  let pending: number[] = []
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    offsets[i] = at
    const piece = tokenizer.token(id) ?? ''
    if (pending.length === 0 && tokenizer.isSpecial(id)) {
      if (text.startsWith(piece, at)) at += piece.length
      continue
    }
    pending.push(id)
    const decoded = decode(pending)
    const width = widthAt(text, at, decoded)
    if (width === undefined || (decoded.endsWith('\ufffd') && !text.startsWith(decoded, at))) {
      if (pending.length < MAX_PENDING && i + 1 < ids.length) continue
      return { token: i, at, decoded }
    }
    at += width
    pending = []
  }
  offsets[ids.length] = at
  return at === text.length ? offsets : { token: ids.length, at, decoded: '' }
}

/** Decodes ids as they read in the middle of a text: SPM decoders drop a leading space otherwise. */
function insideDecoder(tokenizer: Tokenizer): (ids: readonly number[]) => string {
  const anchor = tokenizer.encode('a', { addSpecialTokens: false })
  const head = tokenizer.decode(anchor)
  return (ids) => {
    const whole = tokenizer.decode([...anchor, ...ids])
    return whole.startsWith(head) ? whole.slice(head.length) : tokenizer.decode(ids)
  }
}

/** How much of the text at `at` a decoded piece covers; a leading space may be the tokenizer's own. */
function widthAt(text: string, at: number, piece: string): number | undefined {
  if (text.startsWith(piece, at)) return piece.length
  const trimmed = piece.replace(/^ /, '')
  return trimmed.length < piece.length && text.startsWith(trimmed, at) ? trimmed.length : undefined
}

/** A text in NFC, and where each of its offsets was before; inside a composed character, behind it. */
function compose(text: string): { text: string; source: Int32Array } {
  const source: number[] = []
  let out = ''
  // Characters that can be composed into one are never parted by this segmentation.
  for (const { segment, index } of new Intl.Segmenter('und').segment(text)) {
    const normal = segment.normalize('NFC')
    for (let i = 0; i < normal.length; i++)
      source.push(normal === segment || i === 0 ? index + i : index + segment.length)
    out += normal
  }
  source.push(text.length)
  return { text: out, source: Int32Array.from(source) }
}
