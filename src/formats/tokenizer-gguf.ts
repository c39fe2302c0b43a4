/**
 * The tokenizer inside a GGUF file as a tokenizer.json object, so that one implementation serves both.
 * Pre-tokenizers are found by the label that the converter wrote (`tokenizer.ggml.pre`); their regular
 * expressions are those of llama.cpp's vocabulary code (llama-vocab.cpp).
 */

import { refuse } from '../core/errors.ts'

interface Synthesised {
  readonly json: Record<string, unknown>
  readonly config: Record<string, unknown>
  readonly kind: string
}

/** GGUF token types. */
const CONTROL = 3
const USER_DEFINED = 4
const UNKNOWN = 2

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
const llama3 = (digits: string): string =>
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`

interface PreTokenizer {
  readonly patterns: readonly string[]
  readonly nfc?: boolean
  readonly ignoreMerges?: boolean
  /** Whether the model's tokenizer adds BOS when the file does not say. */
  readonly addBos?: boolean
}

const PRE_TOKENIZERS: readonly [names: readonly string[], PreTokenizer][] = [
  [
    ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2'],
    { patterns: [llama3('\\p{N}{1,3}')], ignoreMerges: true, addBos: true },
  ],
  [['dbrx', 'smaug-bpe', 'olmo2'], { patterns: [llama3('\\p{N}{1,3}')] }],
  [['qwen2', 'deepseek-r1-qwen', 'kormo', 'stablelm2'], { patterns: [llama3('\\p{N}')], nfc: true }],
  [
    ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'],
    { patterns: ['\\p{N}', GPT2] },
  ],
  [['gpt-2', 'gpt2', 'phi-2', 'mpt', 'olmo', 'jina-es', 'jina-de', 'default'], { patterns: [GPT2] }],
]

/**
 * Builds tokenizer.json from GGUF metadata. A `tokenizer.huggingface.json` in the file is used as it is.
 *
 * @throws PalimpsestError `tokenizer-missing`, `tokenizer-unsupported` (model or pre-tokenizer),
 *   `tokenizer-malformed`
 */
export function ggufTokenizerJson(kv: ReadonlyMap<string, unknown>): Synthesised {
  const tokens = kv.get('tokenizer.ggml.tokens')
  const model = kv.get('tokenizer.ggml.model')
  const piece = (key: string): string | undefined => {
    const id = kv.get(`tokenizer.ggml.${key}_token_id`)
    return typeof id === 'number' ? (tokens as string[] | undefined)?.[id] : undefined
  }
  const config = { bos_token: piece('bos'), eos_token: piece('eos'), unk_token: piece('unknown') }
  const embedded = kv.get('tokenizer.huggingface.json')
  if (typeof embedded === 'string')
    return { json: parseEmbedded(embedded), config, kind: 'GGUF tokenizer.huggingface.json' }
  if (!isStrings(tokens))
    throw refuse('tokenizer-missing', 'The GGUF file holds no tokenizer.', {
      where: 'tokenizer.ggml.tokens',
      fix: 'Convert the model again with its tokenizer files beside it.',
    })
  if (model === 'gpt2')
    return { json: byteLevel(kv, tokens, config.bos_token), config, kind: `GGUF gpt2/${preName(kv)}` }
  if (model === 'llama')
    return { json: sentencePiece(kv, tokens, config.bos_token), config, kind: 'GGUF llama' }
  throw refuse('tokenizer-unsupported', 'This kind of tokenizer is not supported.', {
    where: 'tokenizer.ggml.model',
    found: String(model),
    expected: 'gpt2 or llama',
    fix: 'Use the Hugging Face folder of the model instead of the GGUF file.',
  })
}

function parseEmbedded(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw refuse('tokenizer-malformed', 'The tokenizer cannot be read.', {
      where: 'tokenizer.huggingface.json in the GGUF file',
      found: (error as Error).message,
    })
  }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((v) => typeof v === 'string')
}

function preName(kv: ReadonlyMap<string, unknown>): string {
  return String(kv.get('tokenizer.ggml.pre') ?? 'default')
}

function byteLevel(
  kv: ReadonlyMap<string, unknown>,
  tokens: readonly string[],
  bos: string | undefined,
): Record<string, unknown> {
  const name = preName(kv)
  const pre = PRE_TOKENIZERS.find(([names]) => names.includes(name))?.[1]
  if (pre === undefined)
    throw refuse('tokenizer-unsupported', 'This pre-tokenizer is not known.', {
      where: 'tokenizer.ggml.pre',
      found: name,
      expected: PRE_TOKENIZERS.flatMap(([names]) => names).join(', '),
      fix: 'Use the Hugging Face folder of the model instead of the GGUF file.',
    })
  const vocab = vocabulary(tokens)
  const merges = kv.get('tokenizer.ggml.merges')
  if (!isStrings(merges))
    throw refuse('tokenizer-malformed', 'The tokenizer has no merges.', { where: 'tokenizer.ggml.merges' })
  const pairs = merges.map((merge): [string, string] => {
    const space = merge.indexOf(' ', 1)
    const pair: [string, string] = [merge.slice(0, space), merge.slice(space + 1)]
    if (space < 0 || vocab[pair[0]] === undefined || vocab[pair[1]] === undefined)
      throw refuse('tokenizer-malformed', 'A merge names a token that is not in the vocabulary.', {
        where: 'tokenizer.ggml.merges',
        found: JSON.stringify(merge),
      })
    return pair
  })
  return {
    version: '1.0',
    added_tokens: addedTokens(kv, tokens),
    normalizer: pre.nfc === true ? { type: 'NFC' } : null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        ...pre.patterns.map((pattern) => ({
          type: 'Split',
          pattern: { Regex: pattern },
          behavior: 'Isolated',
          invert: false,
        })),
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: bosProcessor(kv, bos, pre.addBos ?? false, vocab),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pre.ignoreMerges ?? false,
      vocab,
      merges: pairs,
    },
  }
}

/**
 * SentencePiece BPE as merges: each piece can be made from every split into two pieces; better scores first.
 * Gemma's files (no space prefix) rank by the order of tokens instead.
 */
function sentencePiece(
  kv: ReadonlyMap<string, unknown>,
  tokens: readonly string[],
  bos: string | undefined,
): Record<string, unknown> {
  const vocab = vocabulary(tokens)
  const prefix = kv.get('tokenizer.ggml.add_space_prefix') !== false
  const scores = kv.get('tokenizer.ggml.scores')
  const rank = (id: number): number => (prefix && Array.isArray(scores) ? -(scores[id] as number) : id)
  const types = kv.get('tokenizer.ggml.token_type') as readonly number[] | undefined
  const merges: { rank: number; left: string; right: string }[] = []
  tokens.forEach((piece, id) => {
    if (types !== undefined && types[id] !== 1) return
    const points = [...piece]
    for (let i = 1; i < points.length; i++) {
      const left = points.slice(0, i).join('')
      const right = points.slice(i).join('')
      if (vocab[left] !== undefined && vocab[right] !== undefined)
        merges.push({ rank: rank(id), left, right })
    }
  })
  merges.sort((a, b) => a.rank - b.rank || b.left.length - a.left.length || b.right.length - a.right.length)
  const unknown = tokens[types?.indexOf(UNKNOWN) ?? -1] ?? '<unk>'
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  return {
    version: '1.0',
    added_tokens: addedTokens(kv, tokens),
    normalizer: prefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace] }
      : replace,
    pre_tokenizer: null,
    post_processor: bosProcessor(kv, bos, true, vocab),
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab,
      merges: merges.map(({ left, right }) => [left, right]),
    },
  }
}

function vocabulary(tokens: readonly string[]): Record<string, number> {
  const vocab: Record<string, number> = Object.create(null)
  tokens.forEach((token, id) => {
    vocab[token] ??= id
  })
  return vocab
}

function addedTokens(kv: ReadonlyMap<string, unknown>, tokens: readonly string[]): object[] {
  const types = kv.get('tokenizer.ggml.token_type')
  if (!Array.isArray(types)) return []
  return tokens.flatMap((content, id) => {
    const type = types[id]
    if (type !== CONTROL && type !== USER_DEFINED && type !== UNKNOWN) return []
    return [
      {
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: type !== USER_DEFINED,
      },
    ]
  })
}

function bosProcessor(
  kv: ReadonlyMap<string, unknown>,
  bos: string | undefined,
  fallback: boolean,
  vocab: Record<string, number>,
): object | null {
  const adds = (kv.get('tokenizer.ggml.add_bos_token') as boolean | undefined) ?? fallback
  if (!adds || bos === undefined) return null
  return {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [
      { SpecialToken: { id: bos, type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 1 } },
    ],
    special_tokens: { [bos]: { id: bos, ids: [vocab[bos]], tokens: [bos] } },
  }
}
