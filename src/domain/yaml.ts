/**
 * YAML or JSON from a user, read so that every complaint can name line and column: the parsed value, and a
 * function from a key path to its place in the file. Also turns a failed zod check into one typed error.
 */

import { readFile, stat } from 'node:fs/promises'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { nearest, refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'

type KeyPath = readonly PropertyKey[]

export interface LocatedDocument {
  readonly file: string
  readonly value: unknown
  /** `file:line:column` of the value at a key path, or of its nearest ancestor that is there. */
  place(path: KeyPath): string
}

/**
 * Parses YAML (and so JSON) text. Anchors may be used, but no more than 100 aliases are followed, so that a
 * small file cannot unfold into a huge one.
 *
 * @throws PalimpsestError `yaml-syntax` with line and column
 * @example parseLocated('a: [1, 2]', 'x.yaml').place(['a', 1]) // 'x.yaml:1:8'
 */
export function parseLocated(source: string, file: string): LocatedDocument {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const syntax = document.errors[0]
  if (syntax)
    throw refuse('yaml-syntax', 'This is not valid YAML or JSON.', {
      where: at(syntax.pos[0]),
      expected: 'YAML 1.2, or JSON',
      found: syntax.message,
      fix: 'Correct that line; a text that contains ": " or begins with a special character needs quotes.',
    })
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw refuse('yaml-syntax', 'This YAML cannot be unfolded.', {
      where: file,
      expected: 'at most 100 uses of aliases, each of an anchor that exists',
      found: (cause as Error).message,
      fix: 'Write the repeated parts out.',
      cause,
    })
  }
  const place = (path: KeyPath): string => {
    for (let n = path.length; n > 0; n--) {
      const node = document.getIn(path.slice(0, n), true)
      if (isNode(node) && node.range) return at(node.range[0])
    }
    return document.contents?.range ? at(document.contents.range[0]) : file
  }
  return { file, value, place }
}

/**
 * Reads and parses a YAML or JSON file of at most `maxBytes`.
 *
 * @throws PalimpsestError `file-missing`, `file-permission`, `file-too-large`, `yaml-syntax`
 */
export async function readLocated(path: string, maxBytes: number): Promise<LocatedDocument> {
  let source: string
  try {
    const { size } = await stat(path)
    if (size > maxBytes)
      throw refuse('file-too-large', 'This file is too large for what it should be.', {
        where: path,
        expected: `at most ${maxBytes} bytes`,
        found: `${size} bytes`,
        fix: 'Check that it is the file you mean.',
      })
    source = await readFile(path, 'utf8')
  } catch (error) {
    throw explainFileError(error, path)
  }
  return parseLocated(source, path)
}

/**
 * Checks a document against a zod schema and returns the parsed value; all complaints (ten at most are
 * printed) come in one error, each with line, column, key path, the id of the item, and for an unknown key
 * the nearest known ones.
 *
 * @param code the error code to throw
 * @param what what the document should be, such as `domain pack`
 * @throws PalimpsestError with `code`
 */
export function checkAgainst<T extends z.ZodType>(
  schema: T,
  document: LocatedDocument,
  code: string,
  what: string,
): z.infer<T> {
  const result = schema.safeParse(document.value)
  if (result.success) return result.data
  const complaints = result.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }]
    return issue.keys.map((key) => {
      const near = nearest(key, keysAt(schema, issue.path))
      const hint = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''
      return { path: [...issue.path, key], message: `unknown key "${key}"${hint}` }
    })
  })
  const lines = complaints.slice(0, 10).map(({ path, message }) => {
    const label = itemLabel(document.value, path)
    return `${document.place(path)} ${label}: ${message}`
  })
  if (complaints.length > 10) lines.push(`and ${complaints.length - 10} more`)
  throw refuse(code, `This is not a valid ${what}.`, {
    where: document.place(complaints[0]?.path ?? []),
    expected: `a ${what} as its schema says`,
    found: lines.join('\n            '),
    fix: 'Correct these places; `palimpsest schema` prints the schema for editors.',
  })
}

/** `prompts[3].text (item wage-n1)`: the key path, and the id of the innermost item that has one. */
function itemLabel(root: unknown, path: KeyPath): string {
  let label = ''
  let id = ''
  let node: unknown = root
  for (const key of path) {
    label += typeof key === 'number' ? `[${key}]` : `${label === '' ? '' : '.'}${String(key)}`
    node = (node as Record<PropertyKey, unknown> | null | undefined)?.[key]
    if (node !== null && typeof node === 'object' && 'id' in node && typeof node.id === 'string') id = node.id
  }
  return id === '' ? label || 'the whole file' : `${label} (item ${id})`
}

/** The keys that an object of the schema may have at a path. */
function keysAt(schema: z.ZodType, path: KeyPath): string[] {
  let def = inner(schema)
  for (const key of path) {
    const next = def.shape?.[String(key)] ?? def.element ?? def.valueType
    if (!next) return []
    def = inner(next)
  }
  return Object.keys(def.shape ?? {})
}

interface Definition {
  innerType?: z.ZodType
  shape?: Record<string, z.ZodType>
  element?: z.ZodType
  valueType?: z.ZodType
}

/** A schema's definition without its wrappers (optional, default). */
function inner(schema: z.ZodType): Definition {
  let def = schema.def as Definition
  while (def.innerType) def = def.innerType.def as Definition
  return def
}
