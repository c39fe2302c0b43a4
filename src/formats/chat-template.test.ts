/** Chats against transformers with Python's Jinja (fixtures/formats/make_templates.py). */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isComplete, put, refusal, refusalOf, temporaryFolder } from '../../test/support/bytes.ts'
import { PalimpsestError } from '../core/errors.ts'
import {
  type ChatMessage,
  chatTemplateFromGguf,
  loadChatTemplate,
  makeTemplate,
  renderChat,
} from './chat-template.ts'

interface Fixture {
  templates: Record<string, string>
  chats: Record<string, ChatMessage[]>
  tokens: Record<string, string>
  cases: { template: string; chat: string; prompt: boolean; text?: string; error?: string }[]
}
const fixture: Fixture = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../test/fixtures/formats/templates.json', import.meta.url)), 'utf8'),
)
const NOW = new Date('2024-07-06T09:05:03Z')
const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())
const user = (content: string): ChatMessage => ({ role: 'user', content })
const render = (text: string, messages: readonly ChatMessage[] = [user('Hi')]): string =>
  makeTemplate(text, 'a template').render(messages, { now: NOW })

describe.each(Object.keys(fixture.templates))('the template %s', (name) => {
  const cases = fixture.cases.filter((c) => c.template === name)
  it.each(cases)(
    'renders the chat $chat as Python does (prompt: $prompt)',
    ({ chat, prompt, text, error }) => {
      const template = makeTemplate(fixture.templates[name]!, name, fixture.tokens)
      const act = (): string =>
        template.render(fixture.chats[chat]!, { addGenerationPrompt: prompt, now: NOW })
      if (text !== undefined) expect(act()).toBe(text)
      else {
        const refused = refusal(act)
        expect(refused.code).toBe('chat-template')
        expect(refused.parts.found).toBe(error)
        expect(isComplete(refused)).toBe(true)
      }
    },
  )
})

describe('what is not supported is refused, never rendered in another way', () => {
  it.each([
    '{% for m in messages recursive %}{{ loop(m) }}{% endfor %}',
    "{{ 'ab' * 2 }}",
    '{{ 1 < 2 < 3 }}',
    '{{ 1e3 }}',
    "{{ ['a']|map('upper')|list }}",
    '{{ dict(a=1) }}',
    "{{ '%s' % 'a' }}",
    "{{ 'abc'.find('c') }}",
    "{% include 'x' %}",
    "{{ strftime_now('%Z') }}",
    '{{ range(1000000)|length }}',
    '{% for a, b in [[1, 2, 3]] %}{% endfor %}',
    '{% for x in 3 %}{% endfor %}',
    '{{ messages.append(1) }}',
    '{{ nothing.more }}',
    '{% if %}',
    '{% for x in [1] %}',
    '{{ messages | tojson(',
    '{% break %}',
  ])('%s', (text) => {
    const error = refusal(() => render(text))
    expect(error.code).toBe('chat-template')
    expect(error.message).toContain('a template')
    expect(isComplete(error)).toBe(true)
  })

  it('any text is rendered or refused', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      '-',
      'if',
      'for',
      'in',
      'messages',
      'endif',
      'endfor',
      '|',
      '[',
      ']',
      '(',
      ')',
      '0',
      "'a'",
      '.',
      ' ',
      'set',
      '=',
      '\n',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        try {
          expect(typeof render(pieces.join(''))).toBe('string')
        } catch (error) {
          if (!(error instanceof PalimpsestError)) throw error
        }
      }),
      { numRuns: 500, seed: 1 },
    )
  })
})

describe('where templates come from', () => {
  const at = (name: string, files: Record<string, unknown>): string => {
    const path = join(folder.path, name)
    mkdirSync(join(path, 'additional_chat_templates'), { recursive: true })
    for (const [file, content] of Object.entries(files)) put(path, file, content as object | string)
    return path
  }
  const config = { chat_template: 'from config', bos_token: '<s>', pad_token: { content: '<p>' } }

  it('chat_template.jinja before additional ones, tokenizer_config.json and chat_template.json', async () => {
    const old = { 'chat_template.json': { chat_template: 'old' } }
    const source = async (name: string, files: Record<string, unknown>): Promise<string | undefined> =>
      (await loadChatTemplate(at(name, files)))?.source
    expect(await source('none', {})).toBeUndefined()
    expect(await source('old', old)).toBe('chat_template.json')
    expect(await source('config', { ...old, 'tokenizer_config.json': config })).toBe('tokenizer_config.json')
    const extra = { 'tokenizer_config.json': config, 'additional_chat_templates/default.jinja': 'x' }
    expect(await source('extra', extra)).toBe('additional_chat_templates/default.jinja')
    expect(await source('own', { ...extra, 'chat_template.jinja': 'x' })).toBe('chat_template.jinja')
  })

  it('of several named ones, the default, with every special token', async () => {
    const named = [
      null,
      { name: 'rag', template: 'no' },
      { name: 'default', template: '{{ bos_token }}{{ pad_token }}{{ eos_token is defined }}' },
    ]
    const template = await loadChatTemplate(
      at('named', { 'tokenizer_config.json': { ...config, chat_template: named } }),
    )
    expect(template!.render([user('Hi')])).toBe('<s><p>False')
  })

  it('the one inside a GGUF file, with its tokens', () => {
    const kv = new Map<string, unknown>([
      ['tokenizer.chat_template', '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}'],
      ['tokenizer.ggml.tokens', ['<s>', '</s>']],
      ['tokenizer.ggml.bos_token_id', 0],
      ['tokenizer.ggml.eos_token_id', 1],
    ])
    expect(chatTemplateFromGguf(kv)!.render([user('Hi')])).toBe('<s>Hi</s>')
    expect(chatTemplateFromGguf(new Map())).toBeUndefined()
    expect(chatTemplateFromGguf(new Map([['tokenizer.chat_template', 3]]))).toBeUndefined()
  })

  it('a template or configuration that cannot be read is refused with its file', async () => {
    const bad = await refusalOf(loadChatTemplate(at('bad', { 'chat_template.jinja': '{% if %}' })))
    expect(bad.code).toBe('chat-template')
    expect(bad.message).toContain('chat_template.jinja')
    for (const content of ['{', '[]', '3']) {
      const path = at('broken', { 'tokenizer_config.json': content })
      const error = await refusalOf(loadChatTemplate(path))
      expect(error.code).toBe('tokenizer-malformed')
      expect(error.message).toContain(join(path, 'tokenizer_config.json'))
      expect(isComplete(error)).toBe(true)
    }
  })

  it('a template that prints the date says so, and is pinned', () => {
    const dated = makeTemplate(fixture.templates.dates!, 'dates')
    expect(dated.usesDate).toBe(true)
    expect(makeTemplate('{{ date_string }}', 'x').usesDate).toBe(false)
    expect(dated.render([], { now: NOW })).toBe(dated.render([], { now: NOW }))
    expect(
      makeTemplate("{{ strftime_now('%j %p %I') }}", 'x').render([], {
        now: new Date('2024-12-31T23:00:00Z'),
      }),
    ).toBe('366 PM 11')
  })
})

describe('contents in a rendered chat', () => {
  it.each(['chatml', 'headers', 'turns', 'inst', 'thinking'])('are found in %s', (name) => {
    const template = makeTemplate(fixture.templates[name]!, name, fixture.tokens)
    const messages = [
      user('user'),
      { role: 'assistant', content: 'assistant <|im_end|>' },
      user('  and \u00e9 👍  '),
    ]
    const { text, spans } = renderChat(template, messages, { addGenerationPrompt: true, now: NOW })
    expect(text).toBe(template.render(messages, { addGenerationPrompt: true, now: NOW }))
    expect(spans.map(({ start, end }) => text.slice(start, end).trim())).toEqual(
      messages.map((m) => m.content.trim()),
    )
  })

  it.each([
    ["{{ messages[0]['content']|upper }}", 'changed'],
    ['nothing of it', 'left out'],
    ["{{ messages[0]['content'][:2] }}", 'cut'],
  ])('are refused where the template has them %s', (text) => {
    const error = refusal(() => renderChat(makeTemplate(text, 'a template'), [user('Hello')]))
    expect(error.code).toBe('chat-template')
    expect(error.message).toMatch(/a template, message 1[\s\S]*raw rendering/)
    expect(isComplete(error)).toBe(true)
  })
})
