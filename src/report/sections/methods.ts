/** How it was done, in prose: only of what this run did, with its own counts. */

import type { ClaimId, Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { count, number } from '../format.ts'
import { type Content, type Html, html } from '../html.ts'
import type { Section } from '../section.ts'
import { claim, headline, primary, series, threshold } from '../select.ts'
import { datum } from '../table.ts'
import { foldsName, list, poolName, recipe } from '../words.ts'
import { wasRun } from './claim.ts'

export const methods: Section = {
  id: 'methods',
  title: 'Methods',
  render(data) {
    const parts = (Object.entries(PROSE) as [ClaimId, (data: ReportData) => Content][]).filter(([id]) =>
      wasRun(claim(data, id)),
    )
    if (parts.length === 0) return undefined
    return html`${parts.map(([, prose]) => prose(data))}
${statistics(data)}`
  },
}

const PROSE: Partial<Record<ClaimId, (data: ReportData) => Content>> = {
  direction: directionProse,
  compression: compressionProse,
}

function directionProse(data: ReportData): Html {
  const auc = headline(data, 'direction', { name: 'auc' })
  const used = [
    ...new Set(
      primary(data, 'direction', { name: 'auc' }, ['estimator', 'layer', 'model']).map((m) => m.estimator),
    ),
  ]
  return html`<h3>Direction</h3>
<p>${
    auc === undefined
      ? ''
      : html`The residual stream of each block was read over ${datum(auc.n, count(auc.n))} labelled texts${auc.groups === undefined ? '' : html` from ${datum(auc.groups, count(auc.groups))} independent groups`}, one vector a text (${auc.pool === undefined ? 'pooled' : poolName(auc.pool)}${auc.rendering === undefined ? '' : `, ${auc.rendering} rendering`}). `
  }${used.length > 0 ? `A direction between the poles was fitted by ${list(used.map(recipe))}. ` : ''}Each text was scored only by fits that had not seen it (${foldsName(auc?.folds)}); the layer that decides is chosen inside the training folds, so that the choice cannot flatter the score.</p>
<p>A direction counts only beyond what random weights give: averaged random token embeddings, and where it fits into memory a randomly initialised model of the same shape, are put through the same folds, and the excess is over the larger of the two. Beside it stand the model’s own embedding layer and the words alone (logistic regression on TF-IDF). The direction exists where the lower bound of the excess exceeds ${threshold(data, 'excess_auc', 0.02)}.</p>${nulls(data)}`
}

function nulls(data: ReportData): Html | undefined {
  const kinds = new Map<string, number>()
  for (const m of claim(data, 'direction').measures)
    if (m.null && m.name === 'auc') kinds.set(recipe(m.estimator), m.null.draws)
  if (kinds.size === 0) return undefined
  const words = list([...kinds].map(([name, draws]) => `${count(draws)} draws for ${name}`))
  return html`
<p>Null distributions come from refitting on permuted labels (${words}), whole groups at a time.</p>`
}

function compressionProse(data: ReportData): Html {
  const ratio = headline(data, 'compression', { name: 'r_prompt' })
  const refs = series(data, 'compression', 'reference_log_ratios')
  return html`<h3>Compression</h3>
<p>${
    ratio === undefined
      ? ''
      : html`${datum(ratio.n, count(ratio.n))} prompts${ratio.groups === undefined ? '' : html` on ${datum(ratio.groups, count(ratio.groups))} issues`} were read in both models${ratio.pool === undefined ? '' : ` (${poolName(ratio.pool)})`} and projected on the difference of the class means of labelled texts. `
  }The ratio of spreads is the standard deviation over prompts in the aligned model over that in the base model. The unit of resampling is the issue: its prompts stay together.</p>
<p>Compression counts as selective where the upper bound of the log ratio along the direction, less the middle of the log ratios along reference directions, is below the logarithm of ${threshold(data, 'selective_ratio', 0.8)}.${refs ? ` There are ${count(refs.values.length)} reference directions: in the span of the leading principal components, orthogonal to the direction, and as variable as it in base.` : ''} Class-gap units divide each model’s projections by its own distance between the class means of labelled texts.</p>`
}

/** What holds for every number: methods of intervals, correction, families. */
function statistics(data: ReportData): Html {
  const all = data.results.claims.flatMap((c) => c.measures)
  const distinct = (key: keyof Measure) => [
    ...new Set(all.flatMap((m) => (m[key] === undefined ? [] : String(m[key])))),
  ]
  const levels = distinct('level').map((l) => `${number(Number(l) * 100, 0)}%`)
  const families = distinct('family').slice(0, 12)
  const intervals = [...new Set(all.flatMap((m) => (m.ci && m.method ? [m.method] : [])))].slice(0, 12)
  return html`<h3>Statistics</h3>
<p>The unit of resampling is the independent one (author, issue), never the token.${intervals.length > 0 ? ` Intervals${levels.length > 0 ? ` (${list(levels)})` : ''} are by ${list(intervals)}.` : ''}${families.length > 0 ? ` q is p after Benjamini and Hochberg’s correction within a family of tests: ${list(families)}.` : ''}</p>`
}
