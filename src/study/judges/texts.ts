/** The texts that judges read: what the claims `behaviour` and `steering` had the models write. */

import { stream } from '../../core/random.ts'
import type { ReadAnswer } from '../claim-behaviour.ts'
import type { ReadText } from '../steered-answers.ts'
import type { SteeringTable } from '../steering-table.ts'

/** A text and what it was written under, which its judges are not told. */
export interface JudgedText {
  readonly claim: 'behaviour' | 'steering'
  readonly model: string
  /** In words, for the results. */
  readonly arm: string
  /** Of steering along the model's own direction; 0 without any. */
  readonly dose?: number
  /** -1 and 1: a prompt that leans to A or B. */
  readonly lean?: number
  /** The issue: what is resampled. */
  readonly unit: string
  readonly text: string
}

/** All texts that can be judged. */
export function textsToJudge(
  answers: readonly ReadAnswer[],
  tables: readonly Pick<SteeringTable, 'role' | 'texts'>[],
): JudgedText[] {
  const written = answers.map((a): JudgedText => {
    const lean = a.persona === undefined && a.loading !== 'neutral' ? (a.loading === 'A' ? -1 : 1) : undefined
    return {
      claim: 'behaviour',
      model: a.model,
      arm:
        a.persona !== undefined
          ? `persona ${a.persona}`
          : lean === undefined
            ? 'neutral prompts'
            : `prompts that lean to ${a.loading}`,
      ...(lean === undefined ? {} : { lean }),
      unit: a.issue,
      text: a.text,
    }
  })
  const steered = tables.flatMap(({ role, texts }) => {
    const of = (list: readonly ReadText[], more: Pick<JudgedText, 'arm' | 'dose'>): JudgedText[] =>
      list.map((t) => ({ claim: 'steering', model: role, unit: t.unit, text: t.text, ...more }))
    if (texts === undefined) return []
    return [
      ...texts.own.flatMap((a) =>
        of(a.texts, {
          arm: a.asked === 0 ? 'no steering' : `dose ${nominal(a.asked).toFixed(2)}`,
          dose: a.asked === 0 ? 0 : a.dose,
        }),
      ),
      ...(['A', 'B'] as const).flatMap((pole) => of(texts.personas[pole], { arm: `persona ${pole}` })),
    ]
  })
  return [...written, ...steered].filter((t) => t.text.trim() !== '')
}

/** The dose that was asked for, the same for all models. */
const nominal = (asked: number): number => Math.sign(asked) * Math.sqrt(2 * Math.abs(asked))

/** At most `most` of them, in an order that says nothing: it is the one in which they are asked. */
export function drawTexts(all: readonly JudgedText[], most: number, seed: number): JudgedText[] {
  return stream(seed, 'judges/texts')
    .shuffle([...all])
    .slice(0, most)
}
