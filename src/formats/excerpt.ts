/** What hostile files hold, made short and printable: no message carries megabytes or control characters. */

const LIMIT = 200

/** A text for a message: control characters escaped, at most 200 characters. */
export function printable(text: string): string {
  const short = text.length > LIMIT ? `${text.slice(0, LIMIT)}...` : text
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
}

/** A parsed value for a message, one level deep: nesting of any depth is not followed. */
export function excerpt(value: unknown): string {
  if (!Array.isArray(value)) return shallow(value)
  const items = value.slice(0, 9).map(shallow)
  return printable(`[${items.join(', ')}${value.length > 9 ? ', ...' : ''}]`)
}

function shallow(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return `"${printable(value)}"`
  if (Array.isArray(value)) return `a list of ${value.length}`
  return value !== null && typeof value === 'object' ? 'an object' : String(value)
}
