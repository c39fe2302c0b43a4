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
  behaviour: behaviourProse,
  features: featuresProse,
  steering: steeringProse,
  geometry: geometryProse,
  identity: identityProse,
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

function behaviourProse(data: ReportData): Html {
  const read = headline(data, 'behaviour', { name: 'refusal_share' })
  return html`<h3>Behaviour</h3>
<p>${read === undefined ? 'Answers' : html`${datum(read.n, count(read.n))} answers of each model${read.groups === undefined ? '' : html` on ${datum(read.groups, count(read.groups))} issues`}`} were sampled to prompts that are neutral or lean to a pole, and more to neutral prompts under stated personas. A classifier (logistic regression on TF-IDF of one and two words, learnt from the labelled texts and the domain’s own completions) gives each a score from −1 (A) to 1 (B). Refusals and degenerate texts are classes of their own and have no score. A contrast is the mean over issues of the score at prompts that lean to B less that at prompts that lean to A; its null permutes leans within issues. The classifier counts where it tells base’s answers under opposite personas apart with AUC ${threshold(data, 'classifier_auc', 0.8)}.</p>`
}

function featuresProse(data: ReportData): Html {
  const followed = data.features?.features.filter((f) => f.set === 'policy') ?? []
  const one = followed[0]
  return html`<h3>Features</h3>
<p>Each dictionary was first tested on both models; where it does not fit, its features are untestable. Features with policy content (more firing in the domain’s prompts than in matched control prompts, exact McNemar) were chosen on half of the issues and of the groups${one === undefined ? '' : html`, and ${datum(followed.length, count(followed.length))} of them followed on ${datum(one.n, count(one.n))} prompts of the other half, on ${datum(one.issues, count(one.issues))} issues`}. Rates have exact intervals (Clopper and Pearson), differences McNemar’s exact test. A feature is dormant only if it stays silent once aligned’s activations have base’s mean and mean norm. Controls are features without policy content that fire about as often in base.</p>`
}

/** What a dose is, and what it is held beside: said once for both causal claims. */
function doseProse(data: ReportData, id: ClaimId): Html {
  const arms = claim(data, id).measures.find((m) => m.null !== undefined && m.p !== undefined)?.null?.draws
  return html`A dose is ±√(2 KL), where KL, in nats per token, is what adding the direction at every token changes in the predictions on neutral text; every arm was calibrated to the KL asked for. The outcome is the stance: log-odds per token of the matched completion of pole B over that of pole A. ${arms === undefined ? 'Random directions' : html`${datum(arms, count(arms))} random directions`} of equal KL, in the span of the model’s prompts, orthogonal to the direction and as variable as it, stand beside it.`
}

function steeringProse(data: ReportData): Html {
  const gain = headline(data, 'steering', { name: 'gain_ratio' })
  return html`<h3>Steering</h3>
<p>${doseProse(data, 'steering')} A gain is the slope of the stance on the dose, mean over ${gain?.groups === undefined ? 'issues' : html`${datum(gain.groups, count(gain.groups))} issues`}, over the doses at which texts stay coherent in both models, in that model’s own contrast between personas. Before the ratio of gains means anything, base must move further than its random directions, an unrelated concept must steer both models on its own completions, and a dose of zero must change nothing.</p>`
}

function geometryProse(data: ReportData): Html {
  const told = wasRun(claim(data, 'steering'))
  return html`<h3>Geometry</h3>
<p>${told ? '' : html`${doseProse(data, 'geometry')} `}Each test is a rank among random directions of equal KL: steering along a model’s own direction, along the other model’s, and setting the direction to its mean, which should take more off the difference between loaded prompts than doing so to others. A rank that misses its bar says only that nothing was seen; that the direction does no more than random ones is said where the interval of its gain over the 95% point of theirs lies below 1.</p>`
}

function identityProse(data: ReportData): Html {
  const decides = claim(data, 'identity').measures.find((m) => m.name === 'stance_contrast')
  return html`<h3>Identity</h3>
<p>The same questions${decides?.groups === undefined ? '' : html`, on ${datum(decides.groups, count(decides.groups))} issues,`} were put to users of either pole, of neither, of an unrelated identity and of none, stated or implied by a biography, in the system prompt or the user’s own turn; messages of a slot are equally long. Contrasts are signed, identity B less identity A, and their null permutes identities within issues. The reactivation index is the contrast of aligned over that of base, by the same draws. Factual questions under the same identities tell a role that is played.</p>`
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
