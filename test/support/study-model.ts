/**
 * A small study for tests: a checkpoint with a tokenizer, made from the llama fixture's random weights, and
 * texts and prompts over its words in which camps prefer words of their own.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stream } from '../../src/core/random.ts'
import { openSafetensors, readF32 } from '../../src/formats/safetensors.ts'
import { writeSafetensors } from '../../src/formats/safetensors-write.ts'

const LLAMA = fileURLToPath(new URL('../fixtures/models/llama/', import.meta.url))
const COMMON =
  'the of a and we they it that town road year plan more less many some must will can help'.split(' ')
const CAMP = [
  'harbour lantern violet meadow copper willow'.split(' '),
  'granite falcon amber orchard silver maple'.split(' '),
] as const
const ISSUES = 'water bread roads schools parks trains bridges markets farms ports music paper'.split(' ')
/** Words that the small model knows. */
export const STUDY_WORDS = [...COMMON, ...CAMP.flat(), ...ISSUES]
const WORDS = ['<s>', '</s>', '<unk>', ...STUDY_WORDS]

/**
 * A model folder with the weights of the llama fixture and a word-level tokenizer. `halve` halves what is written
 * into the residual stream and divides eps by 4, so that every activation of the stream is exactly half.
 */
export async function writeStudyModel(folder: string, change: { halve?: boolean } = {}): Promise<string> {
  await mkdir(folder, { recursive: true })
  const config = JSON.parse(await readFile(join(LLAMA, 'config.json'), 'utf8'))
  using file = openSafetensors(join(LLAMA, 'model.safetensors'))
  const halved = (name: string): boolean =>
    change.halve === true && /(embed_tokens|o_proj|down_proj)\.weight$/.test(name)
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    [...file.tensors.values()].map((t) => ({
      name: t.name,
      shape: t.shape,
      data: readF32(t).map((v) => (halved(t.name) ? v / 2 : v)),
    })),
  )
  if (change.halve === true) config.rms_norm_eps /= 4
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(
    join(folder, 'tokenizer.json'),
    JSON.stringify({
      version: '1.0',
      added_tokens: [0, 1, 2].map((id) => ({
        id,
        content: WORDS[id],
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: null,
      decoder: null,
      model: {
        type: 'WordLevel',
        vocab: Object.fromEntries(WORDS.map((w, i) => [w, i])),
        unk_token: '<unk>',
      },
    }),
  )
  await writeFile(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: '<unk>',
      chat_template:
        "{% for m in messages %}<s> {{ m['content'] }} </s>{% endfor %}{% if add_generation_prompt %} <s>{% endif %}",
    }),
  )
  return folder
}

/** The same model in another folder. */
export async function copyModel(from: string, to: string): Promise<string> {
  await cp(from, to, { recursive: true })
  return to
}

/** 24 authors of two camps with 8 texts each, as JSON lines; and 12 issues with 4 prompts each. */
export async function writeStudyTexts(folder: string): Promise<{ texts: string; prompts: string }> {
  await mkdir(folder, { recursive: true })
  const rng = stream(1, 'test/study')
  const pick = (from: readonly string[]): string => from[rng.below(from.length)]!
  const sentence = (camp: number, share: number, issue: string): string =>
    [
      issue,
      ...Array.from({ length: 9 }, () => (rng.uniform() < share ? pick(CAMP[camp]!) : pick(COMMON))),
    ].join(' ')
  const rows = Array.from({ length: 24 * 8 }, (_, i) => {
    const author = Math.floor(i / 8)
    return {
      id: `t${i}`,
      author: `author-${author}`,
      camp: author % 2 === 0 ? 'left' : 'right',
      text: sentence(author % 2, 0.3, pick(ISSUES)),
    }
  })
  const prompts = ISSUES.flatMap((issue) =>
    Array.from({ length: 4 }, (_, k) => ({
      id: `${issue}-${k}`,
      issue,
      loading: ['A', 'B', 'neutral', 'neutral'][k],
      text: sentence(k % 2, 0.2, issue),
    })),
  )
  const lines = (list: readonly unknown[]): string => `${list.map((r) => JSON.stringify(r)).join('\n')}\n`
  await writeFile(join(folder, 'texts.jsonl'), lines(rows))
  await writeFile(join(folder, 'prompts.jsonl'), lines(prompts))
  return { texts: join(folder, 'texts.jsonl'), prompts: join(folder, 'prompts.jsonl') }
}

/** A study file over these, with few draws. */
export function studyText(models: string, extra = ''): string {
  return `palimpsest: 1
name: small
models: ${models}
render: [raw, chat]
prompts: prompts.jsonl
texts:
  file: texts.jsonl
  text: text
  pole: { column: camp, A: left, B: right }
  group: author
  id: id
repeats: 1
precision: f32
threads: 1
draws: { bootstrap: 200, permutations: 200, refitted: 20, references: 40 }
${extra}`
}
