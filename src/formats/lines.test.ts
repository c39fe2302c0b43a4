import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_LINE, readLines } from './lines.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-lines-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function linesOf(name: string, content: string | Uint8Array): Promise<string[]> {
  const path = join(folder, name)
  await writeFile(path, content)
  const out: string[] = []
  for await (const { line, number } of readLines(path)) {
    out.push(line)
    expect(number).toBe(out.length)
  }
  return out
}

describe('readLines', () => {
  it('breaks at line feeds only, plain or gzipped', async () => {
    const text = '{"a":"x\u2028y\u2029\u0085z"}\r\n\n  last 😀'
    const expected = ['{"a":"x\u2028y\u2029\u0085z"}', '', '  last 😀']
    expect(await linesOf('a.jsonl', text)).toEqual(expected)
    expect(await linesOf('a.jsonl.gz', gzipSync(text))).toEqual(expected)
    expect(await linesOf('empty.jsonl', '')).toEqual([])
  })

  it('gives back any lines, whatever their lengths, across the chunks of the stream', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.stringMatching(/^[^\r\n]{0,9}$/u), fc.nat(30_000)), { maxLength: 8 }),
        async (parts) => {
          const lines = parts.map(([text, times]) => `${text.repeat(times % 3000)}.`)
          expect(await linesOf('p.txt', lines.map((l) => `${l}\n`).join(''))).toEqual(lines)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('refuses a missing file, a cut gzip stream and an endless line', async () => {
    await expect(readLines(join(folder, 'none.jsonl')).next()).rejects.toMatchObject({ code: 'file-missing' })
    const cut = gzipSync('a line\n'.repeat(1000)).subarray(0, 30)
    await expect(linesOf('cut.jsonl.gz', cut)).rejects.toMatchObject({ code: 'table-row' })
    await expect(linesOf('long.jsonl', 'x'.repeat(MAX_LINE + 70_000))).rejects.toMatchObject({
      code: 'table-row',
    })
  })
})
