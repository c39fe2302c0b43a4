/**
 * The answers of one judge, each kept under a hash of what was asked, so that an interrupted run goes on and no
 * question is paid for twice. Failures are not kept: the next run asks again.
 */

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { atomicWrite, hashJson } from '../../core/files.ts'
import { throwIfStopped } from '../../core/pace.ts'
import { type AskOptions, ask, type Message, type Reply, requestBody, type Tokens } from './ask.ts'
import type { JudgeSettings } from './settings.ts'

/** So many failures in a row, and the judge is not asked any more. */
const GIVE_UP = 8

const kept = z.strictObject({
  content: z.string(),
  declined: z.boolean(),
  tokens: z.strictObject({ in: z.number().nullable(), out: z.number().nullable() }),
})
export type Kept = z.infer<typeof kept>

export interface Answers {
  /** By question; undefined where none came. */
  readonly answers: readonly (Kept | undefined)[]
  /** Of all answers that are there, whenever they were given; null where the endpoint does not count. */
  readonly tokens: Tokens
  /** What went wrong, and how often. */
  readonly failures: ReadonlyMap<string, number>
  /** Why it was not asked to the end; undefined where it was. */
  readonly gaveUp: string | undefined
}

/** What an answer is kept under: everything that it depends on, and no key. */
export function answerName(judge: JudgeSettings, messages: readonly Message[]): string {
  return `${hashJson([judge.url, requestBody(judge, messages)]).slice(0, 32)}.json`
}

/**
 * Asks a judge all questions that have no answer yet, some at a time, in the order given.
 *
 * @param folder where answers are kept
 * @throws PalimpsestError `interrupted`; `disk-full`, `file-permission`
 */
export async function judgeAnswers(
  folder: string,
  judge: JudgeSettings,
  questions: readonly (readonly Message[])[],
  options: AskOptions & { readonly onProgress?: (done: number, total: number) => void },
): Promise<Answers> {
  await mkdir(folder, { recursive: true })
  const names = questions.map((q) => answerName(judge, q))
  /** Equal questions are asked once. */
  const distinct = [...new Map(names.map((name, i) => [name, questions[i]!]))]
  const found = new Map<string, Kept>()
  const failures = new Map<string, number>()
  let gaveUp: string | undefined
  let [next, done, row] = [0, 0, 0]
  const worker = async (): Promise<void> => {
    while (next < distinct.length && gaveUp === undefined) {
      throwIfStopped(options.signal)
      const [name, messages] = distinct[next++]!
      const path = join(folder, name)
      let answer = await readKept(path)
      if (answer === undefined) {
        const reply = await ask(judge, requestBody(judge, messages), options)
        answer = await keep(path, reply)
        if (reply.ok) row = 0
        else {
          row++
          failures.set(reply.why, (failures.get(reply.why) ?? 0) + 1)
          if (reply.hopeless || row >= GIVE_UP) gaveUp = reply.why
        }
      }
      if (answer !== undefined) found.set(name, answer)
      options.onProgress?.(++done, distinct.length)
    }
  }
  // All of them end before an error is passed on, so that nothing is asked or written afterwards.
  const ended = await Promise.allSettled(Array.from({ length: judge.parallel }, worker))
  for (const e of ended) if (e.status === 'rejected') throw e.reason
  const sum = (side: 'in' | 'out'): number | null => {
    const known = [...found.values()].flatMap((a) => a.tokens[side] ?? [])
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0)
  }
  return {
    answers: names.map((name) => found.get(name)),
    tokens: { in: sum('in'), out: sum('out') },
    failures,
    gaveUp,
  }
}

async function keep(path: string, reply: Reply): Promise<Kept | undefined> {
  if (!reply.ok) return undefined
  const { content, declined, tokens } = reply
  await atomicWrite(path, JSON.stringify({ content, declined, tokens } satisfies Kept))
  return { content, declined, tokens }
}

/** An answer that is kept; one that was edited or cut is asked for again. */
async function readKept(path: string): Promise<Kept | undefined> {
  try {
    return kept.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}
