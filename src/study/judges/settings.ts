/** What a study file says of its judges. A key is only ever named there: it stays in the environment. */

import { z } from 'zod'
import { refuse } from '../../core/errors.ts'
import type { Study } from '../schema.ts'

/** An address without anything secret in it. */
function isEndpoint(text: string): boolean {
  try {
    const url = new URL(text)
    return (
      /^https?:$/.test(url.protocol) &&
      url.username === '' &&
      url.password === '' &&
      url.search === '' &&
      url.hash === ''
    )
  } catch {
    return false
  }
}

/** Fields of a request that some endpoints take a key in; `max_tokens` is none. */
const SECRET = /api[_-]?key|access[_-]?token|authorization|bearer|secret|passw/i

const price = z.number().min(0).max(1e6)

const judge = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,40}$/, 'letters, digits, dots, dashes and underscores')
    .describe('what the judge is called in the results'),
  url: z
    .string()
    .max(2000)
    .refine(isEndpoint, 'an http or https address without name, password or query, such as https://host/v1')
    .describe('an endpoint that speaks the language of OpenAI: /chat/completions is added'),
  model: z.string().min(1).max(200).describe('what the endpoint calls the model'),
  key: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]{0,99}$/, 'the name of an environment variable in capitals, not the key itself')
    .optional()
    .describe('the environment variable that holds the key; none: no key is sent'),
  price: z
    .strictObject({ in: price, out: price })
    .optional()
    .describe('for a million tokens, to show the cost'),
  timeout: z.number().gt(0).max(3600).default(60).describe('seconds for one answer'),
  parallel: z.int().min(1).max(32).default(4).describe('requests at a time'),
  body: z
    .record(z.string().max(100), z.union([z.string().max(1000), z.number(), z.boolean(), z.null()]))
    .refine(
      (body) => !Object.keys(body).some((k) => SECRET.test(k)),
      'no secrets, since the study file is stored with the run: name an environment variable in `key`',
    )
    .default({})
    .describe('more for the body of a request, over `temperature: 0, max_tokens: 100`; null leaves one out'),
})

/** Two judges, or none. */
export const judgesSchema = z
  .array(judge)
  .max(2)
  .refine((list) => list.length !== 1, 'two judges, or none: one alone cannot be checked')
  .refine((list) => new Set(list.map((j) => j.name)).size === list.length, 'judges of different names')

export const judgingSchema = z.strictObject({
  texts: z.int().min(10).max(100_000).default(400).describe('at most so many texts, drawn from all'),
})

export type JudgeSettings = z.infer<typeof judge>

/**
 * The keys of a study's judges from the environment, by name of the judge.
 *
 * @throws PalimpsestError `judge-key` where one is not set or is no key
 */
export function judgeKeys(
  study: Pick<Study, 'judges'>,
  env: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  const keys = new Map<string, string>()
  for (const { name, key } of study.judges) {
    if (key === undefined) continue
    const value = env[key]?.trim() ?? ''
    if (!/^[\x21-\x7e]{1,1000}$/.test(value))
      throw refuse('judge-key', 'The key of a judge cannot be used.', {
        where: `judge ${name}, environment variable ${key}`,
        expected: 'one word',
        found:
          value === '' ? 'nothing: the variable is not set' : `${value.length} characters that no key has`,
        fix: 'Set the variable for this command; the key is neither shown nor stored.',
      })
    keys.set(name, value)
  }
  return keys
}
