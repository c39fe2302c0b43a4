/** `train sae` as a user types it, on the organisms that ship. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { put, temporaryFolder } from './support/bytes.ts'
import { palimpsest } from './support/cli.ts'

const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())
const { statements } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../organisms/tiny/domain.json', import.meta.url)), 'utf8'),
) as { statements: { A: string; B: string }[] }

describe('train sae', () => {
  it.each([
    ['one model', []],
    ['both of a pair', ['--with', 'organism:masked']],
  ])('trains on %s, says what came of it, and the result can be inspected', async (what, pair) => {
    const lines = statements.map(({ A, B }, i) => JSON.stringify({ id: i, text: `${A} ${B}` }))
    const text = put(files.path, 'texts.jsonl', lines.slice(0, 100).join('\n'))
    const out = join(files.path, what)
    const site = 'blocks.2.hook_resid_post'
    const args = ['train', 'sae', 'organism:base', ...pair, '--site', site, '--text', text, '--kind', 'topk']
    const more = ['--k', '4', '--latents', '96', '--batch', '32', '--threads', '1', '-o', out, '--json']
    const ran = await palimpsest([...args, ...more])
    expect([ran.code, ran.stderr]).toEqual([0, expect.not.stringContaining('error')])
    const said = JSON.parse(ran.stdout)
    expect(said).toMatchObject({ out, l0: 4, site, settings: { kind: 'topk' } })
    expect(said.models).toEqual(pair.length > 0 ? ['base', 'masked'] : ['base'])
    const facts = await palimpsest(['inspect', out, '--json'])
    expect(JSON.parse(facts.stdout)).toMatchObject({
      format: 'SAELens',
      latents: 96,
      width: 64,
      nominalL0: 4,
      site,
    })
    const wrong = await palimpsest([...args, ...more, '--seed', '2'])
    expect([wrong.code, JSON.parse(wrong.stdout).error.code]).toEqual([2, 'train-other'])
  })
})
