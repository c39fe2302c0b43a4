/**
 * The one error class of the project. Every refusal says where it happened, what was expected, what was
 * found and what to do; the CLI prints the four parts and exits with the code of the error's kind.
 */

/**
 * What kind of failure it is; decides the exit code.
 * `usage`: wrong command line or study file. `input`: a file, model or text that is refused.
 * `engine`: the tensor library failed or is missing. `gate`: finished, but a check failed.
 * `interrupted`: stopped by the user, resumable. `failed`: anything else (disk, network, a bug).
 */
export type ErrorKind = 'usage' | 'input' | 'engine' | 'gate' | 'interrupted' | 'failed'

const EXIT_CODES: Record<ErrorKind, number> = {
  usage: 2,
  input: 2,
  engine: 1,
  failed: 1,
  gate: 3,
  interrupted: 130,
}

/** What every error has to say; the compiler holds each to it. */
export interface ErrorParts {
  /** File, key path, tensor name, line and column: where the problem is. */
  where?: string
  /** What was expected there. */
  expected: string
  /** What was found instead. */
  found: string
  /** What the user can do about it. */
  fix: string
  cause?: unknown
}

/** An interruption is no mistake: it only says how to go on. */
type InterruptionParts = Pick<ErrorParts, 'fix'>

/**
 * A refusal with its four parts. `code` is a stable name in kebab case, listed in docs/errors.md.
 *
 * @example
 * throw new PalimpsestError('input', 'safetensors-truncated', 'The file ends inside a tensor.', {
 *   where: 'model.safetensors, tensor lm_head.weight', expected: '64 bytes', found: '12 bytes',
 *   fix: 'Fetch the file again: the download was cut.',
 * })
 */
export class PalimpsestError extends Error {
  override readonly name = 'PalimpsestError'
  readonly kind: ErrorKind
  readonly code: string
  readonly parts: Partial<ErrorParts>

  constructor(kind: 'interrupted', code: string, summary: string, parts: InterruptionParts)
  constructor(kind: Exclude<ErrorKind, 'interrupted'>, code: string, summary: string, parts: ErrorParts)
  constructor(kind: ErrorKind, code: string, summary: string, parts: Partial<ErrorParts>) {
    const lines = [summary]
    if (parts.where !== undefined) lines.push(`  where:    ${parts.where}`)
    if (parts.expected !== undefined) lines.push(`  expected: ${parts.expected}`)
    if (parts.found !== undefined) lines.push(`  found:    ${parts.found || 'an empty text'}`)
    if (parts.fix !== undefined) lines.push(`  to do:    ${parts.fix}`)
    super(lines.join('\n'), parts.cause === undefined ? undefined : { cause: parts.cause })
    this.kind = kind
    this.code = code
    this.parts = parts
  }

  /** 1 failed, 2 wrong usage or refused input, 3 a gate failed, 130 interrupted. */
  get exitCode(): number {
    return EXIT_CODES[this.kind]
  }
}

/** Shorthand for the commonest case: input that is refused (exit code 2). */
export function refuse(code: string, summary: string, parts: ErrorParts): PalimpsestError {
  return new PalimpsestError('input', code, summary, parts)
}

/**
 * The names nearest to a misspelt one, by edit distance, nearest first; at most `limit`, and only those
 * near enough to be what was meant (distance at most 40% of the longer name, or sharing a prefix of it).
 *
 * @example nearest('blocks.0.hook_resid_pots', ['blocks.0.hook_resid_post', 'hook_embed'])
 * // ['blocks.0.hook_resid_post']
 */
export function nearest(name: string, known: Iterable<string>, limit = 3): string[] {
  const scored: [number, string][] = []
  for (const k of known) {
    const d = editDistance(name, k)
    if (d <= 0.4 * Math.max(name.length, k.length) || (name.length > 2 && k.startsWith(name)))
      scored.push([d, k])
  }
  scored.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1))
  return scored.slice(0, limit).map(([, k]) => k)
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? before[j - 2]! + 1
          : Number.POSITIVE_INFINITY
      next.push(Math.min(substitute, row[j]! + 1, next[j - 1]! + 1, swapped))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
