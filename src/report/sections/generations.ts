/** What the models wrote, side by side, each token with its place along the direction. */

import type { WrittenRecord } from '../../study/generations-record.ts'
import { number } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { Section } from '../section.ts'
import { datum } from '../table.ts'
import { roleName } from '../words.ts'

/** Steps of depth; half a step on either side of the middle is not marked. */
const STEPS = 5
/** Class means of labelled texts lie at 1: beyond this the colour is as deep as it gets. */
const DEEPEST = 1.5

export const generations: Section = {
  id: 'generations',
  title: 'What was written',
  render(data) {
    const record = data.generations
    if (record === undefined || record.texts.length === 0) return undefined
    const { A, B } = data.results.poles ?? { A: 'pole A', B: 'pole B' }
    const prompts = [...new Map(record.texts.map((t) => [`${t.claim}\n${t.id}`, t])).values()]
    return html`<p>A few texts of each model, the same prompts for all. Behind each token stands where it lies along the model’s own direction at <code>${record.site}</code>, as the model reads the text without steering: <span class="poled"><span class="a4">towards ${A}</span></span> or <span class="poled"><span class="b4">towards ${B}</span></span>, deepest at one and a half times the distance of labelled texts from the middle. The token furthest out on its side is underlined. They are examples, chosen by their place in the list and not by what they say.</p>
${prompts.map(({ claim, id, prompt }) => {
  const own = record.texts.filter((t) => t.claim === claim && t.id === id)
  const arms = [...new Set(own.map((t) => t.arm))]
  return html`<article class="card">
<h3>${prompt}</h3>
${arms.map((arm) => html`<div class="pairs">${own.filter((t) => t.arm === arm).map(written)}</div>\n`)}
</article>
`
})}`
  },
}

function written(t: WrittenRecord): Html {
  const peaks = [Math.min(0, ...t.projection), Math.max(0, ...t.projection)]
  const spans = t.tokens.map((token, i) => {
    const z = t.projection[i] ?? 0
    const step = Math.min(STEPS, Math.round((STEPS * Math.abs(z)) / DEEPEST))
    if (step === 0) return html`${token}`
    const peak = z === peaks[0] || z === peaks[1] ? ' peak' : ''
    return html`<span class="${z < 0 ? 'a' : 'b'}${step}${peak}">${token}</span>`
  })
  const mean = t.projection.reduce((s, z) => s + z, 0) / Math.max(1, t.projection.length)
  const said = t.score === null ? t.kind : html`classifier ${datum(t.score, number(t.score, 2))}`
  return html`<p class="heat poled"><span class="who">${roleName(t.model)}, ${t.arm}: ${said}, mean place ${number(mean, 2)}</span> ${spans}</p>`
}
