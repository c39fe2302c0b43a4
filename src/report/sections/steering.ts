/** Claim `steering`: how far a dose moves what is said, in one model and in the other. */

import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { figure } from '../figure.ts'
import { cutLines } from '../figures/cut.ts'
import { cutMap } from '../figures/cut-map.ts'
import { doseResponse, gainRatio, steeringSeries } from '../figures/dose-response.ts'
import { count } from '../format.ts'
import { type Html, html } from '../html.ts'
import { measures, roles, threshold } from '../select.ts'
import { datum, measured, table } from '../table.ts'
import { roleName } from '../words.ts'
import { claimSection } from './claim.ts'
import { measureTable } from './measure-table.ts'
import { steeredFeatures } from './steered-features.ts'

export const steering = claimSection('steering', (data) => [
  blockChoice(data, 'steering'),
  doseFigure(data),
  figure(data, gainRatio, {
    title: 'Gain of the aligned model over that of base',
    caption: html`Gains are slopes in the coherent range, in contrasts between personas of the model itself, so that a model that answers more sharply is not taken for one that is steered further. <i>Disconnected</i> needs the 90% interval within −${threshold(data, 'gain_disconnected', 0.25)} to ${threshold(data, 'gain_disconnected', 0.25)}, <i>connected</i> within ${threshold(data, 'gain_connected_low', 0.5)} to ${threshold(data, 'gain_connected_high', 2)}; <i>attenuated</i> needs the 95% interval above 0 and below ${threshold(data, 'gain_attenuated', 0.75)}.`,
  }),
  gains(data),
  steeredFeatures(data),
  figure(data, cutLines, {
    title: 'Where the path is cut',
    caption: html`How far prompts that lean move the completions in models that are partly base and partly aligned, in units of base (1: as in base; dashed: base and aligned). <i>Patched behind a block</i>: blocks up to it are those of the model that gives the line its colour, the rest those of the other. <i>On the path</i>: base + α (aligned − base); a cross is the same α for a random half of the blocks alone, the others left at base. <i>Gain of a dose at a block</i>: what adding the block’s own direction at one dose does to the stance, per unit of √(2 KL), in that model’s contrasts between personas. Lines: 95% intervals over issues.`,
    numbers: cutNumbers(data, [
      'cut_base_contrast',
      'cut_aligned',
      'cut_patch',
      'cut_path',
      'cut_control',
      'cut_gain',
    ]),
  }),
  figure(data, cutMap, {
    title: 'Which blocks cut the path',
    caption: html`The same measure where a range of blocks, from an upstream one (row) to a late one (column), is the other model’s. The deeper a cell, the more is left of base’s contrast (1, as in base, and more: deepest). A cell on the diagonal that is pale on the left and deep on the right names the block that is enough to cut the path, and whose return is enough to open it. Intervals are in the table.`,
    numbers: cutNumbers(data, ['cut_graft']),
  }),
  coherence(data),
  texts(data),
])

/** What the directions did at the blocks from which base chose the one that is steered. */
export function blockChoice(data: ReportData, id: 'steering' | 'geometry'): Html | undefined {
  const controls = measures(data, id, { name: 'choice_control' })
  return table(
    'The choice of the block: slopes of the stance on the dose in base, log-odds per token, on issues and prompts that nothing else uses. The block is taken where both are large for themselves.',
    [
      { head: 'Block', cell: (m: Measure) => datum(m.layer!, String(m.layer)) },
      { head: 'The direction', numeric: true, cell: measured },
      { head: 'Issues', numeric: true, cell: (m) => count(m.n) },
      {
        head: 'The unrelated concept',
        numeric: true,
        cell: (m) => {
          const control = controls.find((c) => c.layer === m.layer)
          return control && measured(control)
        },
      },
    ],
    measures(data, id, { name: 'choice_gain' }),
  )
}

/** The dose-response of every model, for whichever causal claim was measured. */
export function doseFigure(data: ReportData): Html | undefined {
  return figure(data, doseResponse, {
    title: 'Stance by dose',
    caption: html`How far the log-odds of pole B’s completion over pole A’s move, per token, when the direction is added. The dose is the same in every model: ±√(2 KL), where KL is what the addition changes in the predictions on neutral text. The grey band is where 95% of random directions stay that vary as much in this model’s prompts; it was measured at one dose and is drawn as a slope.`,
    numbers: numbers(data),
  })
}

function numbers(data: ReportData): Html | undefined {
  const rows = roles(data).flatMap((role) => {
    const stance = steeringSeries(data, 'stance', role)?.values ?? []
    return (steeringSeries(data, 'dose', role)?.values ?? []).map((dose, i) => ({
      role,
      dose,
      stance: stance[i],
    }))
  })
  return table(
    'Change of the mean stance, log-odds per token.',
    [
      { head: 'Model', cell: (r) => roleName(r.role) },
      { head: 'Dose', numeric: true, cell: (r) => datum(r.dose) },
      { head: 'Stance', numeric: true, cell: (r) => (r.stance === undefined ? '' : datum(r.stance)) },
    ],
    rows,
  )
}

/** What the label rests on, by model. */
function gains(data: ReportData): Html | undefined {
  return measureTable(
    data,
    'steering',
    [
      { name: 'gain', label: 'Gain, in contrasts between personas' },
      { name: 'gain_raw', label: 'Gain, log-odds per token and dose' },
      { name: 'persona_contrast', label: 'Contrast between personas (prompt only)' },
      { name: 'gain_primary', label: 'Gain at the dose of the random arms; p among them' },
      { name: 'gain_unrelated', label: 'The unrelated concept’s direction' },
      { name: 'gain_cross', label: 'The other model’s direction' },
      { name: 'control_gain', label: 'Positive control: the concept on its own completions' },
    ],
    'Gains: slopes of the stance on the dose.',
  )
}

/** The outcome text: what is written under a dose, read by a classifier. */
function texts(data: ReportData): Html | undefined {
  return measureTable(
    data,
    'steering',
    [
      'text_classifier_auc',
      'text_persona_contrast',
      'text_gain_raw',
      'text_gain',
      'text_gain_primary',
      'text_gain_unrelated',
      'text_gain_cross',
      'text_gain_ratio',
    ].map((name) => ({ name })),
    html`Texts written under doses, scored by a classifier from −1 (A) to 1 (B); p among random directions of equal KL. A model’s texts count only where the classifier tells its own texts under personas apart with AUC ${threshold(data, 'classifier_auc', 0.8)}; no status depends on them.`,
  )
}

/** What was found of hybrids and gains by block, as a table. */
function cutNumbers(data: ReportData, names: readonly string[]): Html | undefined {
  return table(
    'Contrast between prompts that lean to B and to A in units of base, and gains by block.',
    [
      {
        head: 'What',
        cell: (m: Measure) =>
          m.condition ?? `${roleName(m.model)}: ${m.name === 'cut_gain' ? 'gain' : 'contrast'}`,
      },
      {
        head: 'Block',
        numeric: true,
        cell: (m) => (m.layer === undefined ? '' : datum(m.layer, String(m.layer))),
      },
      { head: 'Value', numeric: true, cell: (m) => measured(m) },
      { head: 'n / issues', numeric: true, cell: (m) => `${count(m.n)} / ${count(m.groups ?? 0)}` },
    ],
    names.flatMap((name) => measures(data, 'steering', { name })),
  )
}

/** Perplexity and variety by dose: which doses count. */
function coherence(data: ReportData): Html | undefined {
  const rows = roles(data).flatMap((model) =>
    measures(data, 'steering', { name: 'perplexity', model }).map((m) => ({ model, m })),
  )
  const beside = (name: string, r: (typeof rows)[number]) =>
    measures(data, 'steering', { name, model: r.model }).find((x) => x.note === r.m.note)
  const cell = (name: string) => (r: (typeof rows)[number]) => {
    const found = beside(name, r)
    return found && measured(found)
  }
  return table(
    html`Texts written under each dose: a dose counts while perplexity under the unsteered base stays below ${threshold(data, 'coherent_perplexity', 3)} times, and distinct pairs of words above ${threshold(data, 'coherent_distinct', 0.5)} of, those without steering.`,
    [
      { head: 'Model', cell: (r) => `${roleName(r.model)}, ${r.m.note ?? ''}` },
      { head: 'Perplexity', numeric: true, cell: (r) => measured(r.m) },
      { head: 'Distinct pairs', numeric: true, cell: cell('distinct_2') },
      { head: 'Repetition', numeric: true, cell: cell('repetition') },
      { head: 'Texts', numeric: true, cell: (r) => datum(r.m.n, count(r.m.n)) },
    ],
    rows,
  )
}
