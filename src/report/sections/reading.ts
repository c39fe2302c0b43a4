/** How to read the report: every term and unit that it uses, for a reader who meets them first here. */

import { STATUSES } from '../../study/results.ts'
import { html } from '../html.ts'
import type { Section } from '../section.ts'
import { STATUS_MARKS, STATUS_MEANINGS, STATUS_NAMES } from '../words.ts'

const TERMS: readonly (readonly [term: string, meaning: string])[] = [
  [
    'Pole A, pole B',
    'The two sides of the domain, by the names given above. Which is A only fixes the sign of projections.',
  ],
  [
    'Direction',
    'A unit vector in the residual stream of one block, from pole A towards pole B. A projection ⟨a, d⟩ is how far a text lies along it.',
  ],
  [
    'Class-gap unit',
    'The distance between that model’s two class means of labelled texts. It makes models of different scale comparable; raw units do not.',
  ],
  [
    'AUC',
    'The chance that a text of pole B projects higher than one of pole A: 0.5 is a coin, 1 is always. Always out of fold, on groups that the fit has not seen.',
  ],
  ['Excess AUC', 'AUC less a baseline’s on the same folds. Zero: the model adds nothing to that baseline.'],
  ['Retention', 'Excess AUC of the aligned model divided by that of the base model. 1 is all of it, 0 none.'],
  [
    'Ratio of spreads',
    'Standard deviation of the prompts’ projections, aligned over base. 0.5 is half as wide.',
  ],
  [
    'Score, contrast',
    'A classifier’s reading of an answer, from −1 (A) to 1 (B); the mean score at prompts that lean to B less that at prompts that lean to A. 0: the wording makes no difference.',
  ],
  [
    'L0, FVU',
    'Of a dictionary: how many latents are active at a token, and the fraction of the variance of activations that it leaves unexplained.',
  ],
  [
    'KL, nats, dose',
    'How far predictions on neutral text are moved, in nats per token; a dose is √(2 KL) with the sign of the direction, the same size of push in every model.',
  ],
  ['Stance, gain', 'Log-odds per token of pole B’s completion over pole A’s; how far a dose of 1 moves it.'],
  [
    'Reactivation index',
    'What opposite identities of the user make of the aligned model, over what they make of base. 1: as much.',
  ],
  [
    'Interval',
    'A range that would hold the true value in 95 of 100 repetitions of the study with new groups or issues, unless another level is given. A status is decided by its end, not by the value in the middle.',
  ],
  [
    'Null, p, q',
    'What the number would be with no effect, by permutation; p is how often chance alone reaches it; q is p corrected for the number of tests in its family.',
  ],
  [
    'Pool',
    'Which tokens of a text were read: the mean of its content tokens, its last content token, or the last token of the chat template, from which an answer starts.',
  ],
  ['Rendering', 'raw: the text alone; chat: as a user’s message in the chat template.'],
]

export const reading: Section = {
  id: 'reading',
  title: 'How to read this report',
  render() {
    return html`<dl class="terms">
${TERMS.map(([term, meaning]) => html`<div><dt>${term}</dt><dd>${meaning}</dd></div>\n`)}</dl>
<h3>Statuses</h3>
<dl class="terms">
${STATUSES.map(
  (s) =>
    html`<div><dt><span class="mark" aria-hidden="true">${STATUS_MARKS[s]}</span> ${STATUS_NAMES[s]}</dt><dd>${STATUS_MEANINGS[s]}.</dd></div>\n`,
)}</dl>
<p>Parts that are folded open with a click or the Enter key; what is open is printed.</p>`
  },
}
