/** `encode`, `inspect` of dictionaries and clamps, as a user types them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { put, temporaryFolder } from './support/bytes.ts'
import { palimpsest } from './support/cli.ts'
import { writeDictionary } from './support/dictionary.ts'

const ORGANISMS = fileURLToPath(new URL('../organisms/tiny', import.meta.url))
const FIXTURES = fileURLToPath(new URL('./fixtures/saes/', import.meta.url))
const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())

describe('encode', () => {
  const folder = join(FIXTURES, 'llama_scope')
  const golden = join(folder, 'golden.safetensors')

  it('writes features and reconstruction under the rule that is asked for', async () => {
    for (const [rule, reference] of [
      ['reference', golden],
      ['saelens', join(FIXTURES, 'llama_scope_saelens_rule', 'golden.safetensors')],
    ] as const) {
      const out = join(files.path, `${rule}.safetensors`)
      const ran = await palimpsest([
        'encode',
        folder,
        '--rule',
        rule,
        '--activations',
        `${golden}#activations`,
        '-o',
        out,
      ])
      expect(ran.code).toBe(0)
      expect(ran.stderr).toMatch(/mean L0 [\d.]+, fraction of variance unexplained [\d.]+/)
      using expected = openSafetensors(reference)
      using written = openSafetensors(out)
      for (const name of ['features', 'reconstruction']) {
        expect(written.tensors.get(name)!.shape).toEqual(expected.tensors.get(name)!.shape)
        expect(readF32(written.tensors.get(name)!)).toBeWithinRelativeL2(
          readF32(expected.tensors.get(name)!),
          1e-5,
        )
      }
      expect(written.metadata).toMatchObject({ format: 'Llama Scope 1', rule })
    }
  })

  it('writes the same sparsely, and one JSON document', async () => {
    const out = join(files.path, 'sparse.safetensors')
    const ran = await palimpsest([
      'encode',
      folder,
      '--activations',
      `${golden}#activations`,
      '--sparse',
      '-o',
      out,
      '--json',
    ])
    expect(JSON.parse(ran.stdout)).toMatchObject({ rows: 24, latents: 96, format: 'Llama Scope 1' })
    using expected = openSafetensors(golden)
    using written = openSafetensors(out)
    const read = (name: string): Float32Array => readF32(written.tensors.get(name)!)
    const [rows, columns, values] = ['crow_indices', 'col_indices', 'values'].map((n) =>
      read(`features.${n}`),
    )
    const dense = new Float32Array(24 * 96)
    for (let r = 0; r < 24; r++)
      for (let i = rows![r]!; i < rows![r + 1]!; i++) dense[r * 96 + columns![i]!] = values![i]!
    expect(dense).toBeWithinRelativeL2(readF32(expected.tensors.get('features')!), 1e-5)
    expect(read('reconstruction')).toBeWithinRelativeL2(
      readF32(expected.tensors.get('reconstruction')!),
      1e-5,
    )
  })

  it('takes a hook point of all texts that extract wrote, and counts neither BOS nor sinks', async () => {
    const { statements } = JSON.parse(readFileSync(join(ORGANISMS, 'domain.json'), 'utf8')) as {
      statements: { A: string }[]
    }
    const texts = statements.slice(0, 12).map((s, i) => JSON.stringify({ id: `t${i}`, text: s.A }))
    const text = put(files.path, 'texts.jsonl', texts.join('\n'))
    const activations = join(files.path, 'tokens.safetensors')
    const out = join(files.path, 'tokens.features.safetensors')
    const hooks = 'blocks.2.hook_resid_post,blocks.1.hook_resid_post'
    const read = await palimpsest([
      'extract',
      'organism:base',
      '--text',
      text,
      '--hooks',
      hooks,
      '-o',
      activations,
    ])
    expect(read.code).toBe(0)
    const dictionary = join(ORGANISMS, 'dictionary')
    const runs = await Promise.all(
      [[], ['--sparse']].map((more, i) =>
        palimpsest([
          ...['encode', dictionary, '--activations', `${activations}#blocks.2.hook_resid_post`, ...more],
          ...['-o', `${out}.${i}`, '--json'],
        ]),
      ),
    )
    for (const [i, ran] of runs.entries()) {
      const said = JSON.parse(ran.stdout)
      using written = openSafetensors(`${out}.${i}`)
      const starts = readF32(written.tensors.get('text_starts')!)
      expect(starts).toHaveLength(13)
      expect(said.rows).toBe(starts[12])
      // All but a BOS for each text.
      expect(said.counted).toBe(said.rows - 12)
      expect(ran.stderr).toContain(`over ${said.counted} of ${said.rows} tokens`)
      // The shipped dictionary fits the shipped model. With BOS, L0 was three times as large.
      expect([said.fvu < 0.5, said.l0 < 16, said.l0 > 3]).toEqual([true, true, true])
    }
  })

  it.each<[what: string, args: string[], code: string]>([
    ['no such tensor', [folder, '--activations', `${golden}#activatons`], 'activations-missing'],
    ['several tensors and no name', [folder, '--activations', golden], 'activations-missing'],
    [
      'another width',
      [join(FIXTURES, 'qresearch'), '--activations', `${golden}#activations`],
      'activation-shape',
    ],
    [
      'no dictionary',
      [join(FIXTURES, '../models/llama'), '--activations', `${golden}#activations`],
      'dictionary-format',
    ],
  ])('refuses %s with exit code 2 and writes nothing', async (_, args, code) => {
    const out = join(files.path, 'never.safetensors')
    const ran = await palimpsest(['encode', ...args, '-o', out])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(`error [${code}]`)
    expect(existsSync(out)).toBe(false)
  })
})

describe('inspect', () => {
  it('says what a dictionary is, and by which rule and why it is read', async () => {
    const [text, json, other, unread] = await Promise.all([
      palimpsest(['inspect', join(FIXTURES, 'sparsify_skip/layers.3.mlp')]),
      palimpsest(['inspect', join(FIXTURES, 'llama_scope'), '--json']),
      palimpsest(['inspect', join(FIXTURES, 'llama_scope'), '--rule', 'saelens']),
      palimpsest([
        'inspect',
        await writeDictionary(files.path, 'pursuit', {
          width: 8,
          latents: 9,
          config: { architecture: 'matching_pursuit' },
        }),
      ]),
    ])
    expect(text.code).toBe(0)
    expect(text.stdout).toMatch(
      /EleutherAI sparsify[\s\S]*transcoder[\s\S]*b_dec is subtracted from the input: transcode is not in cfg\.json[\s\S]*layers\.3\.mlp is what the MLP itself gives/,
    )
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'dictionary',
      format: 'Llama Scope 1',
      latents: 96,
      width: 32,
      site: 'blocks.2.hook_resid_post',
      subtractsBias: false,
      rules: [
        expect.stringContaining("makers' rule"),
        expect.anything(),
        expect.anything(),
        expect.anything(),
      ],
    })
    expect(other.stdout).toMatch(/rule of SAELens, as asked for/)
    expect([unread.code, unread.stderr]).toEqual([
      2,
      expect.stringMatching(/dictionary-unsupported[\s\S]*matching_pursuit/),
    ])
  })
})

describe('generate with a clamp', () => {
  it('clamps a feature, with a receipt, and refuses one that is not there', async () => {
    const site = 'blocks.2.hook_resid_post'
    const dict = await writeDictionary(files.path, 'clamped', { width: 64, latents: 100, site })
    const steer = (feature: number, value: number): string[] => [
      '--steer',
      `op=clamp,site=${site},dict=${dict},feature=${feature},value=${value}`,
    ]
    const run = (...args: string[]) =>
      palimpsest([
        ...['generate', 'organism:base', '--prompt', 'what should we do about welfare?'],
        ...['--max-tokens', '8', '--json', ...args],
      ])
    const [plain, clamped, wrong] = await Promise.all([run(), run(...steer(3, 60)), run(...steer(100, 1))])
    const textOf = (ran: { stdout: string }) => JSON.parse(ran.stdout).texts[0]
    expect(textOf(clamped).text).not.toBe(textOf(plain).text)
    expect(textOf(clamped).receipts[0]).toMatchObject({ op: 'clamp', site, index: 0 })
    expect(textOf(clamped).receipts[0].tokens).toBeGreaterThan(8)
    expect([wrong.code, JSON.parse(wrong.stdout).error.code]).toEqual([2, 'feature-range'])
  })
})
