/**
 * Holds what src/ggml says about ggml against the headers of a release: the C prototype of every binding, the
 * ids of the tensor types, and the structs that are passed by value.
 *
 * Usage: npx tsx scripts/check-prototypes.ts FOLDER (ggml/include of the release; docs/engine.md says where to
 * get it).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Bind, bindBase, bindRegistry, CPU_PROTOTYPES } from '../src/ggml/bindings.ts'
import { TYPE_IDS } from '../src/ggml/types.ts'

/** The prototypes of all bindings, as they stand in bindings.ts. */
export function boundPrototypes(): string[] {
  const found: string[] = []
  const collect = ((prototype: string) => {
    found.push(prototype)
  }) as Bind
  bindBase(collect)
  bindRegistry(collect)
  return [...found, ...Object.values(CPU_PROTOTYPES)]
}

/** Structs that are passed to C, field after field, as src/ggml/library.ts declares them to koffi. */
const STRUCTS: Record<string, string> = {
  ggml_init_params: 'size_t mem_size; void * mem_buffer; bool no_alloc;',
  ggml_threadpool_params:
    'bool cpumask[GGML_MAX_N_THREADS]; int n_threads; enum ggml_sched_priority prio; uint32_t poll; bool strict_cpu; bool paused;',
}

/**
 * What is different between the bindings and the headers, one line each; empty when all agree.
 *
 * @param headers texts of the header files
 * @example disagreements([readFileSync('ggml.h', 'utf8')]).forEach((line) => console.error(line))
 */
export function disagreements(headers: readonly string[]): string[] {
  const text = headers.map(withoutComments).join('\n')
  const statements = text.split(/[;{}]/)
  const lines: string[] = []
  for (const prototype of boundPrototypes()) {
    const name = /(\w+)\s*\(/.exec(prototype)![1]!
    // A type before the name: otherwise it is a call in an inline function.
    const declaration = new RegExp(`\\w[\\s*]+${name}\\s*\\([^()]*\\)\\s*$`)
    const declared = statements.find((s) => declaration.test(s))
    if (declared === undefined) lines.push(`${name}: not in the headers`)
    else if (normal(declared) !== normal(prototype))
      lines.push(`${name}: bound as ${normal(prototype)}, declared as ${normal(declared)}`)
  }
  for (const [type, id] of Object.entries(TYPE_IDS)) {
    const declared = new RegExp(`\\bGGML_TYPE_${type}\\s*=\\s*(\\d+)`).exec(text)?.[1]
    if (declared !== String(id)) lines.push(`GGML_TYPE_${type}: ${id} here, ${declared ?? 'not there'}`)
  }
  for (const [name, fields] of Object.entries(STRUCTS)) {
    const declared = new RegExp(`\\bstruct ${name}\\s*\\{([^}]*)\\}`).exec(text)?.[1]
    if (declared === undefined) lines.push(`struct ${name}: not in the headers`)
    else if (normal(declared) !== normal(fields))
      lines.push(`struct ${name}: ${normal(fields)} here, ${normal(declared)} there`)
  }
  return lines
}

function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\/\/.*$/gm, ' ')
    .replace(/^\s*#(.*\\\n)*.*$/gm, ' ')
}

/** One spelling of a declaration: macros of linkage and all freedom of spacing taken out. */
function normal(declaration: string): string {
  return declaration
    .replace(/\b(GGML_API|GGML_BACKEND_API|GGML_CALL|extern)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/\s*([*(),;[\]])\s*/g, '$1')
    .trim()
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2]
  if (folder === undefined) {
    console.error('Usage: npx tsx scripts/check-prototypes.ts FOLDER   (ggml/include of a release)')
    process.exit(2)
  }
  const headers = readdirSync(folder).filter((file) => file.endsWith('.h'))
  const lines = disagreements(headers.map((file) => readFileSync(join(folder, file), 'utf8')))
  for (const line of lines) console.error(line)
  console.log(
    lines.length === 0
      ? `${boundPrototypes().length} prototypes, ${Object.keys(TYPE_IDS).length} types and ${Object.keys(STRUCTS).length} structs agree.`
      : `${lines.length} disagreements.`,
  )
  process.exitCode = lines.length === 0 ? 0 : 1
}
