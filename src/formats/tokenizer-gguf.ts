/**
 * The tokenizer inside a GGUF file as a tokenizer.json object, so that one implementation serves both.
 * Pre-tokenizers are found by the label that the converter wrote (`tokenizer.ggml.pre`); their regular
 * expressions are those of llama.cpp's vocabulary code (llama-vocab.cpp).
 */

import { refuse } from '../core/errors.ts'
import { excerpt, printable } from './excerpt.ts'

interface Synthesised {
  readonly json: Record<string, unknown>
  readonly config: Record<string, unknown>
  readonly kind: string
}

/** GGUF token types. */
const NORMAL = 1
const UNKNOWN = 2
const CONTROL = 3
const USER_DEFINED = 4

/** Pieces of SentencePiece are short; splitting one costs the square of its length. */
const MAX_PIECE = 1000

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
  [['dbrx', 'smaug-bpe'], { patterns: [llama3('\\p{N}{1,3}')] }],
  [
    ['qwen2', 'deepseek-r1-qwen', 'kormo', 'megrez', 'stablelm2'],
    { patterns: [llama3('\\p{N}')], nfc: true },
  ],
  [
    ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'],
    { patterns: ['\\p{N}', GPT2] },
  ],
  [['gpt-2', 'phi-2', 'mpt', 'olmo'], { patterns: [GPT2] }],
]

/** The metadata that a tokenizer is made of, checked. */
interface Vocabulary {
  readonly kv: ReadonlyMap<string, unknown>
  /** The file, for messages. */
  readonly path: string
  readonly tokens: readonly string[]
  readonly ids: Readonly<Record<string, number>>
  /** Type of each token; `NORMAL` throughout where the file does not say. */
  readonly types: readonly number[]
  readonly bos: string | undefined
  readonly eos: string | undefined
}

/**
 * Builds tokenizer.json from GGUF metadata. A `tokenizer.huggingface.json` in the file is used as it is.
 *
 * @param path the file, for messages
 * @throws PalimpsestError `tokenizer-missing`, `tokenizer-unsupported` (model or pre-tokenizer),
 *   `tokenizer-malformed`
 */
export function ggufTokenizerJson(kv: ReadonlyMap<string, unknown>, path: string): Synthesised {
  const model = kv.get('tokenizer.ggml.model')
  const embedded = kv.get('tokenizer.huggingface.json')
  const tokens = kv.get('tokenizer.ggml.tokens')
  if (!isStrings(tokens) || tokens.length === 0)
    throw refuse('tokenizer-missing', 'The GGUF file holds no tokenizer.', {
      where: `${path}, key tokenizer.ggml.tokens`,
      expected: 'a list of tokens',
      found: excerpt(tokens),
      fix: 'Convert the model again with its tokenizer files beside it.',
    })
  const special = (name: string, fallback?: number): string | undefined => {
    const id = kv.get(`tokenizer.ggml.${name}_token_id`) ?? fallback
    return typeof id === 'number' ? tokens[id] : undefined
  }
  // What llama.cpp takes for files of this kind that do not say.
  const [bos, eos, unknown] = model === 'llama' ? [1, 2, 0] : []
  const config = {
    bos_token: special('bos', bos),
    eos_token: special('eos', eos),
    unk_token: special('unknown', unknown),
  }
  if (typeof embedded === 'string')
    return { json: parseEmbedded(embedded, path), config, kind: 'GGUF tokenizer.huggingface.json' }
  const v = { ...vocabulary(kv, path, tokens), bos: config.bos_token, eos: config.eos_token }
  if (model === 'gpt2') return { json: byteLevel(v), config, kind: `GGUF gpt2/${preName(kv)}` }
  if (model === 'llama') return { json: sentencePiece(v), config, kind: 'GGUF llama' }
  throw refuse('tokenizer-unsupported', 'This kind of tokenizer is not supported.', {
    where: `${path}, key tokenizer.ggml.model`,
    found: excerpt(model),
    expected: 'gpt2 or llama',
    fix: 'Use the Hugging Face folder of the model instead of the GGUF file.',
  })
}

function parseEmbedded(text: string, path: string): Record<string, unknown> {
  const where = `${path}, key tokenizer.huggingface.json`
  const fix = 'Convert the model again, or use its Hugging Face folder.'
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    const found = printable((error as Error).message)
    throw refuse('tokenizer-malformed', 'The tokenizer cannot be read.', {
      where,
      expected: 'a JSON object',
      found,
      fix,
    })
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    throw refuse('tokenizer-malformed', 'The tokenizer cannot be read.', {
      where,
      expected: 'a JSON object',
      found: excerpt(json),
      fix,
    })
  return json as Record<string, unknown>
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((v) => typeof v === 'string')
}

function preName(kv: ReadonlyMap<string, unknown>): string {
  return printable(String(kv.get('tokenizer.ggml.pre') ?? 'default'))
}

function malformed(path: string, key: string, expected: string, found: string): Error {
  return refuse('tokenizer-malformed', 'The tokenizer in the GGUF file contradicts itself.', {
    where: `${path}, key tokenizer.ggml.${key}`,
    expected,
    found,
    fix: 'Convert the model again with a current converter, or use its Hugging Face folder.',
  })
}

function vocabulary(
  kv: ReadonlyMap<string, unknown>,
  path: string,
  given: readonly string[],
): Omit<Vocabulary, 'bos' | 'eos'> {
  const types = kv.get('tokenizer.ggml.token_type') ?? given.map(() => NORMAL)
  if (!Array.isArray(types) || types.length !== given.length)
    throw malformed(path, 'token_type', `${given.length} types`, excerpt(types))
  // An empty token would match everywhere; llama.cpp names it so.
  const tokens = given.map((token, id) => (token === '' ? `[EMPTY_${id}]` : token))
  const ids: Record<string, number> = Object.create(null)
  tokens.forEach((token, id) => {
    if (ids[token] !== undefined)
      throw malformed(path, 'tokens', 'every token once', `${excerpt(token)} as ${ids[token]} and ${id}`)
    ids[token] = id
  })
  return { kv, path, tokens, ids, types }
}

function byteLevel(v: Vocabulary): Record<string, unknown> {
  const { kv, path, ids } = v
  const name = preName(kv)
  const pre = PRE_TOKENIZERS.find(([names]) => names.includes(name))?.[1]
  if (pre === undefined)
    throw refuse(
      'tokenizer-unsupported',
      name === 'default'
        ? 'The file does not say how texts are split before they are tokenized.'
        : 'This pre-tokenizer is not known.',
      {
        where: `${path}, key tokenizer.ggml.pre`,
        found: name,
        expected: PRE_TOKENIZERS.flatMap(([names]) => names).join(', '),
        fix: 'Use the Hugging Face folder of the model instead of the GGUF file: a guess would give other tokens.',
      },
    )
  const merges = kv.get('tokenizer.ggml.merges')
  if (!isStrings(merges)) throw malformed(path, 'merges', 'a list of pairs', excerpt(merges))
  const pairs = merges.map((merge): [string, string] => {
    const space = merge.indexOf(' ', 1)
    const pair: [string, string] = [merge.slice(0, space), merge.slice(space + 1)]
    if (space < 0 || ids[pair[0]] === undefined || ids[pair[1]] === undefined)
      throw malformed(path, 'merges', 'two tokens of the vocabulary', excerpt(merge))
    return pair
  })
  return {
    version: '1.0',
    added_tokens: addedTokens(v),
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
    post_processor: postProcessor(v, pre.addBos ?? false),
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
      vocab: ids,
      merges: pairs,
    },
  }
}

/**
 * SentencePiece BPE as merges: each piece can be made from every split into two pieces; better scores first.
 * Gemma's files (no space prefix) rank by the order of tokens instead.
 */
function sentencePiece(v: Vocabulary): Record<string, unknown> {
  const { kv, path, tokens, ids, types } = v
  const prefix = kv.get('tokenizer.ggml.add_space_prefix') !== false
  const scores = kv.get('tokenizer.ggml.scores')
  if (prefix && (!Array.isArray(scores) || scores.length !== tokens.length))
    throw malformed(path, 'scores', `${tokens.length} scores`, excerpt(scores))
  const rank = (id: number): number => (prefix ? -((scores as number[])[id] ?? 0) : id)
  const merges: { rank: number; left: string; right: string }[] = []
  tokens.forEach((piece, id) => {
    if (types[id] !== NORMAL) return
    const points = [...piece]
    if (points.length > MAX_PIECE)
      throw malformed(path, 'tokens', `at most ${MAX_PIECE} characters`, `${points.length} in token ${id}`)
    let left = ''
    for (let i = 1; i < points.length; i++) {
      left += points[i - 1]!
      const right = piece.slice(left.length)
      if (ids[left] !== undefined && ids[right] !== undefined) merges.push({ rank: rank(id), left, right })
    }
  })
  merges.sort((a, b) => a.rank - b.rank || b.left.length - a.left.length || b.right.length - a.right.length)
  const unknown = tokens[types.indexOf(UNKNOWN)] ?? null
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  return {
    version: '1.0',
    added_tokens: addedTokens(v),
    normalizer: prefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace] }
      : replace,
    pre_tokenizer: null,
    post_processor: postProcessor(v, true),
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
      vocab: ids,
      merges: merges.map(({ left, right }) => [left, right]),
    },
  }
}

/** Tokens that are found in a text before it is split: control tokens and the user's own. */
function addedTokens({ kv, tokens, types }: Vocabulary): object[] {
  const spaces = kv.get('tokenizer.ggml.model') === 'llama'
  return tokens.flatMap((token, id) => {
    const type = types[id]
    if (type !== CONTROL && type !== USER_DEFINED && type !== UNKNOWN) return []
    return [
      {
        id,
        // Older converters leave the vocabulary's sign for a space in tokens that are matched against plain text.
        content: spaces && type === USER_DEFINED ? token.replaceAll('▁', ' ') : token,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: type !== USER_DEFINED,
      },
    ]
  })
}

/** BOS before and EOS behind a text, where the file or the kind of tokenizer says so. */
function postProcessor({ kv, ids, bos, eos }: Vocabulary, addsBos: boolean): object | null {
  const around = (key: string, token: string | undefined, fallback: boolean): string[] =>
    token !== undefined && (kv.get(`tokenizer.ggml.add_${key}_token`) ?? fallback) === true ? [token] : []
  const before = around('bos', bos, addsBos)
  const after = around('eos', eos, false)
  if (before.length + after.length === 0) return null
  const special = (id: string): object => ({ SpecialToken: { id, type_id: 0 } })
  const sequence = (id: string): object => ({ Sequence: { id, type_id: 0 } })
  return {
    type: 'TemplateProcessing',
    single: [...before.map(special), sequence('A'), ...after.map(special)],
    pair: [...before.map(special), sequence('A'), sequence('B'), ...after.map(special)],
    special_tokens: Object.fromEntries(
      [...before, ...after].map((token) => [token, { id: token, ids: [ids[token]], tokens: [token] }]),
    ),
  }
}
