import { describe, expect, it } from 'vitest'
import { isComplete, refusal } from '../../test/support/bytes.ts'
import {
  BPE_TOKENS,
  bpe,
  type Change,
  END,
  fixture,
  gguf,
  plain,
  spm,
  texts,
} from '../../test/support/tokenizers.ts'
import { tokenOffsets } from './token-offsets.ts'
import type { Tokenizer } from './tokenizer.ts'

describe.each(Object.keys(fixture.bpe.ids))(
  'a byte-level tokenizer in GGUF with the pre-tokenizer %s',
  (pre) => {
    const tokenizer = bpe(pre)

    it('gives the ids of Hugging Face', () => {
      texts.forEach((text, i) => {
        expect([text, ...tokenizer.encode(text, plain)]).toEqual([text, ...fixture.bpe.ids[pre]![i]!])
      })
    })

    it('decodes what it encodes, and places each token', () => {
      for (const text of texts) {
        const ids = tokenizer.encode(text, plain)
        const normal = pre === 'qwen2' ? text.normalize('NFC') : text
        expect(tokenizer.decode(ids)).toBe(normal)
        const offsets = tokenOffsets(tokenizer, text, ids)
        expect([offsets[0], offsets.at(-1)]).toEqual([0, text.length])
        ids.forEach((id, i) => {
          const covered = text.slice(offsets[i], offsets[i + 1])
          const piece = tokenizer.decode([id])
          if (!piece.includes('\ufffd') && normal === text && covered !== '') expect(covered).toBe(piece)
        })
      }
    })
  },
)

it('pre-tokenizers differ on these texts, so that none can stand for another', () => {
  const all = Object.values(fixture.bpe.ids).map((ids) => JSON.stringify(ids))
  expect(new Set(all).size).toBe(all.length)
})

describe.each(['llama', 'gemma'] as const)('a SentencePiece tokenizer in GGUF, as %s', (name) => {
  const tokenizer = spm(name)

  it('gives the ids and texts of sentencepiece', () => {
    texts.forEach((text, i) => {
      const ids = fixture[name].ids[i]!
      expect([text, ...tokenizer.encode(text, plain)]).toEqual([text, ...ids])
      expect(tokenizer.decode(ids)).toBe(fixture[name].decoded[i])
    })
  })

  it('places each token', () => {
    for (const text of texts) {
      const ids = tokenizer.encode(text, plain)
      const offsets = tokenOffsets(tokenizer, text, ids)
      expect([offsets[0], offsets.at(-1)]).toEqual([0, text.length])
      for (let i = 0; i < ids.length; i++) expect(offsets[i + 1]).toBeGreaterThanOrEqual(offsets[i]!)
    }
    const [hello] = ['Hello, we can use'].map((text) => ({ text, ids: tokenizer.encode(text) }))
    const offsets = tokenOffsets(tokenizer, hello!.text, hello!.ids)
    // BOS has no width; the pieces together are the text.
    expect(tokenizer.isSpecial(hello!.ids[0]!)).toBe(true)
    expect(offsets[1]).toBe(0)
    const pieces = hello!.ids.map((_, i) => hello!.text.slice(offsets[i], offsets[i + 1]))
    expect(pieces.join('')).toBe(hello!.text)
  })

  it('begins with BOS unless the file says otherwise, and ends with EOS where it says so', () => {
    expect(tokenizer.bosId).toBe(1)
    expect(tokenizer.addsBos).toBe(true)
    expect(tokenizer.encode('a')).toEqual([1, ...tokenizer.encode('a', plain)])
    expect(spm(name, { add_bos_token: false }).encode('a')).toEqual(tokenizer.encode('a', plain))
    expect(spm(name, { add_eos_token: true }).encode('a')).toEqual([1, ...tokenizer.encode('a', plain), 2])
  })
})

describe('Gemma in GGUF', () => {
  it("matches the user's own tokens whether their spaces are written plainly or as the vocabulary's sign", () => {
    const signs = spm('gemma', {
      tokens: fixture.gemma.tokens.map((t, i) => (fixture.gemma.types[i] === 4 ? t.replaceAll(' ', '▁') : t)),
    })
    texts.forEach((text, i) => {
      expect([text, ...signs.encode(text, plain)]).toEqual([text, ...fixture.gemma.ids[i]!])
    })
  })
})

describe('special tokens in GGUF', () => {
  it('are found in texts, and added where the kind of tokenizer says so', () => {
    const llama = bpe('llama-bpe')
    expect(llama.encode('a')).toEqual([END, ...llama.encode('a', plain)])
    expect(bpe('smollm').encode('a')).toEqual(bpe('smollm').encode('a', plain))
    expect(bpe('smollm', { add_bos_token: true }).encode('a')[0]).toBe(END)
    expect(llama.encode('<think>', plain)).toHaveLength(1)
    expect(llama.isSpecial(END)).toBe(true)
    expect(llama.isSpecial(llama.idOf('<think>')!)).toBe(false)
    expect(llama.decode(llama.encode('<think>a'), { skipSpecialTokens: true })).toBe('<think>a')
    expect([llama.size, llama.eosId, llama.token(END)]).toEqual([BPE_TOKENS.length, END + 1, '<|endoftext|>'])
  })

  it('a tokenizer.huggingface.json in the file is used as it is', () => {
    const { tokenizer, ids } = fixture.json.added!
    const embedded = bpe('gpt-2', { 'tokenizer.huggingface.json': JSON.stringify(tokenizer) })
    texts.forEach((text, i) => {
      expect([text, ...embedded.encode(text)]).toEqual([text, ...ids[i]!])
    })
    expect(embedded.kind).toBe('GGUF tokenizer.huggingface.json')
  })

  it('equal tokenizers have equal hashes, others have others', () => {
    expect(bpe('smollm').hash).toBe(bpe('smollm').hash)
    const hashes = ['smollm', 'gpt-2', 'qwen2', 'llama-bpe', 'smaug-bpe'].map((pre) => bpe(pre).hash)
    expect(new Set(hashes).size).toBe(5)
  })
})

describe('a tokenizer inside GGUF is refused with its key when', () => {
  const without = (...names: string[]): Change => Object.fromEntries(names.map((name) => [name, undefined]))
  it.each<[what: string, make: () => Tokenizer, code: string, says: RegExp]>([
    ['there is none', () => gguf({}), 'tokenizer-missing', /ggml.tokens/],
    [
      'its tokens are numbers',
      () => bpe('gpt-2', { tokens: [1, 2] }),
      'tokenizer-missing',
      /list of 2|\[1, 2\]/,
    ],
    [
      'its kind is unknown',
      () => bpe('gpt-2', { model: 'bert' }),
      'tokenizer-unsupported',
      /gpt2 or llama\n.*"bert"/,
    ],
    [
      'its pre-tokenizer is unknown',
      () => bpe('tekken'),
      'tokenizer-unsupported',
      /ggml.pre\n.*llama-bpe.*\n.*tekken/,
    ],
    ['its pre-tokenizer is not said', () => bpe(undefined), 'tokenizer-unsupported', /does not say/],
    [
      'it has no merges',
      () => bpe('gpt-2', without('merges')),
      'tokenizer-malformed',
      /merges\n.*\n.*nothing/,
    ],
    ['a merge has no space', () => bpe('gpt-2', { merges: ['ab'] }), 'tokenizer-malformed', /"ab"/],
    [
      'a merge makes of what is no token',
      () => bpe('gpt-2', { merges: ['a 日'] }),
      'tokenizer-malformed',
      /"a 日"/,
    ],
    [
      'a token is there twice',
      () => bpe('gpt-2', { tokens: ['a', 'b', 'a'], token_type: [1, 1, 1] }),
      'tokenizer-malformed',
      /"a" as 0 and 2/,
    ],
    [
      'types are missing',
      () => bpe('gpt-2', { token_type: [1] }),
      'tokenizer-malformed',
      new RegExp(`${BPE_TOKENS.length} types`),
    ],
    ['scores are missing', () => spm('llama', without('scores')), 'tokenizer-malformed', /scores/],
    [
      'a piece is longer than any',
      () => spm('llama', { tokens: ['x'.repeat(2000)], scores: [0], token_type: [1] }),
      'tokenizer-malformed',
      /2000 in token 0/,
    ],
    [
      'its tokenizer.json is no JSON',
      () => bpe('gpt-2', { 'tokenizer.huggingface.json': '{' }),
      'tokenizer-malformed',
      /huggingface.json/,
    ],
    [
      'its tokenizer.json is no object',
      () => bpe('gpt-2', { 'tokenizer.huggingface.json': '3' }),
      'tokenizer-malformed',
      /huggingface.json/,
    ],
    [
      'its tokenizer.json is no tokenizer',
      () => bpe('gpt-2', { 'tokenizer.huggingface.json': '{}' }),
      'tokenizer-malformed',
      /x.gguf/,
    ],
  ])('%s', (_, make, code, says) => {
    const error = refusal(make)
    expect(error.message).toMatch(says)
    expect(error.code).toBe(code)
    expect(error.message).toContain('/models/x.gguf')
    expect(isComplete(error)).toBe(true)
  })

  it('but an empty token is harmless, as in llama.cpp', () => {
    const tokenizer = bpe('gpt-2', { tokens: BPE_TOKENS.with(END, '') })
    expect(tokenizer.token(END)).toBe(`[EMPTY_${END}]`)
    expect(tokenizer.encode('a', plain)).toEqual(bpe('gpt-2').encode('a', plain))
  })
})
