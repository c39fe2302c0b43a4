/**
 * Where every text and prompt lies along the direction, for pictures and for people's own analyses. Texts are
 * projected on the direction of folds that have not seen them, so that what is drawn is not what was fitted.
 */

import type { Matrix } from '../core/matrix.ts'
import { classMeans, meanDifference } from '../stats/estimators/mean-difference.ts'
import { groupFolds, partsOf } from '../stats/folds.ts'
import { dot, unit } from '../stats/linear.ts'
import type { DirectionRecord } from './directions.ts'
import { type Harvest, siteOf } from './harvest.ts'
import type { Prepared, Rendering } from './prepare.ts'

/** One text or prompt in one model, along the first model's direction (difference of means) at the primary layer. */
export interface ProjectionRow {
  readonly model: string
  readonly site: string
  readonly rendering: Rendering
  readonly set: 'texts' | 'prompts'
  readonly id: string
  /** Group of a text, issue of a prompt. */
  readonly group: string
  readonly pole: 'A' | 'B' | undefined
  readonly loading: string | undefined
  /** <a, d>, in the activations' own units. */
  readonly z: number
  /** z over that model's distance between the class means of the labelled texts. */
  readonly z_gap: number
}

/** Projections of all texts and prompts of a study, model by model. */
export async function projections(
  p: Prepared,
  direction: DirectionRecord,
  texts: readonly Harvest[],
  prompts: ReadonlyMap<Rendering, readonly Harvest[]>,
): Promise<ProjectionRow[]> {
  const { layer } = direction
  const { poles } = p.texts
  const site = siteOf(layer)
  const first = await texts[0]!.load(layer, p.study.sites.pool)
  const folds = p.texts.folds ?? groupFolds(p.labels.groups, poles, p.study.seed, 0)
  const axes = partsOf(folds).map(({ train }) => unit(meanDifference(first, poles, train)))
  const whole = direction.directions.get(`${p.models.all[0]!.role}.mean-difference`)!
  const out: ProjectionRow[] = []
  for (const [m, { role }] of p.models.all.entries()) {
    const x = m === 0 ? first : await texts[m]!.load(layer, p.study.sites.pool)
    const { means } = classMeans(
      x,
      poles,
      Int32Array.from(poles, (_, i) => i),
    )
    const gap = dot(means[1], whole) - dot(means[0], whole)
    const row = (rest: Omit<ProjectionRow, 'model' | 'site' | 'z_gap'>): ProjectionRow => ({
      ...rest,
      model: role,
      site,
      z_gap: rest.z / gap,
    })
    for (let i = 0; i < poles.length; i++)
      out.push(
        row({
          rendering: p.study.render[0]!,
          set: 'texts',
          id: p.texts.ids[i]!,
          group: p.texts.groups[i]!,
          pole: poles[i] === 0 ? 'A' : 'B',
          loading: undefined,
          z: along(x, i, axes[folds[i]!]!),
        }),
      )
    for (const [rendering, harvests] of prompts) {
      const y = await harvests[m]!.load(layer, 'last_content')
      for (let i = 0; i < y.rows; i++)
        out.push(
          row({
            rendering,
            set: 'prompts',
            id: p.prompts.ids[i]!,
            group: p.prompts.issues[i]!,
            pole: undefined,
            loading: p.prompts.loadings[i],
            z: along(y, i, whole),
          }),
        )
    }
  }
  return out
}

function along(x: Matrix, i: number, d: Float64Array): number {
  return dot(x.data.subarray(i * x.cols, (i + 1) * x.cols), d)
}
