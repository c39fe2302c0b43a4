import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))

/** What each part may import of ours: data flows left to right, imports point the other way only. */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  ggml: ['core'],
  formats: ['core'],
  model: ['core', 'ggml', 'formats'],
  sae: ['core', 'ggml', 'formats', 'model'],
  stats: ['core', 'ggml'],
  domain: ['core', 'formats'],
  study: ['core', 'ggml', 'formats', 'model', 'sae', 'stats', 'domain'],
  organism: ['core', 'ggml', 'formats', 'model', 'sae', 'stats', 'domain', 'study'],
  report: ['core', 'study'],
  cli: ['core', 'ggml', 'formats', 'model', 'sae', 'stats', 'domain', 'study', 'organism', 'report'],
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(folder, e.name)) : e.name.endsWith('.ts') ? [join(folder, e.name)] : [],
  )
}

const isTest = (file: string): boolean => /\.(test|slow)\.ts$/.test(file)
const sources = files(SRC).filter((f) => !isTest(f))
const imports = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].map(([, path]) =>
    relative(SRC, resolve(dirname(file), path!)).replaceAll('\\', '/'),
  )

/** Imports that exist at run time: a cycle of types alone harms nothing. */
const runtimeImports = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)(?! type)[^'"]*?from '(\.[^']*)'/gm)].map(
    ([, path]) => relative(SRC, resolve(dirname(file), path!)).replaceAll('\\', '/'),
  )

describe('the architecture', () => {
  it('has no part that the plan does not name', () => {
    expect(readdirSync(SRC).filter((name) => !(name in ALLOWED))).toEqual([])
  })

  it('imports to the left only', () => {
    const wrong = sources.flatMap((file) => {
      const own = relative(SRC, file).split(/[\\/]/)[0]!
      return imports(file)
        .filter((path) => path.split('/')[0] !== own && !ALLOWED[own]!.includes(path.split('/')[0]!))
        .map((path) => `${relative(SRC, file)} imports ${path}`)
    })
    expect(wrong).toEqual([])
  })

  it('has no import cycle between files', () => {
    const graph = new Map(sources.map((f) => [relative(SRC, f).replaceAll('\\', '/'), runtimeImports(f)]))
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
        return
      }
      state.set(file, 'open')
      for (const next of graph.get(file) ?? []) visit(next, [...path, file])
      state.set(file, 'done')
    }
    for (const file of graph.keys()) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('keeps files below 450 lines', () => {
    const long = sources
      .map((f) => [relative(SRC, f), readFileSync(f, 'utf8').split('\n').length] as const)
      .filter(([, lines]) => lines > 451)
    expect(long).toEqual([])
  })
})
