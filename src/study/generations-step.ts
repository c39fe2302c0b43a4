/**
 * A few texts of every model, to be read side by side: answers to loaded prompts, and the same prompt steered either
 * way. The model that wrote a text reads it again, without steering, and every token is projected on its direction.
 */

import { hashJson } from '../core/files.ts'
import { row } from '../core/matrix.ts'
import { classMeans } from '../stats/estimators/mean-difference.ts'
import { dot } from '../stats/linear.ts'
import type { ReadAnswer } from './claim-behaviour.ts'
import type { DirectionRecord } from './directions.ts'
import type { GenerationsRecord, WrittenRecord } from './generations-record.ts'
import { type Harvest, siteOf } from './harvest.ts'
import type { StudyModel } from './models.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import { evenly, stanceItems } from './stance-items.ts'
import type { SteeringTable } from './steering-table.ts'
import { tokensInText } from './token-texts.ts'

const VERSION = 1
/** Issues of which texts are shown, for each claim. */
const ISSUES = 3

/** A text that is shown, before it is read again. */
interface Chosen extends Omit<WrittenRecord, 'tokens' | 'projection'> {
  readonly before: readonly number[]
  readonly ids: readonly number[]
}

/**
 * Chooses texts and reads them.
 *
 * @param texts harvests of the labelled texts, by model: projections are between their class means
 * @returns undefined where nothing was written
 * @throws PalimpsestError `interrupted`, and as the models
 */
export async function generationsStep(
  run: RunFolder,
  p: Prepared,
  direction: DirectionRecord,
  texts: readonly Harvest[],
  answers: readonly ReadAnswer[],
  tables: readonly SteeringTable[],
  options: {
    readonly signal?: AbortSignal | undefined
    readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined
  },
): Promise<GenerationsRecord | undefined> {
  const chosen = [...ofSteering(p, tables), ...ofBehaviour(p, answers)].filter((c) => c.ids.length > 0)
  if (chosen.length === 0) return undefined
  const read = new Map<Chosen, WrittenRecord>()
  for (const [m, model] of p.models.all.entries()) {
    const own = chosen.filter((c) => c.model === model.role)
    const axis = direction.directions.get(`${model.role}.mean-difference`)!
    const labelled = await texts[m]!.load(direction.layer, p.study.sites.pool)
    const { means } = classMeans(labelled, p.labels.poles, Int32Array.from(p.labels.poles.keys()))
    const [a, b] = [dot(means[0], axis), dot(means[1], axis)]
    const z = await projectionsOf(run, model, siteOf(direction.layer), axis, own, options)
    const { tokenizer } = model.description
    for (const [i, c] of own.entries()) {
      const { before: _, ids, ...rest } = c
      const projection = z[i]!.map((v) => (2 * (v - a)) / (b - a) - 1)
      read.set(c, { ...rest, tokens: tokensInText(tokenizer, ids), projection })
    }
  }
  return { format: 1, site: siteOf(direction.layer), texts: chosen.map((c) => read.get(c)!) }
}

/** The same neutral prompts in every model, as they are and steered either way at the dose of the random arms. */
function ofSteering(p: Prepared, tables: readonly SteeringTable[]): Chosen[] {
  const [first] = tables
  if (first?.texts === undefined) return []
  const prompts = new Map(stanceItems(p).neutral.map((item) => [item.id, item.prompt]))
  const wording = new Map(p.domain.prompts.map((q) => [q.id, q.text]))
  const ids = evenly(
    first.texts.own[0]!.texts.map((t) => t.prompt),
    ISSUES,
  )
  return ids.flatMap((id) =>
    [-first.primary, 0, first.primary].flatMap((asked) =>
      tables.flatMap(({ role, texts }): Chosen[] => {
        const arm = texts?.own.find((a) => a.asked === asked)
        const text = arm?.texts.find((t) => t.prompt === id)
        if (arm === undefined || text === undefined) return []
        // As it was asked for, the same for all models; what was reached is within 5% of its KL.
        const dose = `${asked < 0 ? '−' : '+'}${Math.sqrt(2 * Math.abs(asked)).toFixed(2)}`
        return [
          {
            claim: 'steering',
            model: role,
            id,
            prompt: wording.get(id)!,
            arm: asked === 0 ? 'no steering' : `steered, dose ${dose}`,
            kind: text.kind,
            score: text.score,
            before: prompts.get(id)!,
            ids: text.tokens,
          },
        ]
      }),
    ),
  )
}

/** Answers to prompts that lean either way on one issue. */
function ofBehaviour(p: Prepared, answers: readonly ReadAnswer[]): Chosen[] {
  const tokens = p.promptTokens.get(p.study.render[0]!)!
  const { tokenizer } = p.models.all[0]!.description
  const at = (issue: string, loading: string): number =>
    p.prompts.ids.findIndex((_, i) => p.prompts.issues[i] === issue && p.prompts.loadings[i] === loading)
  const both = [...new Set(p.prompts.issues)].filter((issue) => at(issue, 'A') >= 0 && at(issue, 'B') >= 0)
  return evenly(both, ISSUES).flatMap((issue) =>
    (['A', 'B'] as const).flatMap((loading) => {
      const i = at(issue, loading)
      const id = p.prompts.ids[i]!
      return answers
        .filter((a) => a.prompt === id && a.sample === 0 && a.persona === undefined)
        .map(
          (a): Chosen => ({
            claim: 'behaviour',
            model: a.model,
            id,
            prompt: p.prompts.texts[i]!,
            arm: `a prompt that leans to ${loading}`,
            kind: a.kind,
            score: a.score ?? null,
            before: tokens[i]!.tokens,
            ids: a.text === '' ? [] : tokenizer.encode(a.text, { addSpecialTokens: false }),
          }),
        )
    }),
  )
}

/** <a, d> of every token of each text, read after its prompt. */
async function projectionsOf(
  run: RunFolder,
  model: StudyModel,
  site: string,
  axis: Float64Array,
  texts: readonly Chosen[],
  options: Parameters<typeof generationsStep>[6],
): Promise<number[][]> {
  if (texts.length === 0) return []
  const items = texts.map((t, i) => ({ id: String(i), tokens: [...t.before, ...t.ids] }))
  const spec = {
    kind: 'token-projections',
    version: VERSION,
    params: {
      ...model.key,
      site,
      axis: hashJson([...axis]),
      items: hashJson(items),
      from: texts.map((t) => t.before.length),
    },
  }
  const { shards } = await shardedStep<number[][]>(
    run,
    spec,
    1,
    model.open,
    async (opened) => {
      const out: number[][] = []
      await opened.stream(items, { hooks: [site], signal: options.signal }, (result) => {
        const x = result.get(site)
        const from = texts[result.index]!.before.length
        out[result.index] = Array.from({ length: x.rows - from }, (_, t) => dot(row(x, from + t), axis))
      })
      return out
    },
    (done, total) => options.onProgress?.(`texts of ${model.role}, token by token`, done, total),
  )
  return shards[0]!
}
