/**
 * Where tokens stand in their text. Tokenizers give ids only; here the bytes that each piece of the vocabulary
 * stands for are followed through the UTF-8 of the text.
 */

import { refuse } from '../core/errors.ts'
import { excerpt } from './excerpt.ts'
import type { Tokenizer } from './tokenizer.ts'

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
    expected: plain.token < ids.length ? excerpt(tokenizer.token(ids[plain.token]!)) : 'the end of the text',
    found: excerpt(text.slice(plain.at, plain.at + 20)),
    fix: 'The tokenizer changes texts in a way that is not supported: use raw rendering for this study.',
  })
}

/** The first token that does not stand where it should, and the place in the text. */
interface Lost {
  readonly token: number
  readonly at: number
}

function follow(tokenizer: Tokenizer, text: string, ids: ArrayLike<number>): Int32Array | Lost {
  const pieceOf = (id: number | undefined): string => (id === undefined ? '' : tokenizer.token(id)) ?? ''
  const first = (probe: string): string => pieceOf(tokenizer.encode(probe, { addSpecialTokens: false })[0])
  const byteLevel = first(' a').startsWith('Ġ')
  // SentencePiece cannot tell its sign for a space from a space.
  const plain = (s: string): string => (byteLevel ? s : s.replaceAll(SIGN, ' '))
  const prefixed = first('a').startsWith(SIGN)
  const { bytes, place } = encode(plain(text))
  // Tokenizers of whole words have no token for the spaces between them: they go to the word behind.
  const wordLevel = tokenizer
    .encode('a a', { addSpecialTokens: false })
    .every((id) => !/[Ġ▁ ]/.test(pieceOf(id)))
  const gapAt = (from: number): number => {
    let to = from
    while (wordLevel && SPACES.has(bytes[to]!)) to++
    return to - from
  }

  const offsets = new Int32Array(ids.length + 1)
  let at = 0
  let fresh = prefixed // a space that is not the text's comes next
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    offsets[i] = place[at]!
    const piece = pieceOf(id)
    const literal = UTF8.encode(plain(piece))
    const start = at + gapAt(at)
    const matches = (way: Uint8Array | undefined): way is Uint8Array =>
      way !== undefined && Buffer.compare(way, bytes.subarray(start, start + way.length)) === 0
    if (tokenizer.isSpecial(id)) {
      if (matches(literal)) at = start + literal.length
      fresh = prefixed
      continue
    }
    const own = byteLevel ? bytesOfLetters(piece) : byteOfName(piece)
    const found = [own, fresh && literal[0] === SPACE ? literal.subarray(1) : literal].find(matches)
    if (found === undefined) return { token: i, at: place[at]! }
    at = start + found.length
    fresh = prefixed && isAdded(tokenizer, piece, id)
  }
  at += gapAt(at)
  offsets[ids.length] = place[at]!
  return at === bytes.length ? offsets : { token: ids.length, at: place[at]! }
}

const SIGN = '▁'
const SPACE = 0x20
const SPACES = new Set([SPACE, 0x09, 0x0a, 0x0d])
const UTF8 = new TextEncoder()

/** UTF-8 of a text, and the UTF-16 offset of each byte's character. */
function encode(text: string): { bytes: Uint8Array; place: Int32Array } {
  const bytes = UTF8.encode(text)
  const place = new Int32Array(bytes.length + 1)
  let at = 0
  let offset = 0
  for (const c of text) {
    const length = Buffer.byteLength(c)
    place.fill(offset, at, at + length)
    at += length
    offset += c.length
  }
  place[at] = offset
  return { bytes, place }
}

/** GPT-2's letters for bytes: printable ones stand for themselves, the others for U+0100 and up. */
const LETTERS = new Map<string, number>()
for (let byte = 0, others = 0; byte < 256; byte++) {
  const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
  LETTERS.set(String.fromCharCode(printable ? byte : 256 + others++), byte)
}

/** The bytes of a byte-level piece; undefined for an added token that is written in other letters. */
function bytesOfLetters(piece: string): Uint8Array | undefined {
  const bytes = Array.from(piece, (c) => LETTERS.get(c))
  return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes as number[])
}

/** SentencePiece's tokens for single bytes: `<0x0A>`. */
function byteOfName(piece: string): Uint8Array | undefined {
  const hex = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1]
  return hex === undefined ? undefined : Uint8Array.of(Number.parseInt(hex, 16))
}

/** Whether a token is matched before texts are split: its own text then gives it alone, without a space before. */
function isAdded(tokenizer: Tokenizer, piece: string, id: number): boolean {
  const own = tokenizer.encode(piece, { addSpecialTokens: false })
  return own.length === 1 && own[0] === id
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
