/**
 * Writes docs/errors.md: every error code in the sources, what it says and where it comes from. A test holds the
 * page against the sources, so run `npm run docs:errors` after adding an error.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const PAGE = join(ROOT, 'docs/errors.md')

/** Kinds of error stand where a code could. */
const KINDS = new Set(['usage', 'input', 'engine', 'gate', 'interrupted', 'failed'])

interface Found {
  readonly kind: string
  readonly summaries: Set<string>
  readonly files: Set<string>
}

/** Codes by name: how they are raised is regular enough for a pattern. */
function collect(): Map<string, Found> {
  const found = new Map<string, Found>()
  const call =
    /(refuse|usage|new PalimpsestError)\(\s*(?:'(usage|input|engine|gate|interrupted|failed)',\s*)?(?:[^'"`(),]*\?\s*)?'([a-z0-9]+(?:-[a-z0-9]+)*)'(?:\s*:\s*'([a-z0-9-]+)')?,\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)?/g
  for (const file of sources(join(ROOT, 'src'))) {
    const text = readFileSync(file, 'utf8')
    for (const [, how, kind, first, second, ...quoted] of text.matchAll(call)) {
      const summary = quoted.find((q) => q !== undefined)?.replaceAll(/\$\{[^}]*\}/g, '...') ?? ''
      for (const code of [first, second]) {
        if (code === undefined || (KINDS.has(code) && code !== 'interrupted')) continue
        const entry = found.get(code) ?? {
          kind: kind ?? (how === 'usage' ? 'usage' : 'input'),
          summaries: new Set(),
          files: new Set(),
        }
        if (summary !== '') entry.summaries.add(summary.replaceAll("\\'", "'"))
        entry.files.add(relative(join(ROOT, 'src'), file).replaceAll('\\', '/'))
        found.set(code, entry)
      }
    }
  }
  return found
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return entry.name.endsWith('.ts') && !/\.(test|slow)\.ts$/.test(entry.name) ? [path] : []
  })
}

const EXIT: Record<string, number> = { usage: 2, input: 2, engine: 1, failed: 1, gate: 3, interrupted: 130 }

/** The whole page. */
export function errorIndex(): string {
  const rows = [...collect()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { kind, summaries, files }]) => {
      const says = [...summaries].slice(0, 3).join(' / ').replaceAll('|', '\\|')
      return `| \`${code}\` | ${EXIT[kind] ?? 1} | ${says || 'see the message'} | ${[...files].sort().join(', ')} |`
    })
  return `# Errors

Every refusal prints its code in brackets, then what was wrong, where, what was expected, what was found and what
to do. With \`--json\` the same parts are on stdout as \`{"error": {...}}\`. Exit codes: 1 failed, 2 wrong usage or
refused input, 3 finished but a gate failed, 130 interrupted and resumable.

This page is made from the sources (\`npm run docs:errors\`).

| code | exit | what it says | raised in src/ |
|---|---|---|---|
${rows.join('\n')}
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, errorIndex())
