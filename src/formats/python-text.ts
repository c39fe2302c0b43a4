/**
 * How Python writes and compares values: what a chat template prints is decided by `str`, `repr`, `json.dumps`,
 * `str.strip` and `strftime`. Reference: CPython.
 */

/** A value while a template runs, as `@huggingface/jinja` represents it. */
export interface Value {
  readonly type: string
  readonly value: unknown
}

/** Python's str(): strings as they are, None, True, and repr() inside containers. */
export function pythonString(value: Value): string {
  if (value.type === 'StringValue') return value.value as string
  if (value.type === 'UndefinedValue') return ''
  return pythonRepr(value)
}

function pythonRepr(value: Value): string {
  switch (value.type) {
    case 'NullValue':
      return 'None'
    case 'BooleanValue':
      return value.value === true ? 'True' : 'False'
    case 'StringValue':
      return quoted(value.value as string)
    case 'TupleValue': {
      const items = (value.value as Value[]).map(pythonRepr)
      return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`
    }
    case 'ArrayValue':
      return `[${(value.value as Value[]).map(pythonRepr).join(', ')}]`
    case 'ObjectValue':
      return `{${[...(value.value as Map<string, Value>)].map(([k, v]) => `${quoted(k)}: ${pythonRepr(v)}`).join(', ')}}`
    default:
      return String(value)
  }
}

/** Python prefers single quotes, and double ones where the text has single quotes only. */
function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(
    /[\\\n\r\t]/g,
    (c) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[c]!,
  )
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark
}

export interface JsonOptions {
  readonly indent?: number | undefined
  readonly separators?: readonly [item: string, key: string] | undefined
  readonly sortKeys?: boolean | undefined
  readonly ensureAscii?: boolean | undefined
}

/** Python's json.dumps, without escaping for HTML. @throws Error for values that JSON does not know */
export function pythonJson(value: Value, options: JsonOptions = {}, depth = 0): string {
  const { indent, separators = [indent === undefined ? ', ' : ',', ': '] } = options
  const string = (text: string): string => {
    const json = JSON.stringify(text)
    return options.ensureAscii !== true
      ? json
      : json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  }
  const wrap = (open: string, items: readonly string[], close: string): string => {
    if (items.length === 0) return open + close
    if (indent === undefined) return open + items.join(separators[0]) + close
    const line = (d: number): string => `\n${' '.repeat(indent * d)}`
    return open + line(depth + 1) + items.join(separators[0] + line(depth + 1)) + line(depth) + close
  }
  switch (value.type) {
    case 'NullValue':
      return 'null'
    case 'StringValue':
      return string(value.value as string)
    case 'BooleanValue':
    case 'IntegerValue':
      return String(value.value)
    case 'FloatValue':
      return pythonRepr(value)
    case 'ArrayValue':
    case 'TupleValue':
      return wrap(
        '[',
        (value.value as Value[]).map((v) => pythonJson(v, options, depth + 1)),
        ']',
      )
    case 'ObjectValue': {
      const entries = [...(value.value as Map<string, Value>)]
      if (options.sortKeys === true) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      return wrap(
        '{',
        entries.map(([k, v]) => string(k) + separators[1] + pythonJson(v, options, depth + 1)),
        '}',
      )
    }
    default:
      throw new Error(`${value.type} cannot be written as JSON`)
  }
}

/** Python's ==: numbers and truth values by value, containers by content, and nothing else across types. */
export function pythonEquals(a: Value, b: Value): boolean {
  const number = (v: Value): number | undefined =>
    ['IntegerValue', 'FloatValue', 'BooleanValue'].includes(v.type) ? Number(v.value) : undefined
  const [x, y] = [number(a), number(b)]
  if (x !== undefined && y !== undefined) return x === y
  if (a.type !== b.type) return false
  if (Array.isArray(a.value) && Array.isArray(b.value)) {
    const other = b.value as Value[]
    return a.value.length === other.length && a.value.every((v: Value, i) => pythonEquals(v, other[i]!))
  }
  if (a.value instanceof Map && b.value instanceof Map) {
    const other = b.value as Map<string, Value>
    const entries = [...(a.value as Map<string, Value>)]
    return (
      entries.length === other.size &&
      entries.every(([k, v]) => other.has(k) && pythonEquals(v, other.get(k)!))
    )
  }
  return a.type === 'NullValue' || a.type === 'UndefinedValue' || a.value === b.value
}

/** Whitespace in Python's sense: Unicode White_Space and the four ASCII separators, not U+FEFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts these four as whitespace
const SPACE = /[\p{White_Space}\u001c-\u001f]/u

export function pythonStrip(
  text: string,
  side: 'strip' | 'lstrip' | 'rstrip',
  characters: string | undefined,
): string {
  const points = [...text]
  const set = characters === undefined ? undefined : new Set(characters)
  const goes = (c: string): boolean => (set === undefined ? SPACE.test(c) : set.has(c))
  let start = 0
  let end = points.length
  if (side !== 'rstrip') while (start < end && goes(points[start]!)) start++
  if (side !== 'lstrip') while (end > start && goes(points[end - 1]!)) end--
  return points.slice(start, end).join('')
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** Python's strftime for the directives that templates use, in UTC. */
export function strftime(format: string, now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const parts: Record<string, string> = {
    Y: String(now.getUTCFullYear()),
    y: two(now.getUTCFullYear() % 100),
    m: two(now.getUTCMonth() + 1),
    d: two(now.getUTCDate()),
    e: String(now.getUTCDate()).padStart(2),
    j: String(dayOfYear(now)).padStart(3, '0'),
    H: two(now.getUTCHours()),
    I: two(now.getUTCHours() % 12 || 12),
    p: now.getUTCHours() < 12 ? 'AM' : 'PM',
    M: two(now.getUTCMinutes()),
    S: two(now.getUTCSeconds()),
    B: MONTHS[now.getUTCMonth()]!,
    b: MONTHS[now.getUTCMonth()]!.slice(0, 3),
    A: DAYS[now.getUTCDay()]!,
    a: DAYS[now.getUTCDay()]!.slice(0, 3),
    '%': '%',
  }
  return format.replace(/%(-?)([a-zA-Z%])/g, (whole, dash: string, letter: string) => {
    const part = parts[letter]
    if (part === undefined) throw new Error(`the date directive ${whole} is not supported`)
    return dash === '-' ? part.replace(/^[0 ]+(?=.)/, '') : part
  })
}

function dayOfYear(now: Date): number {
  const start = Date.UTC(now.getUTCFullYear(), 0, 1)
  return Math.floor((now.getTime() - start) / 86_400_000) + 1
}
