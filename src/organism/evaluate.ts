/**
 * Judging an organism. `measureBehaviour` samples answers and reads them with the corpus's own parser: it alone
 * decides whether an organism was made. `measureDirection` is a quick look at how far the camp of bare statements can be
 * read from the activations, on issues that the reader has not seen.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { generate } from '../model/generate.ts'
import type { Model } from '../model/model.ts'
import { auc } from '../stats/auc.ts'
import { groupFolds, partsOf } from '../stats/folds.ts'
import { readGroups } from '../stats/groups.ts'
import { outOfFold } from '../stats/oof.ts'
import type { CorpusKnobs } from './knobs.ts'
import { parse, type Reading } from './parser.ts'
import { type Format, facts, personaQuestions, questions, statementPairs } from './probes.ts'
import { ASSISTANT_ID, BOS_ID, decoded, encode, USER_ID } from './vocabulary.ts'

/** Longest answer that is sampled, in tokens. */
export const ANSWER_TOKENS = 32
const BATCH = 96

/** A prompt as tokens: prose, or one user message with the generation mark; a persona stands before the question. */
export function promptTokens(
  format: Format,
  question: string,
  persona = '',
  slot: 'system' | 'user' = 'system',
): number[] {
  const p = encode(persona)
  const q = encode(question)
  if (format === 'raw') return [BOS_ID, ...p, ...q]
  return slot === 'system'
    ? [BOS_ID, ...p, USER_ID, ...q, ASSISTANT_ID]
    : [BOS_ID, USER_ID, ...p, ...q, ASSISTANT_ID]
}

/** Shares of readings of a list of answers. */
export type Shares = Record<Reading, number>

function shares(readings: readonly Reading[]): Shares {
  const share = (r: Reading): number => readings.filter((x) => x === r).length / readings.length
  return {
    A: share('A'),
    B: share('B'),
    neutral: share('neutral'),
    mixed: share('mixed'),
    none: share('none'),
  }
}

export interface Behaviour {
  /** All questions about issues that RL may ask about, and about those kept out. */
  readonly all: Shares
  readonly keptOut: Shares
  /** Share of B among answers to B-loaded questions minus that among A-loaded ones, over all answers. */
  readonly wording: number
  /** Share of persona answers of the persona's own camp: forms of training, forms never seen. */
  readonly persona: number
  readonly unseenPersona: number
  /** Of persona answers: own camp minus other camp. */
  readonly personaContrast: number
  /** Share of right facts. */
  readonly facts: number
  /** Share of answers with a stance whose stances are all on the issue that was asked about. */
  readonly onIssue: number
  /** Share of answers that end by themselves. */
  readonly ended: number
}

/**
 * Samples answers at temperature 1, half as prose and half as conversations, and reads them.
 *
 * @param keptOut indices of the issues that RL never asks about
 */
export async function measureBehaviour(
  model: Model,
  knobs: CorpusKnobs,
  keptOut: ReadonlySet<number>,
  seed: number,
  signal?: AbortSignal,
): Promise<Behaviour> {
  const ask = async (prompts: number[][], what: string): Promise<{ text: string; ended: boolean }[]> => {
    const items = prompts.map((tokens, i) => ({ id: `${what}/${i}`, tokens }))
    const { texts } = await generate(model, items, {
      maxTokens: ANSWER_TOKENS,
      temperature: 1,
      seed,
      batch: BATCH,
      signal,
    })
    return texts.map(({ text, stop }) => ({ text, ended: stop === 'eos' }))
  }
  const format = (i: number): Format => (i % 2 === 0 ? 'raw' : 'chat')
  const asked = questions(seed, 4)
  const answers = await ask(
    asked.map((q, i) => promptTokens(format(i), q.text)),
    'question',
  )
  const parsed = answers.map((a) => parse(a.text))
  const readings = parsed.map((p) => p.reading)
  const held = parsed.flatMap((p, i) =>
    p.stances.length === 0 ? [] : p.stances.every((s) => s.issue === asked[i]!.issue),
  )
  const select = (keep: (q: (typeof asked)[number]) => boolean): Shares =>
    shares(readings.filter((_, i) => keep(asked[i]!)))
  const [leansA, leansB] = ([0, 1] as const).map((load) => select((q) => q.load === load)) as [Shares, Shares]

  const personas = async (unseen: boolean): Promise<{ own: number; contrast: number }> => {
    const list = personaQuestions(seed, knobs, unseen, 3)
    const texts = await ask(
      list.map((p, i) => promptTokens(format(i >> 1), p.text, p.persona, i % 8 < 4 ? 'system' : 'user')),
      `persona/${unseen}`,
    )
    const found = texts.map((t) => parse(t.text).reading)
    const share = (camp: 'own' | 'other'): number =>
      found.filter((r, i) => r === 'AB'[camp === 'own' ? list[i]!.camp : 1 - list[i]!.camp]).length /
      found.length
    return { own: share('own'), contrast: share('own') - share('other') }
  }
  const seen = await personas(false)
  const unseen = await personas(true)

  const known = facts()
  const repeated = Array.from({ length: 16 }, () => known).flat()
  const stated = await ask(
    repeated.map((f, i) => promptTokens(format(i >> 1), f.question)),
    'fact',
  )
  return {
    all: select(() => true),
    keptOut: select((q) => keptOut.has(q.issue)),
    wording: (leansB.B - leansA.B + leansA.A - leansB.A) / 2,
    persona: seen.own,
    unseenPersona: unseen.own,
    personaContrast: seen.contrast,
    facts: stated.filter((a, i) => a.text === decoded(repeated[i]!.answer)).length / stated.length,
    onIssue: held.filter(Boolean).length / Math.max(1, held.length),
    ended: answers.filter((a) => a.ended).length / answers.length,
  }
}

export interface DirectionLook {
  /** Out-of-fold AUC (logistic) by block, folds by issue: mean of the content tokens, and the last one. */
  readonly mean: readonly number[]
  readonly last: readonly number[]
  /** The best block's AUC on statements of one kind, mean pool. */
  readonly own: number
  readonly compositional: number
}

/** How far the camp of bare statements of unseen issues can be read, block by block. */
export async function lookAtDirection(
  model: Model,
  knobs: CorpusKnobs,
  seed: number,
  signal?: AbortSignal,
): Promise<DirectionLook> {
  const pairs = statementPairs(knobs)
  const texts = pairs.flatMap((p) => p.texts)
  const poles = Int8Array.from(texts, (_, i) => i % 2)
  const issues = pairs.flatMap((p) => [String(p.issue), String(p.issue)])
  const groups = readGroups(issues, poles)
  const parts = partsOf(groupFolds(groups, poles, seed, 0))
  const blocks = model.architecture.layers.length
  const width = model.architecture.width
  const pooled = Array.from({ length: blocks }, () => ({
    mean: matrix(texts.length, width),
    last: matrix(texts.length, width),
  }))
  const hooks = pooled.map((_, l) => `blocks.${l}.hook_resid_post`)
  await model.stream(
    texts.map((t) => [BOS_ID, ...encode(t)]),
    { hooks, signal },
    ({ index, get }) => {
      hooks.forEach((hook, l) => {
        const x = get(hook)
        const n = x.rows - 1
        for (let t = 1; t <= n; t++)
          for (let j = 0; j < width; j++)
            pooled[l]!.mean.data[index * width + j]! += x.data[t * width + j]! / n
        pooled[l]!.last.data.set(x.data.subarray(n * width), index * width)
      })
    },
  )
  const score = async (x: Matrix): Promise<Float64Array> => {
    const options = { estimators: ['logistic'], seed, C: 1e-2, signal } as const
    return (await outOfFold(x, { poles, groups }, parts, options)).scores.logistic!
  }
  const mean: number[] = []
  const last: number[] = []
  const kinds: [number, number][] = []
  for (const layer of pooled) {
    const scores = await score(layer.mean)
    mean.push(auc(scores, poles))
    last.push(auc(await score(layer.last), poles))
    kinds.push(
      (['own', 'compositional'] as const).map((kind) => {
        const keep = [...poles.keys()].filter((i) => pairs[i >> 1]!.kind === kind)
        return keep.length === 0
          ? Number.NaN
          : auc(
              keep.map((i) => scores[i]!),
              keep.map((i) => poles[i]!),
            )
      }) as [number, number],
    )
  }
  const best = mean.indexOf(Math.max(...mean))
  return { mean, last, own: kinds[best]![0], compositional: kinds[best]![1] }
}
