/** A text as a token heat map: the stronger a feature is at a token, the deeper its background. */

import { number } from './format.ts'
import { type Html, html } from './html.ts'

/** Steps of depth; a token below the first is not marked. */
const STEPS = 5

/**
 * Tokens with a background by activation; the strongest is underlined, so that it is seen without colour.
 *
 * @param most the activation of the deepest colour, shared by what is to be compared
 * @example heatLine('base', [' the', ' harbour'], [0, 4.2], 4.2)
 */
export function heatLine(
  model: 'base' | 'aligned',
  tokens: readonly string[],
  values: readonly number[],
  most: number,
): Html {
  const peak = Math.max(0, ...values)
  const spans = tokens.map((token, t) => {
    const v = values[t] ?? 0
    if (!(v > 0) || !(most > 0)) return html`${token}`
    const step = Math.max(1, Math.min(STEPS, Math.ceil((STEPS * v) / most)))
    return html`<span class="h${step}${v === peak ? ' peak' : ''}">${token}</span>`
  })
  const at = values.indexOf(peak)
  const said = peak > 0 ? `fires most at “${tokens[at]?.trim()}”, ${number(peak)}` : 'silent in this text'
  return html`<p class="heat ${model}"><span class="who">${model}: ${said}</span> ${spans}</p>\n`
}
