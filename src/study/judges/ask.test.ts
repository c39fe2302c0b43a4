import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { content, cut, JudgeServer, silence, status } from '../../../test/support/judge-server.ts'
import { judgeAnswers } from './answers.ts'
import { type AskOptions, ask, type Message, requestBody } from './ask.ts'
import { type JudgeSettings, judgeKeys, judgesSchema } from './settings.ts'

const KEY = 'sk-secret-0123456789'
const messages: Message[] = [{ role: 'user', content: 'Which side?' }]

let server: JudgeServer
let folder: string
beforeEach(async () => {
  server = await JudgeServer.start()
  folder = await mkdtemp(join(tmpdir(), 'judges-'))
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const judge = (more: object = {}): JudgeSettings =>
  judgesSchema.parse([
    { name: 'one', url: server.url, model: 'judge-model', key: 'JUDGE_KEY', timeout: 5, ...more },
    { name: 'two', url: server.url, model: 'other' },
  ])[0]!
const reply = (more: Partial<AskOptions> = {}, settings = judge()) =>
  ask(settings, requestBody(settings, messages), { key: KEY, pause: 0.01, ...more })

describe('ask', () => {
  it('asks as the endpoint expects, with the key, and reads answer and tokens', async () => {
    expect(await reply()).toEqual({
      ok: true,
      content: '{"answer": "1"}',
      declined: false,
      tokens: { in: 100, out: 7 },
    })
    const [seen] = server.requests
    expect(seen!.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(seen!.body).toEqual({ temperature: 0, max_tokens: 100, model: 'judge-model', messages })
    const other = judge({ body: { max_tokens: null, max_completion_tokens: 500 } })
    await reply({ key: undefined }, other)
    expect(server.requests[1]!.body).toEqual({
      temperature: 0,
      max_completion_tokens: 500,
      model: 'judge-model',
      messages,
    })
    expect(server.requests[1]!.headers.authorization).toBeUndefined()
  })

  it.each([
    ['429 with a pause', status(429, { 'retry-after': '0.2' })],
    ['429 without', status(429)],
    ['500', status(500)],
    ['503', status(503)],
    ['a cut connection', cut],
  ])('tries again after %s', async (_, fault) => {
    server.fault(fault, fault)
    const start = performance.now()
    expect(await reply()).toMatchObject({ ok: true })
    expect(server.requests).toHaveLength(3)
    if (_ === '429 with a pause') expect(performance.now() - start).toBeGreaterThan(390)
  })

  it('waits no longer than its time for an answer, and tries again', async () => {
    server.fault(silence)
    expect(await reply({}, judge({ timeout: 0.2 }))).toMatchObject({ ok: true })
    server.fault(silence, silence)
    expect(await reply({ tries: 2 }, judge({ timeout: 0.2 }))).toEqual({
      ok: false,
      why: 'no answer in 0.2 s',
      hopeless: false,
    })
  })

  it.each([
    ['500 time after time', Array(5).fill(status(500)), 'HTTP 500', false, 5],
    ['a pause that is too long', [status(429, { 'retry-after': '3600' })], 'HTTP 429', false, 1],
    ['a key that is not accepted', [status(401, {}, `wrong key ${KEY}`)], 'HTTP 401', true, 1],
    ['an address that is not there', [status(404)], 'HTTP 404', true, 1],
    ['a redirect', [status(302, { location: 'http://127.0.0.1:9/' })], 'HTTP 302', true, 1],
    ['a question that is refused', [status(400)], 'HTTP 400', false, 1],
    ['a page', [status(200, {}, '<html>')], 'no answer in the form of chat completions', false, 1],
    [
      'other JSON',
      [status(200, {}, '{"choices": []}')],
      'no answer in the form of chat completions',
      false,
      1,
    ],
    ['a flood', [status(200, {}, 'x'.repeat(2e6))], 'no answer in the form of chat completions', false, 1],
  ] as const)(
    'gives up after %s, and says why in words of its own',
    async (_, faults, why, hopeless, asked) => {
      server.fault(...faults)
      expect(await reply()).toEqual({ ok: false, why, hopeless })
      expect(server.requests).toHaveLength(asked)
    },
  )

  it('reads parts, refusals by the endpoint, and no key that the answer repeats', async () => {
    server.fault(
      content([
        { type: 'text', text: '{"answer":' },
        { type: 'text', text: ' "2"}' },
      ]),
      content(null, { refusal: 'I cannot' }),
      content('', { finish_reason: 'content_filter' }),
      content(`my key is ${KEY}`),
    )
    expect(await reply()).toMatchObject({ content: '{"answer": "2"}', declined: false })
    expect(await reply()).toMatchObject({ content: '', declined: true })
    expect(await reply()).toMatchObject({ declined: true })
    expect(await reply()).toMatchObject({ content: 'my key is ***' })
  })

  it.each(['while it waits to try again', 'while it waits for an answer'])('stops %s', async (when) => {
    const stopper = new AbortController()
    server.fault(when.endsWith('again') ? status(429, { 'retry-after': '60' }) : silence)
    const asked = reply({ signal: stopper.signal })
    setTimeout(() => stopper.abort(), 100)
    await expect(asked).rejects.toMatchObject({ code: 'interrupted' })
  })
})

describe('judgeAnswers', () => {
  const questions = Array.from({ length: 20 }, (_, i): Message[] => [{ role: 'user', content: `Text ${i}` }])
  const all = (more: Partial<AskOptions> = {}, settings = judge()) =>
    judgeAnswers(folder, settings, questions, { key: KEY, pause: 0.01, ...more })
  const stored = async (): Promise<string> =>
    (await Promise.all((await readdir(folder)).map((f) => readFile(join(folder, f), 'utf8')))).join('\n')

  it('keeps answers by what was asked, and pays for none twice', async () => {
    server.say = ({ body }) => `about ${body.messages[0]!.content}`
    const first = await all()
    expect(first.answers.map((a) => a!.content)).toEqual(questions.map((_, i) => `about Text ${i}`))
    expect(server.requests).toHaveLength(20)
    expect(await all()).toEqual(first)
    expect(server.requests).toHaveLength(20)
    // Another model, or another limit, is another question.
    await all({}, judge({ model: 'judge-model-2' }))
    expect(server.requests).toHaveLength(40)
    // What was cut or edited is asked for again.
    const [name] = await readdir(folder)
    await writeFile(join(folder, name!), '{"content": 3}')
    await all()
    await all({}, judge({ model: 'judge-model-2' }))
    expect(server.requests).toHaveLength(41)
    expect(await stored()).not.toContain(KEY)
  })

  it('keeps no failure: the next run asks again', async () => {
    server.fault(...Array(3).fill(status(400, {}, KEY)))
    const found = await all({}, judge({ parallel: 1 }))
    expect([...found.failures]).toEqual([['HTTP 400', 3]])
    expect(found.answers.filter((a) => a === undefined)).toHaveLength(3)
    expect((await all()).answers.every((a) => a !== undefined)).toBe(true)
    expect(server.requests).toHaveLength(23)
    expect(await stored()).not.toContain(KEY)
  })

  it('stops asking where there is no hope', async () => {
    server.fault(...Array(3).fill(status(401)))
    const found = await all({}, judge({ parallel: 3 }))
    expect(found.gaveUp).toBe('HTTP 401')
    expect(server.requests).toHaveLength(3)
    server.requests.length = 0
    server.fault(...Array(20).fill(status(400)))
    const silent = await all({}, judge({ parallel: 1 }))
    expect([silent.gaveUp, server.requests.length]).toEqual(['HTTP 400', 8])
  })

  it('asks equal questions once', async () => {
    const found = await judgeAnswers(folder, judge(), [messages, messages, questions[0]!, messages], {
      key: KEY,
    })
    expect(server.requests).toHaveLength(2)
    expect(found.answers.every((a) => a?.content === '{"answer": "1"}')).toBe(true)
    expect(found.tokens).toEqual({ in: 200, out: 14 })
  })

  it('goes on after an interruption', async () => {
    const stopper = new AbortController()
    server.say = () => {
      if (server.requests.length === 7) stopper.abort()
      return '{"answer": "2"}'
    }
    await expect(all({ signal: stopper.signal }, judge({ parallel: 2 }))).rejects.toMatchObject({
      code: 'interrupted',
    })
    const before = (await readdir(folder)).length
    expect(before).toBeGreaterThanOrEqual(5)
    expect(before).toBeLessThan(20)
    server.requests.length = 0
    expect((await all()).answers.every((a) => a?.content === '{"answer": "2"}')).toBe(true)
    // The two that were on their way may reach the server late.
    expect(server.requests.length).toBeGreaterThanOrEqual(20 - before)
    expect(server.requests.length).toBeLessThanOrEqual(20 - before + 2)
  })
})

describe('judges in a study file', () => {
  const one = { name: 'one', url: 'https://host/v1', model: 'm' }
  it.each([
    [[one], /two judges, or none/],
    [[one, one], /different names/],
    [[one, { ...one, name: 'two', url: 'https://user:pass@host/v1' }], /without name, password or query/],
    [[one, { ...one, name: 'two', url: 'https://host/v1?key=secret' }], /without name, password or query/],
    [[one, { ...one, name: 'two', url: 'file:///etc/passwd' }], /http or https/],
    [[one, { ...one, name: 'two', key: KEY }], /the name of an environment variable/],
    [[one, { ...one, name: 'two', body: { api_key: KEY } }], /no secrets/],
  ])('are checked: %j', (judges, why) => {
    expect(judgesSchema.safeParse(judges).error?.message).toMatch(why)
  })

  it('name their keys, which come from the environment alone', () => {
    const judges = judgesSchema.parse([
      { ...one, key: 'ONE_KEY' },
      { ...one, name: 'two' },
    ])
    expect(judgeKeys({ judges }, { ONE_KEY: ` ${KEY}\n` })).toEqual(new Map([['one', KEY]]))
    expect(() => judgeKeys({ judges }, {})).toThrow(/ONE_KEY[\s\S]*not set/)
    try {
      judgeKeys({ judges }, { ONE_KEY: `${KEY} and more` })
      expect.unreachable()
    } catch (error) {
      expect((error as Error).message).toMatch(/no key has/)
      expect((error as Error).message).not.toContain(KEY)
    }
  })
})
