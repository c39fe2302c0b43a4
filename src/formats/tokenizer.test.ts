/** Tokenizers in files of Hugging Face, against its own library (fixtures/formats); tokens and their texts. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isComplete, put, refusal, refusalOf, temporaryFolder } from '../../test/support/bytes.ts'
import { SMOLLM2 } from '../../test/support/real.ts'
import { bpe, fixture, gguf, plain, spm, texts } from '../../test/support/tokenizers.ts'
import { PalimpsestError } from '../core/errors.ts'
import { openGguf } from './gguf.ts'
import { tokenOffsets } from './token-offsets.ts'
import { checkTokens, loadTokenizer, refuseDoubledBos, tokenizerFromGguf } from './tokenizer.ts'

const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

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
    ['no tokenizer', {}, /found: .*"model"/],
    ['an unknown model', { ...fixture.json.added!.tokenizer, model: { type: 'Magic' } }, /Magic/],
    ['an added token without content', added({ content: '' }), /content ""/],
    ['an added token of a strange id', added({ id: 'a' }), /the id "a" for the token "x"/],
    ['an added token of a huge id', added({ id: 2 ** 40 }), /the id 1099511627776/],
    ['a fraction for an id', added({ id: 1.5 }), /the id 1.5/],
    ['added tokens that are a text', { ...fixture.json.added!.tokenizer, added_tokens: '' }, /that are ""/],
  ])('is refused with %s', async (_, file, says) => {
    const path = save('bad', { 'tokenizer.json': file })
    const error = await refusalOf(loadTokenizer(path))
    expect(error.code).toBe('tokenizer-malformed')
    expect(error.message).toMatch(says)
    expect(error.message).toContain(join(path, 'tokenizer.json'))
    expect(isComplete(error)).toBe(true)
  })

  it.each([
    ['that is nothing', null],
    ['of texts', 'x'],
    ['of nothings', [null]],
  ])('is refused with a template of special tokens %s, at the first text', async (_, single) => {
    const broken = {
      ...fixture.json.added!.tokenizer,
      post_processor: { type: 'TemplateProcessing', single, pair: [], special_tokens: {} },
    }
    const path = save('broken', { 'tokenizer.json': broken })
    const error = await refusalOf(loadTokenizer(path).then((t) => t.encode('a')))
    expect(error.code).toBe('tokenizer-malformed')
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
