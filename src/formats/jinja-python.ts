/**
 * Chat templates are written for Python's Jinja as transformers configures it. `@huggingface/jinja` runs them
 * with a few differences, closed here: what strip, lstrip and rstrip remove, how True, None, lists and dicts
 * print, `trim` of what is no string, a date that can be pinned, and undefined loop controls.
 * Reference: transformers, utils/chat_template_utils.py; CPython's `str` and `repr`.
 */

import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja'

/** A value while a template runs, as the library represents it. */
interface Value {
  readonly type: string
  readonly value: unknown
}

interface Node {
  readonly type: string
}

/** The library's methods that are overridden; they are public in JavaScript and private only in its types. */
interface Internals {
  run(program: unknown): Value
  evaluate(node: Node, environment: unknown): Value
  evaluateBlock(nodes: readonly Node[], environment: unknown): Value
  evaluateMemberExpression(node: Node, environment: unknown): Value
  applyFilter(operand: Value, filter: unknown, environment: unknown): Value
}

const Base = Interpreter as unknown as new (environment: unknown) => Internals

/** Nodes that are statements: their value is not printed when it is none. */
const STATEMENTS = new Set(['Set', 'Macro', 'Comment', 'Break', 'Continue'])

class PythonInterpreter extends Base {
  override evaluateBlock(nodes: readonly Node[], environment: unknown): Value {
    let text = ''
    for (const node of nodes) {
      const value = this.evaluate(node, environment)
      if (!(STATEMENTS.has(node.type) && value.type === 'NullValue')) text += pythonString(value)
    }
    return stringValue(text)
  }

  override evaluateMemberExpression(node: Node, environment: unknown): Value {
    const member = super.evaluateMemberExpression(node, environment)
    const { object, property } = node as unknown as {
      object: Node
      property: { type: string; value?: string }
    }
    const side = property.type === 'Identifier' ? property.value : undefined
    if (member.type !== 'FunctionValue' || (side !== 'strip' && side !== 'lstrip' && side !== 'rstrip'))
      return member
    const owner = this.evaluate(object, environment)
    if (owner.type !== 'StringValue') return member
    return Object.assign(Object.create(Object.getPrototypeOf(member)), member, {
      value: (args: readonly Value[]): Value =>
        stringValue(
          pythonStrip(
            owner.value as string,
            side,
            args[0]?.type === 'StringValue' ? (args[0].value as string) : undefined,
          ),
        ),
    })
  }

  override applyFilter(operand: Value, filter: unknown, environment: unknown): Value {
    const name = (filter as { value?: string }).value
    if (name === 'trim' && operand.type !== 'StringValue')
      return stringValue(pythonStrip(pythonString(operand), 'strip', undefined))
    if (name === 'string' && operand.type !== 'StringValue') return stringValue(pythonString(operand))
    return super.applyFilter(operand, filter, environment)
  }
}

const factory = new Environment() as unknown as {
  set(name: string, value: string): Value
  variables: Map<string, unknown>
}

/** The library does not export its string class; an environment makes one from any string. */
function stringValue(text: string): Value {
  const value = factory.set('text', text)
  factory.variables.delete('text') // a name cannot be declared twice
  return value
}

/** Python's str(): strings as they are, None, True, and repr() inside containers. */
function pythonString(value: Value): string {
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

/** Whitespace in Python's sense: Unicode White_Space and the four ASCII separators, not U+FEFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts these four as whitespace
const SPACE = /[\p{White_Space}\u001c-\u001f]/u

function pythonStrip(
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
    H: two(now.getUTCHours()),
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
    return dash === '-' ? part.replace(/^0(?=.)/, '') : part
  })
}

/**
 * Parses a template with transformers' settings (trim_blocks, lstrip_blocks) and returns a function that
 * renders it.
 *
 * @throws Error with the library's message for a template that cannot be parsed or that raises
 */
export function compileTemplate(text: string): (variables: Record<string, unknown>, now: Date) => string {
  const program = parse(tokenize(text, { lstrip_blocks: true, trim_blocks: true }))
  return (variables, now) => {
    const environment = new Environment()
    const globals: Record<string, unknown> = {
      false: false,
      true: true,
      none: null,
      False: false,
      True: true,
      None: null,
      raise_exception: (message: string) => {
        throw new Error(message)
      },
      range: (start: number, stop?: number, step = 1) => {
        const [from, to] = stop === undefined ? [0, start] : [start, stop]
        return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step)
      },
      strftime_now: (format: string) => strftime(format, now),
      ...variables,
    }
    for (const [name, value] of Object.entries(globals)) environment.set(name, value)
    return new PythonInterpreter(environment).run(program).value as string
  }
}
