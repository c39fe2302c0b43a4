/**
 * HTML from templates in which every value is escaped unless it is HTML already: names, notes and texts of
 * a study come from outside, and none of them may become markup.
 */

/** A piece of markup that was made here and may be inserted as it is. */
export class Html {
  readonly markup: string
  constructor(markup: string) {
    this.markup = markup
  }
}

export type Content = Html | string | number | null | undefined | readonly Content[]

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

// Control characters are not allowed in HTML, except tab and line ends; a lone surrogate is no character at all.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to remove
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/gu

/** Text without what HTML does not allow. @example allowed('a\u0000') // 'a\ufffd' */
export function allowed(text: string): string {
  return text.replace(FORBIDDEN, '\ufffd')
}

/**
 * Text as it may stand between tags or in a quoted attribute.
 *
 * @example escapeHtml('<b> & "c"') // '&lt;b&gt; &amp; &quot;c&quot;'
 */
export function escapeHtml(text: string): string {
  return allowed(text).replace(/[&<>"']/g, (c) => ENTITIES[c]!)
}

/**
 * A template whose values are escaped; nested templates and arrays of them are inserted as they are.
 *
 * @example html`<p>${'a < b'}</p>`.markup // '<p>a &lt; b</p>'
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let out = strings[0]!
  for (let i = 0; i < values.length; i++) out += render(values[i]) + strings[i + 1]!
  return new Html(out)
}

function render(value: Content): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Html) return value.markup
  if (Array.isArray(value)) return value.map(render).join('')
  return escapeHtml(String(value))
}
