/** The histogram of a feature's card: base above the line, aligned below it, on one scale. */

import type { FeatureCard } from '../../study/features-record.ts'
import { number } from '../format.ts'
import { escapeHtml, Html } from '../html.ts'

const [WIDTH, HALF, FOOT] = [328, 40, 18]

/**
 * Draws the largest activations of the texts in which a feature fires.
 *
 * @param id unique in the page
 * @returns undefined where it fires in no text of either model
 */
export function activationHistogram(
  { edges, base, aligned }: FeatureCard['histogram'],
  id: string,
): Html | undefined {
  const most = Math.max(...base, ...aligned)
  if (!(most > 0)) return undefined
  const bar = WIDTH / base.length
  const bars = (counts: readonly number[], up: boolean, colour: string): string =>
    counts
      .map((n, i) => {
        const height = Math.round((n / most) * HALF * 10) / 10
        if (height === 0) return ''
        return `<rect x="${round(i * bar + 1)}" y="${up ? round(HALF - height) : HALF}" width="${round(bar - 2)}" height="${height}" fill="var(--${colour})"/>`
      })
      .join('')
  const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)
  const description = `Base fires in ${total(base)} texts, aligned in ${total(aligned)}; activations from 0 to ${number(edges.at(-1)!)}.`
  return new Html(
    `<svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${WIDTH} ${2 * HALF + FOOT}" width="${WIDTH}" height="${2 * HALF + FOOT}" font-family="system-ui, sans-serif" font-size="12" fill="currentColor">` +
      `<title id="${id}-title">Largest activation by text</title><desc id="${id}-desc">${escapeHtml(description)}</desc>` +
      bars(base, true, 'base') +
      bars(aligned, false, 'aligned') +
      `<line x1="0" x2="${WIDTH}" y1="${HALF}" y2="${HALF}" stroke="currentColor"/>` +
      `<text x="0" y="${2 * HALF + 14}">0</text><text x="${WIDTH}" y="${2 * HALF + 14}" text-anchor="end">${escapeHtml(number(edges.at(-1)!))}</text></svg>`,
  )
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
