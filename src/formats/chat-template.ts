/**
 * Chat templates: messages to the text that a model was trained on. Jinja is run by `@huggingface/jinja`;
 * where it differs from Python's Jinja as transformers sets it up, `jinja-python.ts` closes the gap.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'
import { excerpt, printable } from './excerpt.ts'
import { compileTemplate } from './jinja-python.ts'
import { pythonStrip } from './python-text.ts'

export interface ChatMessage {
  readonly role: string
  readonly content: string
}

export interface RenderOptions {
  /** End with the opening of the assistant's answer. Default false. */
  readonly addGenerationPrompt?: boolean
  /** What `strftime_now` sees: a template that prints today's date is pinned by it. Default: the present. */
  readonly now?: Date
}

export interface ChatTemplate {
  /** Which file or key it was read from. */
  readonly source: string
  readonly text: string
  /** Whether it prints today's date: such a template must be pinned for results to be repeatable. */
  readonly usesDate: boolean
  /** @throws PalimpsestError `chat-template` when the template refuses the messages or cannot be run */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string
}

/** Special tokens by the names that templates know: `bos_token`, `eos_token`, `unk_token` and so on. */
export type TemplateTokens = Readonly<Record<string, string>>

const TOKEN_NAMES = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map((name) => `${name}_token`)

/**
 * The chat template of a checkpoint folder, or undefined: chat_template.jinja, then tokenizer_config.json,
 * then chat_template.json; of several named ones, `default`.
 *
 * @throws PalimpsestError `chat-template` for one that cannot be parsed
 */
export async function loadChatTemplate(folder: string): Promise<ChatTemplate | undefined> {
  const config = (await readJson(join(folder, 'tokenizer_config.json'))) ?? {}
  const tokens = Object.fromEntries(
    TOKEN_NAMES.flatMap((name) => {
      const token = content(config[name])
      return token === undefined ? [] : [[name, token]]
    }),
  )
  const jinja = await readText(join(folder, 'chat_template.jinja'))
  if (jinja !== undefined) return makeTemplate(jinja, 'chat_template.jinja', tokens)
  const extra = join(folder, 'additional_chat_templates')
  const names = await readdir(extra).catch(() => [] as string[])
  if (names.includes('default.jinja'))
    return makeTemplate(
      (await readText(join(extra, 'default.jinja')))!,
      'additional_chat_templates/default.jinja',
      tokens,
    )
  const own = pick(config.chat_template)
  if (own !== undefined) return makeTemplate(own, 'tokenizer_config.json', tokens)
  const old = pick((await readJson(join(folder, 'chat_template.json')))?.chat_template)
  return old === undefined ? undefined : makeTemplate(old, 'chat_template.json', tokens)
}

const GGUF_TOKENS = { bos_token: 'bos', eos_token: 'eos', unk_token: 'unknown', pad_token: 'padding' }

/**
 * The chat template inside a GGUF file, or undefined.
 *
 * @throws PalimpsestError `chat-template` for one that cannot be parsed
 */
export function chatTemplateFromGguf(kv: ReadonlyMap<string, unknown>): ChatTemplate | undefined {
  const text = kv.get('tokenizer.chat_template') ?? kv.get('tokenizer.chat_template.default')
  if (typeof text !== 'string') return undefined
  const pieces = kv.get('tokenizer.ggml.tokens')
  const tokens = Object.fromEntries(
    Object.entries(GGUF_TOKENS).flatMap(([name, key]) => {
      const token = Array.isArray(pieces)
        ? pieces[Number(kv.get(`tokenizer.ggml.${key}_token_id`) ?? -1)]
        : undefined
      return typeof token === 'string' ? [[name, token]] : []
    }),
  )
  return makeTemplate(text, 'tokenizer.chat_template in the GGUF file', tokens)
}

/** A template from its text. @throws PalimpsestError `chat-template` */
export function makeTemplate(text: string, source: string, tokens: TemplateTokens = {}): ChatTemplate {
  const failed = (error: unknown): Error =>
    refuse('chat-template', 'The chat template cannot be used.', {
      where: source,
      found: printable((error as Error).message),
      expected: 'a template that Jinja can run on these messages',
      fix: 'Check the messages (some templates refuse a system message or two messages of one role), or use raw rendering.',
      cause: error,
    })
  let run: ReturnType<typeof compileTemplate>
  try {
    run = compileTemplate(text)
  } catch (error) {
    throw failed(error)
  }
  return {
    source,
    text,
    usesDate: text.includes('strftime_now'),
    render(messages, options = {}) {
      try {
        return run(
          {
            messages,
            tools: null,
            documents: null,
            add_generation_prompt: options.addGenerationPrompt ?? false,
            ...tokens,
          },
          options.now ?? new Date(),
        )
      } catch (error) {
        throw failed(error)
      }
    },
  }
}

/** A rendered chat and where each message's content stands in it. */
export interface RenderedChat {
  readonly text: string
  /** Start and end (UTF-16) of each message's content, in the order of the messages. */
  readonly spans: readonly { readonly start: number; readonly end: number }[]
}

/**
 * Renders messages and finds their contents in the result, so that content tokens can be told from the
 * template's. Contents are searched from where marked contents stand, so that a word of the template that
 * occurs in a message does not mislead; templates that trim contents are followed.
 *
 * @throws PalimpsestError `chat-template` when a content cannot be found
 */
export function renderChat(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  options: RenderOptions = {},
): RenderedChat {
  const text = template.render(messages, options)
  const marks = messages.map((_, i) => `\u2402${i}\u2403`)
  const marked = template.render(
    messages.map((m, i) => ({ ...m, content: marks[i]! })),
    options,
  )
  const spans: { start: number; end: number }[] = []
  let at = 0
  let markedAt = 0
  messages.forEach((message, i) => {
    const found = marked.indexOf(marks[i]!, markedAt)
    const before = marked.slice(markedAt, Math.max(found, markedAt))
    const start = at + before.length
    const content = [message.content, pythonStrip(message.content, 'strip', undefined)].find((c) =>
      text.startsWith(c, start),
    )
    if (found < 0 || content === undefined || text.slice(at, start) !== before)
      throw refuse('chat-template', 'The content of a message could not be found in the rendered chat.', {
        where: `${template.source}, message ${i + 1}`,
        expected: 'the content as it is, or without the space around it',
        found: excerpt(text.slice(at, at + 80)),
        fix: 'The template changes contents; use raw rendering for this study.',
      })
    spans.push({ start, end: start + content.length })
    at = start + content.length
    markedAt = found + marks[i]!.length
  })
  return { text, spans }
}

function pick(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  const entries = value as ({ name?: unknown; template?: unknown } | null)[]
  const chosen = entries.find((e) => e?.name === 'default') ?? entries[0]
  return typeof chosen?.template === 'string' ? chosen.template : undefined
}

function content(value: unknown): string | undefined {
  const text =
    typeof value === 'string' ? value : (value as { content?: unknown } | null | undefined)?.content
  return typeof text === 'string' ? text : undefined
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw explainFileError(error, path)
  }
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readText(path)
  if (text === undefined) return undefined
  const malformed = (found: string): Error =>
    refuse('tokenizer-malformed', 'The tokenizer cannot be read.', {
      where: path,
      expected: 'a JSON object',
      found,
      fix: 'Fetch the tokenizer files again.',
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw malformed(printable((error as Error).message))
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) throw malformed(excerpt(json))
  return json as Record<string, unknown>
}
