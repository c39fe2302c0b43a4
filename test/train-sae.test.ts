/** `train sae` as a user types it. */
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { put, temporaryFolder } from './support/bytes.ts'
import { palimpsest } from './support/cli.ts'
import { STORIES } from './support/real.ts'

const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())

describe.skipIf(STORIES === undefined)('train sae (needs stories260K beside the checkout)', () => {
  it('trains on texts, says what came of it, and the result can be inspected', async () => {
    const lines = Array.from({ length: 40 }, (_, i) =>
      JSON.stringify({
        id: i,
        text: `Once upon a time there was a cat called number ${i} who liked to play in the park with a red ball.`,
      }),
    )
    const text = put(files.path, 'texts.jsonl', lines.join('\n'))
    const out = join(files.path, 'sae')
    const args = [
      'train',
      'sae',
      STORIES!,
      '--site',
      'blocks.2.hook_resid_post',
      '--text',
      text,
      '--kind',
      'topk',
    ]
    const more = ['--k', '4', '--latents', '96', '--batch', '32', '--threads', '1', '-o', out, '--json']
    const ran = await palimpsest([...args, ...more])
    expect([ran.code, ran.stderr]).toEqual([0, expect.not.stringContaining('error')])
    expect(JSON.parse(ran.stdout)).toMatchObject({
      out,
      l0: 4,
      site: 'blocks.2.hook_resid_post',
      settings: { kind: 'topk' },
    })
    const facts = await palimpsest(['inspect', out, '--json'])
    expect(JSON.parse(facts.stdout)).toMatchObject({
      format: 'SAELens',
      latents: 96,
      width: 64,
      nominalL0: 4,
    })
    const wrong = await palimpsest([...args, ...more, '--seed', '2'])
    expect([wrong.code, JSON.parse(wrong.stdout).error.code]).toEqual([2, 'train-other'])
  })
})
