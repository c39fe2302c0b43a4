/** One feature: how often it fires in both models, what it is about, what it does to the logits. */

import type { FeatureCard, FeatureRecord } from '../../study/features-record.ts'
import { activationHistogram } from '../figures/activations.ts'
import { count } from '../format.ts'
import { heatLine } from '../heat.ts'
import { type Content, type Html, html } from '../html.ts'
import { bounds, chance, datum, measured } from '../table.ts'
import { capital } from '../words.ts'

/** A public dashboard's page, and nothing else that a file could name. */
const DASHBOARD = /^https:\/\/www\.neuronpedia\.org\/[\w.-]+\/[\w.-]+\/\d+$/

/** What each label says. */
export const LABEL_MEANINGS: Record<FeatureRecord['label'], string> = {
  dormant: 'never fires in aligned, far below base, and not because activations were shifted or rescaled',
  shifted: 'silent, but fires once the activations have the mean and mean norm of the other model',
  attenuated: 'fires less often in aligned',
  active: 'fires as often, within the factor asked for',
  amplified: 'fires more often in aligned',
  new: 'never fires in base, and does in aligned',
  underpowered: 'even complete silence in aligned could not have been shown at this number of prompts',
  undecided: 'neither a difference nor sameness is shown',
}

/**
 * The card of a feature.
 *
 * @param id unique in the page
 */
export function featureCard(f: FeatureRecord, card: FeatureCard, id: string): Html {
  const most = Math.max(0, ...card.contexts.flatMap((c) => [...c.base, ...c.aligned]))
  const rate = (r: FeatureRecord['base']): Content =>
    html`${datum(r.value)} <span class="ci">(${bounds(r.ci)}; ${datum(r.fired, count(r.fired))} of ${datum(f.n, count(f.n))})</span>`
  const facts: [string, Content][] = [
    ['Fires in base', rate(f.base)],
    ['Fires in aligned', rate(f.aligned)],
    [
      'Base against aligned',
      html`q ${chance(f.q)} (exact McNemar, ${datum(f.issues, count(f.issues))} issues)`,
    ],
    ['Restored', restored(f)],
    [
      'Margin to the threshold',
      html`${datum(f.margin_base)} in base, ${datum(f.margin_aligned)} in aligned (median)`,
    ],
    ['Control prompts', html`fires in ${datum(f.control_rate)} of the matched ones`],
  ]
  if (f.auc !== null)
    facts.push([
      'AUC between poles',
      measured({ value: f.auc, ...(f.auc_ci === null ? {} : { ci: f.auc_ci }) }),
    ])
  if (f.cosine !== null) facts.push(['Cosine with the direction', datum(f.cosine)])
  if (card.promoted.length > 0)
    facts.push(['Promotes', tokens(card.promoted)], ['Suppresses', tokens(card.suppressed)])
  if (card.dashboard !== undefined && DASHBOARD.test(card.dashboard))
    facts.push(['Dashboard', html`<a href="${card.dashboard}">on Neuronpedia</a>`])
  const histogram = activationHistogram(card.histogram, id)
  return html`<article class="card">
<h3>Feature ${f.feature} <span class="ci">${f.dictionary}</span></h3>
<p class="status"><b class="answer">${capital(f.label)}</b> ${LABEL_MEANINGS[f.label]}.</p>
<dl class="facts">${facts.map(([term, fact]) => html`<div><dt>${term}</dt><dd>${fact}</dd></div>\n`)}</dl>
${histogram && html`<p class="above">Largest activation of each text in which it fires: base above the line, aligned below.</p>\n${histogram}`}
${card.contexts.map((c) => html`<div class="context">${heatLine('base', c.tokens, c.base, most)}${heatLine('aligned', c.tokens, c.aligned, most)}</div>`)}
</article>
`
}

/** The model that is silent is the one to be given the other's mean and norm. */
function restored(f: FeatureRecord): Html {
  const [silent, other, fired] =
    f.base.fired === 0 ? ['base', 'aligned', f.base_restored] : ['aligned', 'base', f.aligned_restored]
  return html`fires in ${datum(fired, count(fired))} prompts once ${silent} has ${other}’s mean and mean norm`
}

function tokens(list: FeatureCard['promoted']): Html[] {
  return list.map(({ token }, i) => html`${i === 0 ? '' : ' '}<code class="token">${token}</code>`)
}
