/** The answer in words: the verdict with its reasons, what qualifies it, and the seven claims at a glance. */

import type { Claim, Verdict } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { type Html, html } from '../html.ts'
import type { Section } from '../section.ts'
import { claims } from '../select.ts'
import { table } from '../table.ts'
import { capital, isSentence, labelWords, QUESTIONS, verdictMeaning } from '../words.ts'
import { status, wasRun } from './claim.ts'

export const answer: Section = {
  id: 'answer',
  title: 'Answer',
  render(data) {
    const { verdict, warnings } = data.results
    return html`${pointer(warnings.length)}${verdict ? verdictWords(verdict) : alone(data)}
${warningList(warnings)}
${ledger(data)}
${verdict && inputs(verdict)}`
  },
}

function verdictWords(v: Verdict): Html {
  return html`<p class="verdict">${capital(v.label)}.</p>
<p class="lead">${verdictMeaning(v.label)}</p>
${v.because.length > 0 ? html`<ul class="because">${v.because.map((b) => html`<li>${b}</li>\n`)}</ul>` : ''}`
}

/** A run without a verdict: one model, of which each claim says something by itself. */
function alone(data: ReportData): Html {
  const run = claims(data).filter(wasRun)
  const why =
    data.results.models.length === 1
      ? 'One model was studied: what follows says what it holds, and nothing about what alignment did to it.'
      : 'This run gives no verdict; each claim answers for itself.'
  return html`${run.map(
    (c) =>
      html`<p class="verdict">${claimInBrief(c)}.</p>
<p class="lead">${c.words}</p>\n`,
  )}<p>${run.length === 0 ? 'No claim was tested. ' : ''}${why}</p>`
}

function claimInBrief(c: Claim): string {
  return isSentence(c.label) ? labelWords(c.label) : `${QUESTIONS[c.id].title}: ${c.label ?? c.status}`
}

function pointer(count: number): Html | undefined {
  if (count === 0) return undefined
  const words = count === 1 ? 'One warning qualifies' : `${count} warnings qualify`
  return html`<p class="pointer"><a href="#warnings">${words} this answer</a></p>\n`
}

function warningList(warnings: readonly string[]): Html | undefined {
  if (warnings.length === 0) return undefined
  return html`<div class="warnings" id="warnings">
<h3>${warnings.length === 1 ? 'Warning' : 'Warnings'}</h3>
<ul>${warnings.map((w) => html`<li>${w}</li>\n`)}</ul>
</div>`
}

function ledger(data: ReportData): Html | undefined {
  return table<Claim>(
    'The seven claims.',
    [
      {
        head: 'Claim',
        cell: (c) =>
          html`${wasRun(c) ? html`<a href="#${c.id}">${QUESTIONS[c.id].title}</a>` : QUESTIONS[c.id].title} <span class="ask">${QUESTIONS[c.id].question}</span>`,
      },
      { head: 'Answer', cell: (c) => (c.label === undefined ? '' : labelWords(c.label)) },
      { head: 'Status', cell: status },
    ],
    claims(data),
  )
}

function inputs(v: Verdict): Html | undefined {
  const all = Object.entries(v.inputs)
  if (all.length === 0) return undefined
  return html`<h3>What the verdict was computed from</h3>
<dl class="facts inputs">
${all.map(([name, value]) => html`<div><dt>${capital(name)}</dt><dd>${value}</dd></div>\n`)}</dl>`
}
