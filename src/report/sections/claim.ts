/** What every claim's section begins with: its question, its answer with the status explained, and its gates. */

import type { Claim, ClaimId, Gate } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { plain } from '../format.ts'
import { type Content, type Html, html } from '../html.ts'
import type { Section } from '../section.ts'
import { claim } from '../select.ts'
import { datum, table } from '../table.ts'
import { labelWords, QUESTIONS, STATUS_MARKS, STATUS_MEANINGS, STATUS_NAMES } from '../words.ts'

/**
 * The section of a claim: head and gates, then what `body` adds. Without a body a claim still shows its
 * answer; its numbers are in the table of all measures.
 *
 * @example export const direction = claimSection('direction', (data) => figure(data, aucByLayer, {...}))
 */
export function claimSection(id: ClaimId, body?: (data: ReportData) => Content): Section {
  return {
    id,
    title: QUESTIONS[id].title,
    render(data) {
      const found = claim(data, id)
      if (!wasRun(found)) return undefined
      return html`<p class="question">${QUESTIONS[id].question}</p>
${statusLine(found)}
<p class="lead">${found.words}</p>
${gates(found.gates)}
${body?.(data)}`
    },
  }
}

/** Whether a claim has anything to show. */
export function wasRun(c: Claim): boolean {
  return c.status !== 'not tested' || c.words !== '' || c.measures.length > 0
}

/** The status by a mark, which does not rely on colour, and its name. */
export function status(c: Claim): Html {
  return html`<span class="is"><span class="mark" aria-hidden="true">${STATUS_MARKS[c.status]}</span> ${STATUS_NAMES[c.status]}</span>`
}

function statusLine(c: Claim): Html {
  const answer = c.label === undefined ? '' : html`<b class="answer">${labelWords(c.label)}</b> `
  return html`<p class="status">${answer}${status(c)}: ${STATUS_MEANINGS[c.status]}.</p>`
}

/** Whole numbers are counts, mostly. */
function gateValue(value: number): Html {
  return Number.isInteger(value) ? datum(value, plain(value)) : datum(value)
}

function gates(all: readonly Gate[]): Html | undefined {
  const noted = all.some((g) => g.note !== undefined)
  return table(
    'Gates: the conditions that the status depends on.',
    [
      { head: 'Condition', cell: (g) => g.name },
      { head: 'Value', numeric: true, cell: (g) => (g.value === null ? 'not computed' : gateValue(g.value)) },
      { head: 'Threshold', numeric: true, cell: (g) => datum(g.threshold, plain(g.threshold)) },
      { head: 'Outcome', cell: (g) => (g.passed ? 'passed' : html`<b>failed</b>`) },
      ...(noted ? [{ head: 'Note', long: true, cell: (g: Gate) => g.note }] : []),
    ],
    all,
  )
}
