import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { errorIndex } from '../scripts/error-index.ts'
import { COMMANDS } from '../src/cli/commands/index.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const page = (name: string): string => readFileSync(`${ROOT}${name}`, 'utf8')
const pages = ['README.md', 'CHANGELOG.md', ...docs('docs')]

function docs(folder: string): string[] {
  return readdirSync(ROOT + folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? docs(`${folder}/${e.name}`) : e.name.endsWith('.md') ? [`${folder}/${e.name}`] : [],
  )
}

describe('the documentation', () => {
  it('lists every error of the sources (npm run docs:errors)', () => {
    expect(page('docs/errors.md')).toBe(errorIndex())
  })

  it('has a page for every command', () => {
    for (const name of Object.keys(COMMANDS)) {
      const file = `docs/commands/${name.replaceAll(' ', '-')}.md`
      expect(existsSync(ROOT + file), file).toBe(true)
    }
  })

  it('links to pages that are there', () => {
    for (const name of pages) {
      const folder = name.replace(/[^/]*$/, '')
      for (const [, target] of page(name).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g))
        expect(existsSync(`${ROOT}${folder}${target}`), `${name} -> ${target}`).toBe(true)
    }
  })
})
