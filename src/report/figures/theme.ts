/**
 * Colours of the figures. They are CSS variables, so that one SVG serves light, dark and print; the
 * fallbacks are the light values, for an SVG that is lifted out of the page. Hues stay apart for the common
 * kinds of colour blindness, and nothing is told by hue alone: lines are also dashed or labelled.
 */

export const INK = 'var(--ink, #1c1b19)'
export const MUTED = 'var(--muted, #605d57)'
export const RULE = 'var(--rule, #d8d4cb)'
export const PAPER = 'var(--paper, #ffffff)'

const MODELS: ReadonlyMap<string, string> = new Map([
  ['base', 'var(--base, #0b5fa5)'],
  ['subject', 'var(--base, #0b5fa5)'],
  ['aligned', 'var(--aligned, #b43a08)'],
])

/** The colour of a model by its role; further stages share the ink. */
export function modelColour(role: string): string {
  return MODELS.get(role) ?? INK
}

/** The colour of a pole, or of a prompt's loading. */
export const POLE_COLOURS = {
  A: 'var(--pole-a, #00716a)',
  B: 'var(--pole-b, #8b3a94)',
  neutral: MUTED,
} as const

/** Dashes that go with the colours of poles and loadings. */
export const POLE_DASHES = { A: 'none', B: '5 2.5', neutral: '1.5 2.5' } as const

/** Line styles of the estimators: the first is the one that decides. */
export const ESTIMATOR_DASHES: ReadonlyMap<string, string> = new Map([
  ['logistic', 'none'],
  ['mean-difference', '5 2.5'],
  ['lda', '1.5 2.5'],
  ['matched-pc1', '7 2 1.5 2'],
])
