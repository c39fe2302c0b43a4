/**
 * Chat templates are written for Python's Jinja as transformers configures it. `@huggingface/jinja` runs them
 * with differences that are closed here: the scope of variables set in a loop, text before a break, loops over
 * strings, equality, lengths and slices in code points, what strip, lstrip, rstrip and trim remove, how values
 * print and become JSON, and a date that can be pinned.
 * Reference: jinja2; transformers, utils/chat_template_utils.py.
 */

import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja'
import { pythonEquals, pythonJson, pythonString, pythonStrip, strftime, type Value } from './python-text.ts'

interface Node {
  readonly type: string
}

interface LoopNode extends Node {
  readonly loopvar: Node & { readonly value: string | readonly (Node & { readonly value: string })[] }
  readonly iterable: Node & { readonly lhs?: Node; readonly test?: Node }
  readonly body: readonly Node[]
  readonly defaultBlock: readonly Node[]
}

interface Scope {
  setVariable(name: string, value: Value): Value
}

/** The library's methods that are overridden; they are public in JavaScript and private only in its types. */
interface Internals {
  run(program: unknown): Value
  evaluate(node: Node, environment: unknown): Value & { __bool__(): { value: boolean } }
  evaluateBlock(nodes: readonly Node[], environment: unknown): Value
  evaluateFor(node: LoopNode, environment: unknown): Value
  evaluateBinaryExpression(node: Node, environment: unknown): Value
  evaluateMemberExpression(node: Node, environment: unknown): Value
  evaluateArguments(nodes: readonly Node[], environment: unknown): [Value[], Map<string, Value>]
  applyFilter(operand: Value, filter: unknown, environment: unknown): Value
}

const Base = Interpreter as unknown as new (environment: unknown) => Internals

/** Nodes that are statements: their value is not printed when it is none. */
const STATEMENTS = new Set(['Set', 'Macro', 'Comment'])

/** `break` or `continue` on its way to its loop, with the text that stands before it. */
class LoopExit extends Error {
  readonly kind: string
  text = ''

  constructor(kind: string) {
    super(`${kind} outside of a loop`)
    this.kind = kind
  }
}

class PythonInterpreter extends Base {
  override evaluateBlock(nodes: readonly Node[], environment: unknown): Value {
    let text = ''
    for (const node of nodes) {
      try {
        if (node.type === 'Break' || node.type === 'Continue') throw new LoopExit(node.type)
        const value = this.evaluate(node, environment)
        if (!(STATEMENTS.has(node.type) && value.type === 'NullValue')) text += pythonString(value)
      } catch (error) {
        if (error instanceof LoopExit) error.text = text + error.text
        throw error
      }
    }
    return make(text)
  }

  /** Each round has a scope of its own; `else` runs where there was no round. */
  override evaluateFor(node: LoopNode, environment: unknown): Value {
    const { lhs, test } = node.iterable.type === 'SelectExpression' ? node.iterable : {}
    const scope = (item: Value): Scope => {
      const inner = new Environment(environment as Environment) as unknown as Scope
      for (const [name, value] of unpack(node.loopvar, item)) inner.setVariable(name, value)
      return inner
    }
    const items = elements(this.evaluate(lhs ?? node.iterable, environment)).filter(
      (item) => test === undefined || this.evaluate(test, scope(item)).__bool__().value,
    )
    if (items.length === 0) return this.evaluateBlock(node.defaultBlock, environment)
    let text = ''
    for (const [i, item] of items.entries()) {
      const inner = scope(item)
      inner.setVariable('loop', loopValue(items, i))
      try {
        text += this.evaluateBlock(node.body, inner).value
      } catch (error) {
        if (!(error instanceof LoopExit)) throw error
        text += error.text
        if (error.kind === 'Break') break
      }
    }
    return make(text)
  }

  override evaluateBinaryExpression(node: Node, environment: unknown): Value {
    const { operator, left, right } = node as unknown as {
      operator: { value: string }
      left: Node
      right: Node
    }
    if (!['==', '!=', '~', '%'].includes(operator.value))
      return super.evaluateBinaryExpression(node, environment)
    const [a, b] = [this.evaluate(left, environment), this.evaluate(right, environment)]
    if (operator.value === '~') return make(pythonString(a) + pythonString(b))
    if (operator.value !== '%') return make(pythonEquals(a, b) === (operator.value === '=='))
    if (a.type !== 'IntegerValue' || b.type !== 'IntegerValue' || b.value === 0)
      throw new Error('% is supported between integers only')
    const divisor = b.value as number
    return make((((a.value as number) % divisor) + divisor) % divisor)
  }

  override evaluateMemberExpression(node: Node, environment: unknown): Value {
    const { object, property, computed } = node as unknown as {
      object: Node
      property: Node & { value?: string }
      computed: boolean
    }
    const owner = this.evaluate(object, environment)
    if (owner.type === 'UndefinedValue') throw new Error('a part of something undefined')
    if (owner.type !== 'StringValue') return super.evaluateMemberExpression(node, environment)
    const text = owner.value as string
    const name = computed ? '' : (property.value ?? '')
    const run = Object.hasOwn(STRING_METHODS, name) ? STRING_METHODS[name] : undefined
    if (run !== undefined)
      return method(([first]) =>
        make(run(text, first?.type === 'StringValue' ? (first.value as string) : undefined)),
      )
    if (computed && property.type !== 'SliceExpression') {
      const index = this.evaluate(property, environment)
      if (index.type === 'IntegerValue') return make([...text].at(index.value as number))
    }
    return super.evaluateMemberExpression(node, environment)
  }

  override applyFilter(operand: Value, filter: unknown, environment: unknown): Value {
    const { value, callee, args } = filter as { value?: string; callee?: { value?: string }; args?: Node[] }
    const name = value ?? callee?.value
    if (name === 'tojson') return make(pythonJson(operand, this.#jsonOptions(args ?? [], environment)))
    if (name === 'trim' && (args ?? []).length === 0)
      return make(pythonStrip(pythonString(operand), 'strip', undefined))
    if (name === 'string') return make(pythonString(operand))
    if (name === 'capitalize') return make(capitalise(pythonString(operand)))
    if (name === 'title') return make(pythonString(operand).split(WORD_STARTS).map(capitalise).join(''))
    if (name === 'join' && Array.isArray(operand.value)) {
      const [[separator], named] = this.evaluateArguments(args ?? [], environment)
      if (named.size === 0)
        return make(
          (operand.value as Value[])
            .map(pythonString)
            .join(separator === undefined ? '' : pythonString(separator)),
        )
    }
    if ((name === 'length' || name === 'count') && operand.type === 'StringValue')
      return make([...(operand.value as string)].length)
    return super.applyFilter(operand, filter, environment)
  }

  #jsonOptions(nodes: readonly Node[], environment: unknown): Parameters<typeof pythonJson>[1] {
    const [positional, named] = this.evaluateArguments(nodes, environment)
    const option = (key: string, place: number): unknown =>
      (named.get(key) ?? positional[place])?.value ?? undefined
    const separators = option('separators', 2) as Value[] | undefined
    return {
      ensureAscii: option('ensure_ascii', 0) as boolean | undefined,
      indent: option('indent', 1) as number | undefined,
      separators: separators?.map((v) => v.value) as [string, string] | undefined,
      sortKeys: option('sort_keys', 3) as boolean | undefined,
    }
  }
}

/** Methods of strings that the library runs in another way. */
const STRING_METHODS: Readonly<Record<string, (text: string, argument: string | undefined) => string>> = {
  strip: (text, characters) => pythonStrip(text, 'strip', characters),
  lstrip: (text, characters) => pythonStrip(text, 'lstrip', characters),
  rstrip: (text, characters) => pythonStrip(text, 'rstrip', characters),
  capitalize: (text) => capitalise(text),
}

/** What Jinja's title filter takes for the space between words. */
const WORD_STARTS = /([-\s({[<]+)/

function capitalise(text: string): string {
  const [first = '', ...rest] = text
  return first.toUpperCase() + rest.join('').toLowerCase()
}

/** What a loop goes through: items, keys or characters. */
function elements(value: Value): Value[] {
  if (Array.isArray(value.value)) return value.value as Value[]
  if (value.value instanceof Map) return [...(value.value as Map<string, Value>).keys()].map(make)
  if (value.type === 'StringValue') return [...(value.value as string)].map(make)
  if (value.type === 'UndefinedValue') return []
  throw new Error(`${pythonString(value)} cannot be looped over`)
}

function unpack(variable: LoopNode['loopvar'], item: Value): [name: string, value: Value][] {
  if (typeof variable.value === 'string') return [[variable.value, item]]
  const values = elements(item)
  if (values.length !== variable.value.length)
    throw new Error(`${values.length} values for ${variable.value.length} loop variables`)
  return variable.value.map((v, i) => [v.value, values[i]!])
}

function loopValue(items: readonly Value[], i: number): Value {
  const loop = make({
    index: i + 1,
    index0: i,
    revindex: items.length - i,
    revindex0: items.length - i - 1,
    first: i === 0,
    last: i === items.length - 1,
    length: items.length,
    previtem: undefined,
    nextitem: undefined,
  })
  const fields = loop.value as Map<string, Value>
  if (i > 0) fields.set('previtem', items[i - 1]!)
  if (i + 1 < items.length) fields.set('nextitem', items[i + 1]!)
  return loop
}

const factory = new Environment() as unknown as {
  set(name: string, value: unknown): Value
  variables: Map<string, unknown>
}

/** The library does not export its classes of values; an environment makes them from any JavaScript value. */
function make(value: unknown): Value {
  const made = factory.set('made', value)
  factory.variables.delete('made') // a name cannot be declared twice
  return made
}

/** A method of a value: a function whose arguments stay the library's values. */
function method(call: (args: readonly Value[]) => Value): Value {
  return Object.assign(make(() => null) as object, { value: call }) as Value
}

/** As in Jinja's sandbox. */
const MAX_RANGE = 100_000

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
        const length = Math.max(0, Math.ceil((to - from) / step))
        if (!(length <= MAX_RANGE)) throw new Error(`range of more than ${MAX_RANGE} numbers`)
        return Array.from({ length }, (_, i) => from + i * step)
      },
      strftime_now: (format: string) => strftime(format, now),
      ...variables,
    }
    for (const [name, value] of Object.entries(globals)) environment.set(name, value)
    return new PythonInterpreter(environment).run(program).value as string
  }
}
