/** Every refusal of a user's input says what to do. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))
/** What people's files and commands go through; the engine's own errors are defects of programs. */
const PARTS = ['cli', 'domain', 'organism', 'report', 'stats', 'study']

const sources = PARTS.flatMap((part) =>
  readdirSync(join(SRC, part), { recursive: true, encoding: 'utf8' })
    .filter((f) => /(?<!\.(test|slow))\.ts$/.test(f))
    .map((f) => join(SRC, part, f)),
)

/** The calls that make an error whose code is written there, each up to its closing bracket. */
function refusals(text: string): string[] {
  return [...text.matchAll(/\b(?:refuse|usage|new PalimpsestError)\(\s*(?:'\w+',\s*)?'[a-z0-9-]+',/g)].map(
    ({ index }) => {
      let depth = 0
      for (let i = text.indexOf('(', index); i < text.length; i++) {
        if (text[i] === '(') depth++
        if (text[i] === ')' && --depth === 0) return text.slice(index, i)
      }
      return text.slice(index)
    },
  )
}

describe('refusals', () => {
  it('are found where there are some', () => {
    expect(refusals(`throw refuse('a-b', 'It (this) is wrong.', { fix: 'Do (it).' }) + more(1)`)).toEqual([
      `refuse('a-b', 'It (this) is wrong.', { fix: 'Do (it).' }`,
    ])
    expect(sources.flatMap((f) => refusals(readFileSync(f, 'utf8'))).length).toBeGreaterThan(50)
  })

  it('of input say what to do', () => {
    const silent = sources.flatMap((file) =>
      refusals(readFileSync(file, 'utf8'))
        // Parts that are handed through bring their own.
        .filter((call) => !/\bfix\b|\.\.\.parts|\bparts\b/.test(call))
        .map((call) => `${relative(SRC, file)}: ${call.replaceAll(/\s+/g, ' ').slice(0, 100)}`),
    )
    expect(silent).toEqual([])
  })
})
