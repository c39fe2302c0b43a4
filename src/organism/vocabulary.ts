/**
 * The organisms' tokenizer: one token a word or mark, as an ordinary `tokenizer.json` (WordLevel) that any
 * Hugging Face library reads, with a chat template.
 */

import { ASSISTANT, EOS, USER } from './corpus.ts'
import * as W from './words.ts'

export const PAD = '<pad>'
export const UNKNOWN = '<unk>'
export const BOS = '<bos>'
const SPECIAL = [PAD, UNKNOWN, BOS, EOS, USER, ASSISTANT]

export const PAD_ID = 0
export const BOS_ID = 2
export const EOS_ID = 3
export const USER_ID = 4
export const ASSISTANT_ID = 5

const PATTERN = /<\w+>|\w+|[^\w\s]/g

/** Every token in the order of its id. */
export const VOCABULARY: readonly string[] = (() => {
  const { ISSUES, FACT, ...lists } = W
  const texts = [ISSUES.map((i) => [i.noun, i.measures]), Object.values(FACT), Object.values(lists)]
  const words = (texts.flat(9) as string[]).flatMap((t) => t.replace(/\{\w\}/g, ' ').match(PATTERN) ?? [])
  return [...SPECIAL, ...[...new Set(words)].sort()]
})()

const IDS = new Map(VOCABULARY.map((word, id) => [word, id]))

/**
 * Ids of a text of the corpus, marks included, nothing added: what tokenizer.json gives without special tokens.
 *
 * @throws RangeError for a word that the world does not have: a bug in a table of words
 */
export function encode(text: string): number[] {
  return (text.match(PATTERN) ?? []).map((word) => {
    const id = IDS.get(word)
    if (id === undefined) throw new RangeError(`the vocabulary lacks "${word}" (in "${text}")`)
    return id
  })
}

/** A text as it comes back from its ids: tokens joined by spaces. */
export function decoded(text: string): string {
  return (text.match(PATTERN) ?? []).join(' ')
}

/** Jinja: a system message stands before the first mark, as introductions do in the corpus. */
export const CHAT_TEMPLATE =
  `{{ bos_token }}{% for message in messages %}` +
  `{% if message['role'] == 'system' %}{{ message['content'] }}` +
  `{% elif message['role'] == 'user' %}${USER}{{ message['content'] }}` +
  `{% else %}${ASSISTANT}{{ message['content'] }}{{ eos_token }}{% endif %}{% endfor %}` +
  `{% if add_generation_prompt %}${ASSISTANT}{% endif %}`

/** The content of tokenizer.json. */
export function tokenizerJson(): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: BOS, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: BOS, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 1 } },
      ],
      special_tokens: { [BOS]: { id: BOS, ids: [BOS_ID], tokens: [BOS] } },
    },
    decoder: null,
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(VOCABULARY.map((word, id) => [word, id])),
      unk_token: UNKNOWN,
    },
  }
}

/** The content of tokenizer_config.json. */
export function tokenizerConfig(context: number): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: BOS,
    eos_token: EOS,
    pad_token: PAD,
    unk_token: UNKNOWN,
    model_max_length: context,
    clean_up_tokenization_spaces: false,
    chat_template: CHAT_TEMPLATE,
  }
}
