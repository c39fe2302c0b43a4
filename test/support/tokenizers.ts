/** Tokenizers of the fixture formats/tokenizers.json: in GGUF, of every kind, and in files of Hugging Face. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Tokenizer, tokenizerFromGguf } from '../../src/formats/tokenizer.ts'

interface Spm {
  tokens: string[]
  types: number[]
  scores: number[]
  ids: number[][]
  decoded: string[]
}
interface Fixture {
  texts: string[]
  extra: string[]
  bpe: { tokens: string[]; merges: string[]; added: string[]; ids: Record<string, number[][]> }
  llama: Spm
  gemma: Spm
  json: Record<string, { tokenizer: object; ids: number[][]; plain: number[][] }>
}
export const fixture: Fixture = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/formats/tokenizers.json', import.meta.url)), 'utf8'),
)
export const { texts } = fixture

export type Change = Record<string, unknown>
export const gguf = (kv: Change): Tokenizer =>
  tokenizerFromGguf({
    path: '/models/x.gguf',
    kv: new Map(
      Object.entries(kv).flatMap(([key, value]) =>
        value === undefined ? [] : [[key.includes('.') ? key : `tokenizer.ggml.${key}`, value as never]],
      ),
    ),
  })

export const BPE_TOKENS = [...fixture.bpe.tokens, ...fixture.bpe.added]
export const END = fixture.bpe.tokens.length
/** The byte-level vocabulary; `<think>` is the user's own token, the other added ones are control tokens. */
export const bpe = (pre: string | undefined, change: Change = {}): Tokenizer =>
  gguf({
    model: 'gpt2',
    pre,
    tokens: BPE_TOKENS,
    merges: fixture.bpe.merges,
    token_type: BPE_TOKENS.map((token, i) => (i < END ? 1 : token === '<think>' ? 4 : 3)),
    bos_token_id: END,
    eos_token_id: END + 1,
    ...change,
  })
export const spm = (name: 'llama' | 'gemma', change: Change = {}): Tokenizer =>
  gguf({
    model: 'llama',
    tokens: fixture[name].tokens,
    scores: fixture[name].scores,
    token_type: fixture[name].types,
    ...(name === 'gemma' ? { add_space_prefix: false } : {}),
    ...change,
  })
export const plain = { addSpecialTokens: false }
