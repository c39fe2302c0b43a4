/** The examples of the engine's and the model's pages run as they stand, on a tiny model with a byte tokenizer. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from './support/checkpoints.ts'
import { runChild } from './support/child.ts'
import { MODELS } from './support/golden.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

function examples(page: string): string[] {
  const text = readFileSync(join(ROOT, 'docs', page), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]!)
}

/** Printable characters for the 256 bytes, in the order of byte-level BPE (GPT-2). */
function byteVocabulary(): Record<string, number> {
  const plain = (b: number): boolean => (b > 32 && b < 127) || (b > 160 && b < 173) || b > 173
  let next = 256
  return Object.fromEntries(
    Array.from({ length: 256 }, (_, b) => [String.fromCodePoint(plain(b) ? b : next++), b]),
  )
}

const CASES = ['engine.md', 'hooks.md'].flatMap((page) =>
  examples(page).map((source, i) => [page, i + 1, source] as const),
)

describe('the examples', () => {
  it('are all found', () => {
    expect(CASES.map(([page]) => page)).toEqual(['engine.md', ...new Array(4).fill('hooks.md')])
  })

  it.each(CASES)('of %s, number %i, run', async (_page, _number, source) => {
    using folder = temporaryFolder()
    const model = join(folder.path, 'model')
    cpSync(join(MODELS, 'llama3.1'), model, { recursive: true })
    writeFileSync(
      join(model, 'tokenizer.json'),
      JSON.stringify({
        version: '1.0',
        added_tokens: [],
        normalizer: null,
        pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
        post_processor: null,
        decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
        model: { type: 'BPE', vocab: byteVocabulary(), merges: [] },
      }),
    )
    const script = join(ROOT, `test/support/example-${process.pid}.tmp.mts`)
    writeFileSync(
      script,
      source
        .replaceAll(/'palimpsest\/(\w+)'/g, (_, part: string) => `'${join(ROOT, 'src', part, 'index.ts')}'`)
        .replaceAll("'./model'", `'${model}'`),
    )
    try {
      const { code, stdout, stderr } = await runChild(script)
      expect([code, stderr]).toEqual([0, ''])
      // What a comment says of a printed line is so.
      const said = /console\.log\(.*\) \/\/ (\[.*\])$/m.exec(source)?.[1]
      if (said !== undefined) expect(stdout).toContain(said)
      expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(1)
    } finally {
      rmSync(script, { force: true })
    }
  })
})
