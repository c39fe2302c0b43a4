/** The judges of a study: asked about what models wrote, once the claims are done. Without judges nothing is sent. */

import { stream } from '../../core/random.ts'
import type { ReadAnswer } from '../claim-behaviour.ts'
import type { Prepared } from '../prepare.ts'
import type { JudgesRecord } from '../results.ts'
import type { RunFolder } from '../run-folder.ts'
import type { SteeringTable } from '../steering-table.ts'
import { judgeAnswers } from './answers.ts'
import { type Judged, judgesRecord } from './measures.ts'
import { type Bad, firstSide, type Label, question, readAnswer } from './question.ts'
import { drawTexts, type JudgedText, textsToJudge } from './texts.ts'

/** A text, and what each judge said of it. */
export interface Judgement extends JudgedText {
  readonly judge: string
  readonly label: Label | Bad
}

export interface JudgesOutcome {
  readonly record: JudgesRecord
  readonly judgements: readonly Judgement[]
}

/**
 * Asks the judges.
 *
 * @param keys of judges by name, from `judgeKeys`
 * @returns undefined where the study has no judges
 * @throws PalimpsestError `interrupted`; `disk-full`, `file-permission`
 */
export async function judgesStep(
  run: RunFolder,
  p: Prepared,
  answers: readonly ReadAnswer[],
  tables: readonly SteeringTable[],
  keys: ReadonlyMap<string, string>,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined
    /** Seconds before a failed question is asked again; for tests. */
    readonly pause?: number
  },
): Promise<JudgesOutcome | undefined> {
  const { study, domain } = p
  if (study.judges.length === 0) return undefined
  const texts = drawTexts(textsToJudge(answers, tables), study.judging.texts, study.seed)
  const sides = texts.map((t) => firstSide(t.text, t.unit, study.seed))
  const questions = texts.map((t, i) => question(domain, t.text, t.unit, sides[i]!))
  const refusals = domain.refusals.map((r) => r.toLowerCase().replaceAll('’', "'"))
  const judges: Judged[] = []
  for (const settings of study.judges) {
    // Each judge has an order of its own, so that neither tires of the same texts.
    const order = stream(study.seed, `judges/order/${settings.name}`).shuffle([...texts.keys()])
    const found = await judgeAnswers(
      run.shared('judge-answers'),
      settings,
      order.map((i) => questions[i]!),
      {
        key: keys.get(settings.name),
        signal: options.signal,
        ...(options.pause === undefined ? {} : { pause: options.pause }),
        onProgress: (done, total) => options.onProgress?.(`judge ${settings.name}`, done, total),
      },
    )
    const said: (Label | Bad)[] = texts.map(() => 'failed')
    for (const [k, i] of order.entries()) {
      const answer = found.answers[k]
      if (answer !== undefined) said[i] = readAnswer(answer, sides[i]!, refusals)
    }
    judges.push({ settings, found: said, answers: found })
  }
  const record = await judgesRecord({
    study,
    texts,
    judges,
    rendering: study.render[0]!,
    signal: options.signal,
  })
  return {
    record,
    judgements: judges.flatMap(({ settings, found }) =>
      texts.map((t, i) => ({ ...t, judge: settings.name, label: found[i]! })),
    ),
  }
}
