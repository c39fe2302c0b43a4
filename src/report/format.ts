/** Numbers as people read them: sensible digits, real minus signs, and no p-value of zero. */

import type { Measure } from '../study/results.ts'

const MINUS = '\u2212'

/**
 * Decimals that leave about three significant digits for the largest of some values; values of one row or
 * figure share them, so that they can be compared down a column.
 *
 * @example decimals([0.775, 0.8]) // 3
 */
export function decimals(values: readonly number[]): number {
  const largest = Math.max(0, ...values.map(Math.abs).filter(Number.isFinite))
  if (largest >= 100) return 0
  if (largest >= 10) return 1
  if (largest >= 1) return 2
  return 3
}

/**
 * A number with a fixed number of decimals; very small ones in powers of ten, whole ones above 1,000 with
 * separators.
 *
 * @example number(-0.0412) // '−0.041'
 */
export function number(value: number, digits = decimals([value])): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : `${value < 0 ? MINUS : ''}∞`
  if (value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits) return tiny(value)
  const fixed = Math.abs(value).toFixed(digits)
  const [whole, part] = fixed.split('.') as [string, string?]
  const text = part === undefined ? separated(whole) : `${separated(whole)}.${part}`
  return value < 0 ? MINUS + text : text
}

function tiny(value: number): string {
  const [mantissa, exponent] = Math.abs(value).toExponential(1).split('e') as [string, string]
  const raised = [...exponent.replace('+', '')]
    .map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]))
    .join('')
  return `${value < 0 ? MINUS : ''}${mantissa} × 10${raised}`
}

function separated(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A count, with separators. @example count(190491) // '190,491' */
export function count(value: number): string {
  return number(value, 0)
}

/** An interval. @example interval([0.75, 0.8]) // '0.750 to 0.800' */
export function interval(ci: readonly [number, number], digits = decimals(ci)): string {
  return `${number(ci[0], digits)} to ${number(ci[1], digits)}`
}

/** A measure's value with its interval, where it has one. @example estimate(m) // '0.775 (0.750 to 0.800)' */
export function estimate(m: Pick<Measure, 'value' | 'ci'>): string {
  const digits = decimals([m.value, ...(m.ci ?? [])])
  const value = number(m.value, digits)
  return m.ci === undefined ? value : `${value} (${interval(m.ci, digits)})`
}

/** A p- or q-value, without its letter. @example probability(0.0004) // '< 0.001' */
export function probability(p: number): string {
  if (p < 0.001) return '< 0.001'
  if (p > 0.999) return '> 0.999'
  return p.toFixed(p < 0.1 ? 3 : 2)
}

/** A p-value in running text. @example pValue(0.0004) // 'p < 0.001' */
export function pValue(p: number, letter = 'p'): string {
  const text = probability(p)
  return /^[<>]/.test(text) ? `${letter} ${text}` : `${letter} = ${text}`
}

/** Text of at most `longest` characters, with an ellipsis where it was cut. @example clip('abcdef', 4) // 'abc…' */
export function clip(text: string, longest: number): string {
  if (text.length <= longest) return text
  // Never between the two halves of a character beyond the basic plane.
  return `${text.slice(0, longest - 1).replace(/\p{Surrogate}$/u, '')}…`
}

/** A number without trailing zeros: for ticks and thresholds. @example plain(0.5) // '0.5' */
export function plain(value: number): string {
  const text = number(value, 3)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
