/** Ids and texts of tokenizers against Hugging Face's own library and sentencepiece (fixtures/formats). */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isComplete, put, refusal, refusalOf, temporaryFolder } from '../../test/support/bytes.ts'
import { SMOLLM2 } from '../../test/support/real.ts'
import { PalimpsestError } from '../core/errors.ts'
import { openGguf } from './gguf.ts'
import { tokenOffsets } from './token-offsets.ts'
import {
  checkTokens,
  loadTokenizer,
  refuseDoubledBos,
  type Tokenizer,
  tokenizerFromGguf,
} from './tokenizer.ts'

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
const fixture: Fixture = JSON.parse(
  readFileSync(
    fileURLToPath(new URL('../../test/fixtures/formats/tokenizers.json', import.meta.url)),
    'utf8',
  ),
)
const { texts } = fixture
const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

type Change = Record<string, unknown>
const gguf = (kv: Change): Tokenizer =>
  tokenizerFromGguf({
    path: '/models/x.gguf',
    kv: new Map(
      Object.entries(kv).flatMap(([key, value]) =>
        value === undefined ? [] : [[key.includes('.') ? key : `tokenizer.ggml.${key}`, value as never]],
      ),
    ),
  })

const BPE_TOKENS = [...fixture.bpe.tokens, ...fixture.bpe.added]
const END = fixture.bpe.tokens.length
/** The byte-level vocabulary; `<think>` is the user's own token, the other added ones are control tokens. */
const bpe = (pre: string | undefined, change: Change = {}): Tokenizer =>
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
const spm = (name: 'llama' | 'gemma', change: Change = {}): Tokenizer =>
  gguf({
    model: 'llama',
    tokens: fixture[name].tokens,
    scores: fixture[name].scores,
    token_type: fixture[name].types,
    ...(name === 'gemma' ? { add_space_prefix: false } : {}),
    ...change,
  })
const plain = { addSpecialTokens: false }

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

describe('tokenizer.json', () => {
  const save = (name: string, files: Record<string, unknown>): string => {
    const path = join(folder.path, name)
    mkdirSync(path, { recursive: true })
    for (const [file, content] of Object.entries(files)) put(path, file, content as object | string)
    return path
  }

  it.each(Object.keys(fixture.json))('of the kind %s gives the ids of Hugging Face', async (name) => {
    const { tokenizer: json, ids, plain: without } = fixture.json[name]!
    const tokenizer = await loadTokenizer(save(name, { 'tokenizer.json': json }))
    ;[...texts, ...fixture.extra].forEach((text, i) => {
      expect([text, ...tokenizer.encode(text)]).toEqual([text, ...ids[i]!])
      expect([text, ...tokenizer.encode(text, plain)]).toEqual([text, ...without[i]!])
    })
  })

  it.each([
    ['tokenizer_config.json', { bos_token: '<|endoftext|>', eos_token: { content: '<|im_end|>' } }],
    ['special_tokens_map.json', { bos_token: { content: '<|endoftext|>' }, eos_token: '<|im_end|>' }],
  ])('takes BOS and EOS from %s', async (file, content) => {
    const json = fixture.json.added!.tokenizer
    const tokenizer = await loadTokenizer(save(file, { 'tokenizer.json': json, [file]: content }))
    expect([tokenizer.token(tokenizer.bosId!), tokenizer.token(tokenizer.eosId!)]).toEqual([
      '<|endoftext|>',
      '<|im_end|>',
    ])
    expect(tokenizer.addsBos).toBe(true)
    const doubled = tokenizer.encode('<|endoftext|>a')
    const error = refusal(() => refuseDoubledBos(tokenizer, doubled))
    expect(error.code).toBe('doubled-bos')
    expect(error.message).toMatch(/<\|endoftext\|> twice[\s\S]*without special tokens/)
    refuseDoubledBos(tokenizer, doubled.slice(1))
  })

  const added = (change: object): object => ({
    ...fixture.json.added!.tokenizer,
    added_tokens: [{ id: 5, content: 'x', special: true, ...change }],
  })
  it.each<[what: string, file: unknown, says: RegExp]>([
    ['no JSON', '{"a', /JSON/],
    ['no object', '[]', /\[\]/],
    ['no tokenizer', {}, /tokenizer.json\n.*found/i],
    ['an unknown model', { ...fixture.json.added!.tokenizer, model: { type: 'Magic' } }, /Magic/],
    ['an added token without content', added({ content: '' }), /content ""/],
    ['an added token of a strange id', added({ id: 'a' }), /the id "a" for the token "x"/],
    ['an added token of a huge id', added({ id: 2 ** 40 }), /the id 1099511627776/],
    ['a fraction for an id', added({ id: 1.5 }), /the id 1.5/],
  ])('is refused with %s', async (_, file, says) => {
    const path = save('bad', { 'tokenizer.json': file })
    const error = await refusalOf(loadTokenizer(path))
    expect(error.code).toBe('tokenizer-malformed')
    expect(error.message).toMatch(says)
    expect(error.message).toContain(join(path, 'tokenizer.json'))
    expect(isComplete(error)).toBe(true)
  })

  it('that is not there is refused with what to do', async () => {
    const error = await refusalOf(loadTokenizer(save('none', {})))
    expect(error.code).toBe('tokenizer-missing')
    expect(error.message).toMatch(/save_pretrained/)
  })
})

describe('tokens and texts', () => {
  it('ids beyond the embedding are refused', () => {
    const tokenizer = bpe('gpt-2')
    checkTokens(tokenizer, [0, 9], 10)
    for (const ids of [
      [0, 10],
      [0, -1],
      [0, 0.5],
      [0, Number.NaN],
    ]) {
      const error = refusal(() => checkTokens(tokenizer, ids, 10))
      expect(error.code).toBe('token-range')
      expect(error.message).toMatch(/token 1\n.*0 to 9/)
      expect(isComplete(error)).toBe(true)
    }
  })

  it('tokens of another text are refused', () => {
    const tokenizer = bpe('gpt-2')
    for (const [text, other] of [
      ['the capital', 'another thing'],
      ['the capital', 'the capital '],
      ['the capital', 'the'],
      ['the capital ', 'the capital'],
      ['the capital\n', 'the capital'],
    ] as const) {
      const error = refusal(() => tokenOffsets(tokenizer, text, tokenizer.encode(other)))
      expect(error.code).toBe('token-offsets')
      expect(isComplete(error)).toBe(true)
    }
  })

  it('any text survives, and its tokens are placed', () => {
    const tokenizers = [bpe('llama-bpe'), bpe('smollm'), spm('llama'), spm('gemma')]
    const nasty = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...texts),
    )
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 3 }), (parts) => {
        const text = parts.join('')
        for (const tokenizer of tokenizers) {
          const ids = tokenizer.encode(text, plain)
          const offsets = tokenOffsets(tokenizer, text, ids)
          expect(offsets.at(-1)).toBe(text.length)
          checkTokens(tokenizer, ids, tokenizer.size)
        }
      }),
      { numRuns: 150, seed: 1 },
    )
  })

  it('words of tokenizers without tokens for spaces take the space before them', async () => {
    const json = {
      added_tokens: [{ id: 3, content: '<s>', special: true }],
      normalizer: null,
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: null,
      decoder: null,
      model: { type: 'WordLevel', vocab: { a: 0, tax: 1, '[UNK]': 2, '<s>': 3 }, unk_token: '[UNK]' },
    }
    const path = join(folder.path, 'words')
    mkdirSync(path, { recursive: true })
    put(path, 'tokenizer.json', json)
    const tokenizer = await loadTokenizer(path)
    expect([...tokenOffsets(tokenizer, ' a  tax\na <s>tax ', [0, 1, 0, 3, 1])]).toEqual([0, 2, 7, 9, 13, 17])
  })

  it('composed characters are followed back to what they were made of', () => {
    const tokenizer = bpe('qwen2')
    const text = 'Cafe\u0301 x'
    const offsets = tokenOffsets(tokenizer, text, tokenizer.encode(text))
    const ids = tokenizer.encode(text)
    const last = ids.length - 1
    expect(text.slice(offsets[last], offsets[last + 1])).toContain('x')
    expect(text.slice(0, offsets[last])).toBe(
      text.slice(0, text.length - (offsets[last + 1]! - offsets[last]!)),
    )
    for (const at of offsets) expect(at).not.toBe(4) // never between a letter and its accent
  })

  it('hostile vocabularies give a tokenizer or a refusal', () => {
    const token = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.constantFrom('', ' ', '▁', '<0x00>', '<s>', '__proto__'),
    )
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 12 }),
        fc.array(fc.nat(7), { maxLength: 12 }),
        fc.constantFrom('gpt2', 'llama'),
        fc.array(token, { maxLength: 4 }),
        (tokens, types, model, merges) => {
          try {
            const tokenizer = gguf({
              model,
              pre: 'gpt-2',
              tokens,
              token_type: tokens.map((_, i) => types[i] ?? 1),
              scores: tokens.map((_, i) => -i),
              merges,
            })
            expect(Array.isArray(tokenizer.encode('ab <s> é'))).toBe(true)
          } catch (error) {
            if (!(error instanceof PalimpsestError)) throw error
          }
        },
      ),
      { numRuns: 300, seed: 1 },
    )
  })
})

it.skipIf(SMOLLM2 === undefined)(
  'SmolLM2 (skipped where the model is not at hand) gives the ids of its own library',
  () => {
    using file = openGguf(join(SMOLLM2!, 'SmolLM2-135M-Instruct.Q4_1.gguf'))
    const tokenizer = tokenizerFromGguf(file)
    const golden: Record<string, number[]> = {
      'Hello, we can use': [19556, 28, 392, 416, 722],
      'The capital of France is': [504, 3575, 282, 4649, 314],
      'Hello world! 123': [19556, 905, 17, 216, 33, 34, 35],
      'Café déjà vu.': [51, 1939, 2756, 32564, 90, 16739, 386, 101, 30],
      '  multiple   spaces': [216, 2701, 256, 5600],
      '\n': [198],
    }
    for (const [text, ids] of Object.entries(golden)) {
      expect([text, ...tokenizer.encode(text, plain)]).toEqual([text, ...ids])
      expect(tokenOffsets(tokenizer, text, ids).at(-1)).toBe(text.length)
    }
  },
)
