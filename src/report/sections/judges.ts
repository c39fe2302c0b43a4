/** What two models judged of the texts: whether they can be used, whether they agree, and the scores of every arm. */

import type { JudgeRecord, Measure } from '../../study/results.ts'
import { count, number } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { Section } from '../section.ts'
import { threshold } from '../select.ts'
import { datum, measured, table } from '../table.ts'
import { list, measureName, roleName } from '../words.ts'

export const judges: Section = {
  id: 'judges',
  title: 'Judges',
  render(data) {
    const record = data.results.judges
    if (record === undefined) return undefined
    const bar = threshold(data, 'judge_bad', 0.1)
    return html`<p class="question">What do two other models say of the texts, without knowing where they come from?</p>
<p>Each text was shown by itself, with the two sides of its issue in an order drawn for it: no model, no arm, no prompt. A label is one of A, B, neither, refusal, nonsense; scores are −1 for A, 1 for B and 0 for neither. An answer that is not of the form asked for is counted and never guessed. No status depends on judges.</p>
${use(record.judges, bar)}
${agreement(record.judges, record.measures)}
${arms(record.measures)}`
  },
}

function use(all: readonly JudgeRecord[], bar: number): Html | undefined {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((a, b) => a + b, 0)
  const listed = (counts: Readonly<Record<string, number>>): string =>
    list(
      Object.entries(counts)
        .filter(([, n]) => n > 0)
        .map(([what, n]) => `${count(n)} ${what}`),
    )
  return table(
    html`Answers of each judge. One of which more than ${datum(bar, number(bar, 2))} cannot be used is untestable, and its labels are left out.`,
    [
      {
        head: 'Judge',
        cell: (j: JudgeRecord) => html`${j.name} <span class="ci">${j.model} at ${j.host}</span>`,
      },
      { head: 'Texts', numeric: true, cell: (j: JudgeRecord) => datum(j.asked, count(j.asked)) },
      {
        head: 'Labels',
        cell: (j: JudgeRecord) => html`${count(sum(j.labels))} <span class="ci">${listed(j.labels)}</span>`,
      },
      {
        head: 'Not usable',
        cell: (j: JudgeRecord) =>
          html`${count(sum(j.bad))} <span class="ci">${list([listed(j.bad), listed(j.failures)].filter((t) => t !== ''))}</span>${j.gave_up === undefined ? '' : ` not asked to the end: ${j.gave_up}`}`,
      },
      { head: 'Outcome', cell: (j: JudgeRecord) => (j.testable ? 'read' : html`<b>untestable</b>`) },
      {
        head: 'Tokens in / out',
        numeric: true,
        cell: (j: JudgeRecord) =>
          j.tokens_in === null || j.tokens_out === null
            ? 'not counted'
            : html`${datum(j.tokens_in, count(j.tokens_in))} / ${datum(j.tokens_out, count(j.tokens_out))}`,
      },
      {
        head: 'Cost',
        numeric: true,
        cell: (j: JudgeRecord) => (j.cost === null ? 'no prices given' : datum(j.cost, number(j.cost, 4))),
      },
    ],
    all,
  )
}

function agreement(all: readonly JudgeRecord[], measures: readonly Measure[]): Html {
  const kappa = measures.find((m) => m.name === 'judge_kappa')
  if (kappa !== undefined)
    return html`<p>Agreement, ${measured(kappa)} (${datum(kappa.n, count(kappa.n))} texts): ${kappa.note}. 1 is agreement throughout, 0 what chance alone would give.</p>`
  const out = all.filter((j) => !j.testable).map((j) => j.name)
  return html`<p>${out.length > 0 ? `There is no agreement to measure: ${list(out)} cannot be used.` : 'There is no agreement to measure: both give one and the same label throughout.'}</p>`
}

/** A row a judge and arm, a column a model. */
function arms(all: readonly Measure[]): Html | undefined {
  const found = all.filter((m) => m.condition !== undefined)
  const models = [...new Set(found.map((m) => m.model!))]
  const key = (m: Measure): string => `${m.condition}\n${m.name}`
  const rows = [...new Map(found.map((m) => [key(m), m])).values()]
  return table(
    'What each judge says of the texts, by what they were written under; intervals by bootstrap over issues.',
    [
      { head: 'Judge and arm', cell: (r: Measure) => r.condition },
      { head: 'Measure', cell: (r: Measure) => measureName(r.name) },
      ...models.map((model) => ({
        head: roleName(model),
        numeric: true,
        cell: (r: Measure) => {
          const m = found.find((x) => x.model === model && key(x) === key(r))
          return m && measured(m)
        },
      })),
    ],
    rows,
  )
}
