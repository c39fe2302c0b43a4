import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ResumableLines } from './resumable-lines.ts'

let folder: string
let out: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-lines-'))
  out = join(folder, 'out.jsonl')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function leave(depends: unknown, rows: readonly unknown[]): Promise<string> {
  await using lines = await ResumableLines.open<unknown>(out, depends)
  await lines.append(rows)
  return lines.partial
}

describe('ResumableLines', () => {
  it('goes on from what an earlier process left, a torn line aside', async () => {
    const partial = await leave('same', [{ a: 1 }, { b: 'zwei\n' }])
    await appendFile(partial, '{"c": 3')
    await using lines = await ResumableLines.open<unknown>(out, 'same')
    expect(lines.found).toEqual([{ a: 1 }, { b: 'zwei\n' }])
    await lines.append([{ c: 4 }])
    await lines.finish()
    expect(await readFile(out, 'utf8')).toBe('{"a":1}\n{"b":"zwei\\n"}\n{"c":4}\n')
    expect(await readdir(folder)).toEqual(['out.jsonl'])
  })

  it('forgets what other settings left, and leaves other files alone', async () => {
    await leave('before', [1])
    await writeFile(join(folder, 'out.jsonl.old.partial'), 'mine')
    await using lines = await ResumableLines.open<unknown>(out, 'now')
    expect(lines.found).toEqual([])
    expect((await readdir(folder)).length).toBe(2)
    expect(await readFile(join(folder, 'out.jsonl.old.partial'), 'utf8')).toBe('mine')
  })

  it('keeps as many lines as can be gone on from, and none without their companion', async () => {
    await leave('k', [0, 1, 2, 3, 4])
    {
      await using lines = await ResumableLines.open<number>(out, 'k', { keep: (n) => n - (n % 2) })
      expect(lines.found).toEqual([0, 1, 2, 3])
      await lines.append([9])
    }
    {
      await using lines = await ResumableLines.open<number>(out, 'k')
      expect(lines.found).toEqual([0, 1, 2, 3, 9])
    }
    await using lines = await ResumableLines.open<number>(out, 'k', { companion: '.data' })
    expect(lines.found).toEqual([])
  })
})
