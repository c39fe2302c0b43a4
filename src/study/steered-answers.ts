/**
 * The outcome `text` of steering: texts written under arms, read by the classifier of claim `behaviour`. A text
 * counts only where that classifier tells the model's own texts under persona A from those under persona B.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import { auc } from '../stats/auc.ts'
import { tfidfLogOdds } from '../stats/tfidf.ts'
import { labelledAnswers } from './behaviour-step.ts'
import { kindOf, type ReadAnswer } from './claim-behaviour.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import type { Written } from './steered-texts.ts'

const VERSION = 1

/** A text, read. */
export interface ReadText extends Written {
  /** The issue: what is resampled. */
  readonly unit: string
  readonly kind: ReadAnswer['kind']
  /** -1 (pole A) to 1 (pole B); refusals and degenerate texts have none. */
  readonly score: number | null
}

/** Texts of an arm at one dose; `asked` 0: without steering. */
export interface ArmTexts {
  readonly id: string
  readonly asked: number
  readonly dose: number
  readonly texts: readonly ReadText[]
}

/** What a model writes when it is steered. */
export interface TextTable {
  /** AUC of the classifier between texts under persona B and A; null where either has no usable text. */
  readonly classifier: { readonly auc: number | null; readonly n: number }
  /** No steering, and the model's own direction at every dose, rising. */
  readonly own: readonly ArmTexts[]
  /** Other directions at the primary dose, both ways: the other model's, the unrelated concept's, random ones. */
  readonly others: readonly ArmTexts[]
  readonly personas: Readonly<Record<'A' | 'B', readonly ReadText[]>>
}

/**
 * Reads texts: their kind, and their score where they have one.
 *
 * @param written hash of the step that wrote them
 * @param unitOf issue of a prompt
 * @throws PalimpsestError `interrupted`
 */
export async function readTexts(
  run: RunFolder,
  p: Prepared,
  written: string,
  texts: readonly Written[],
  unitOf: (prompt: string) => string,
  signal?: AbortSignal,
): Promise<ReadText[]> {
  const { refusals, language } = p.domain
  const labelled = labelledAnswers(p)
  const spec = {
    kind: 'text-scores',
    version: VERSION,
    params: { written, labelled: hashJson(labelled), refusals, language },
  }
  const { folder } = await run.step(spec, async (partial) => {
    const odds = await tfidfLogOdds(
      labelled.texts,
      labelled.poles,
      texts.map((t) => t.text),
      signal,
    )
    await atomicWrite(join(partial, 'scores.json'), JSON.stringify([...odds].map((o) => Math.tanh(o / 2))))
  })
  const scores: number[] = JSON.parse(await readFile(join(folder, 'scores.json'), 'utf8'))
  return texts.map((t, i) => {
    const kind = kindOf(t.text, refusals, language)
    return { ...t, unit: unitOf(t.prompt), kind, score: kind === 'answer' ? scores[i]! : null }
  })
}

/** A text under a persona that has a score. */
export interface UnderPersona {
  readonly pole: 'A' | 'B'
  readonly unit: string
  readonly score: number
}

/** Texts under personas that have a score, and how well those under B stand above those under A. */
export function readUnder(personas: TextTable['personas']): { usable: UnderPersona[]; auc: number | null } {
  const usable = (['A', 'B'] as const).flatMap((pole) =>
    personas[pole].flatMap((t) => (t.score === null ? [] : [{ pole, unit: t.unit, score: t.score }])),
  )
  return {
    usable,
    auc:
      new Set(usable.map((u) => u.pole)).size < 2
        ? null
        : auc(
            usable.map((u) => u.score),
            usable.map((u) => (u.pole === 'B' ? 1 : 0)),
          ),
  }
}

/** As a table keeps it. */
export function classifierOf(personas: TextTable['personas']): TextTable['classifier'] {
  const read = readUnder(personas)
  return { auc: read.auc, n: read.usable.length }
}
