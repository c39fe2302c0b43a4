/** Tokens as readers see them. */

import type { Tokenizer } from '../formats/tokenizer.ts'

/** A token as it stands in a text: with its space, where the vocabulary marks one. */
export function tokenPiece(tokenizer: Tokenizer, id: number): string {
  const token = tokenizer.token(id) ?? ''
  if (tokenizer.isSpecial(id)) return token
  return `${/^[Ġ▁]/.test(token) ? ' ' : ''}${tokenizer.decode([id]).trimStart()}`
}

/** Tokens as they stand in their text; tokenizers of whole words leave the spaces between them to the decoder. */
export function tokensInText(tokenizer: Tokenizer, ids: readonly number[]): string[] {
  let before = ''
  return ids.map((id, i) => {
    const until = tokenizer.decode(ids.slice(0, i + 1), { skipSpecialTokens: false })
    // Not where a character is split between tokens.
    const shown = i > 0 && until.startsWith(before) ? until.slice(before.length) : tokenPiece(tokenizer, id)
    before = until
    return shown
  })
}
