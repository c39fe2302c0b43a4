/** `extract`, `score` and `generate` as a user types them, held against the library and against goldens. */
import { readdirSync, statSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { writeSafetensors } from '../src/formats/safetensors-write.ts'
import { generate } from '../src/model/generate.ts'
import { add, rel } from '../src/model/interventions.ts'
import { loadModel } from '../src/model/load.ts'
import { logProbability } from '../src/model/log-probabilities.ts'
import { palimpsest } from './support/cli.ts'
import { STORIES } from './support/real.ts'
import { writeTokenizedModel } from './support/tokenized.ts'

const FIXTURES = fileURLToPath(new URL('./fixtures/models/', import.meta.url))
const CPU = ['--device', 'cpu', '--threads', '1', '--precision', 'f32']
const SITE = 'blocks.1.hook_resid_post'

let folder: string
let modelPath: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-cli-'))
  modelPath = await writeTokenizedModel(join(folder, 'model'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)
async function jsonl(name: string, rows: readonly unknown[]): Promise<string> {
  await writeFile(at(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return at(name)
}
async function rowsOf<T>(path: string): Promise<T[]> {
  return (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}
const loadLike = (path: string) => loadModel(path, { device: 'cpu', threads: 1, precision: 'f32' })

describe('extract', () => {
  it('meets the float64 goldens of a model without a tokenizer, on token ids', async () => {
    using golden = openSafetensors(`${FIXTURES}qwen3/golden.safetensors`)
    const expected = (name: string): Float32Array => readF32(golden.tensors.get(name)!)
    const items = ['0', '1'].map((i) => ({ id: `item/${i}`, tokens: [...expected(`${i}.input_ids`)] }))
    const ran = await palimpsest([
      ...['extract', `${FIXTURES}qwen3`, '--tokens', await jsonl('ids.jsonl', items), ...CPU],
      ...['--hooks', 'blocks.*.hook_resid_post,blocks.0.attn.hook_pattern', '--logits'],
      ...['-o', at('golden.safetensors'), '--json'],
    ])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(ran.stdout)).toMatchObject({ items: 2, tokens: items.flatMap((i) => i.tokens).length })
    using out = openSafetensors(at('golden.safetensors'))
    for (const i of ['0', '1']) {
      const of = (hook: string) => out.tensors.get(`item/${i}/${hook}`)!
      expect(readF32(of('logits'))).toBeWithinRelativeL2(expected(`${i}.logits`), 2e-6)
      expect(readF32(of(SITE))).toBeWithinRelativeL2(expected(`${i}.${SITE}`), 2e-6)
      const pattern = golden.tensors.get(`${i}.blocks.0.attn.hook_pattern`)!
      expect(of('blocks.0.attn.hook_pattern').shape).toEqual(pattern.shape)
      expect(readF32(of('blocks.0.attn.hook_pattern'))).toBeAllclose(readF32(pattern), {
        rtol: 0,
        atol: 1e-6,
      })
    }
    expect(out.metadata).toMatchObject({ ids: '["item/0","item/1"]', precision: 'f32', pool: 'none' })
    expect(out.metadata.model_hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('pools the mean of content tokens and the last token, raw and chat, as the library reads them', async () => {
    const texts = await jsonl('texts.jsonl', [
      { id: 'a', text: 'Some words.' },
      { id: 'b', text: 'More words, with </s> inside' },
    ])
    await writeFile(at('texts.csv'), 'body,other\nSome words.,1\n"More words, with </s> inside",2\n')
    const hooks = ['--hooks', `${SITE},blocks.0.mlp.hook_post`]
    const [mean, last] = await Promise.all([
      palimpsest([
        ...['extract', modelPath, '--text', texts, ...hooks, '--pool', 'mean', ...CPU],
        ...['-o', at('mean.safetensors'), '--json'],
      ]),
      palimpsest([
        ...['extract', modelPath, '--text', at('texts.csv'), '--column', 'body', '--chat', ...hooks],
        ...['--pool', 'last', ...CPU, '-o', at('last.safetensors')],
      ]),
    ])
    expect(mean.code).toBe(0)
    expect(last).toMatchObject({ code: 0, stdout: expect.stringContaining('2 tensors from 2 texts') })
    await using model = await loadLike(modelPath)
    const raw = ['Some words.', 'More words, with </s> inside'].map((t) => model.tokenizer.encode(t))
    expect(raw[1]).toContain(2)
    const out = await model.run(raw, { hooks: [SITE] })
    using means = openSafetensors(at('mean.safetensors'))
    const rows = readF32(means.tensors.get(SITE)!)
    const used = raw.map((ids) => ids.filter((id) => id > 2).length)
    expect(means.metadata.tokens_used).toBe(JSON.stringify(used))
    for (const i of [0, 1]) {
      const x = out.get(SITE, i)
      const expected = Float64Array.from({ length: x.cols }, (_, j) =>
        raw[i]!.reduce((sum, id, t) => sum + (id > 2 ? x.data[t * x.cols + j]! : 0), 0),
      ).map((v) => v / used[i]!)
      expect(rows.subarray(i * x.cols, (i + 1) * x.cols)).toBeWithinRelativeL2(expected, 1e-7)
    }
    const chat = raw.map((_, i) =>
      model.tokenizer.encode(
        `<s>[user] ${['Some words.', 'More words, with </s> inside'][i]}\n[assistant] `,
        {
          addSpecialTokens: false,
        },
      ),
    )
    const chatOut = await model.run(chat, { hooks: [SITE] })
    using lasts = openSafetensors(at('last.safetensors'))
    expect(lasts.metadata).toMatchObject({ ids: '["0","1"]', tokens_used: '[1,1]', rendering: 'chat' })
    const ends = [0, 1].flatMap((i) => [...chatOut.get(SITE, i).data.slice(-chatOut.get(SITE, i).cols)])
    expect([...readF32(lasts.tensors.get(SITE)!)]).toEqual(ends)
  })

  it('refuses unfitting input with its file and line, and writes nothing', async () => {
    const ids = await jsonl('ids2.jsonl', [
      { id: 'a', tokens: [1, 2] },
      { id: 'b', tokens: [3, 999] },
    ])
    const out = ['-o', at('never.safetensors'), ...CPU]
    const cases = await Promise.all(
      [
        ['--tokens', ids, '--hooks', SITE, ...out],
        ['--tokens', ids, '--hooks', 'blocks.0.hook_resid_pots', ...out],
        ['--hooks', SITE, ...out],
        ['--tokens', ids, '--hooks', SITE],
      ].map((args) => palimpsest(['extract', modelPath, ...args])),
    )
    const expected = [
      /token-range.*ids2\.jsonl, line 2 \(id b\): token 1/s,
      /hook-unknown.*blocks\.0\.hook_resid_post/s,
      /input-missing.*--tokens FILE or --text FILE/s,
      /required option '-o, --out <file>' not specified/,
    ]
    cases.forEach((ran, i) => {
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toMatch(expected[i]!)
    })
    expect((await readdir(folder)).filter((f) => f.startsWith('never'))).toEqual([])
  })
})

describe('score', () => {
  it('gives the log-probabilities of a full pass over prompt and completion', async () => {
    const item = { id: 'x', prompt: 'The sky', completions: [' is', ' was blue.', '!'] }
    const items = await jsonl('items.jsonl', [item, { ...item, id: 'y', prompt: 'No' }])
    const [ran, bad] = await Promise.all([
      palimpsest(['score', modelPath, '--items', items, ...CPU, '-o', at('scores.jsonl'), '--json']),
      palimpsest([
        ...['score', modelPath, '-o', at('none.jsonl')],
        ...['--items', await jsonl('bad.jsonl', [item, { ...item, id: 'z', completions: ['a', ''] }])],
      ]),
    ])
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.stdout)).toMatchObject({ items: 2, completions: 6 })
    const scores = await rowsOf<{ id: string; logprobs: number[]; tokens: number[] }>(at('scores.jsonl'))
    await using model = await loadLike(modelPath)
    for (const [i, prompt] of ['The sky', 'No'].entries()) {
      const head = model.tokenizer.encode(prompt)
      for (const [c, completion] of item.completions.entries()) {
        const whole = model.tokenizer.encode(prompt + completion)
        const logits = (await model.run([whole], { logits: 'all' })).logits(0)
        let sum = 0
        for (let t = head.length; t < whole.length; t++)
          sum += logProbability(logits.data.subarray((t - 1) * logits.cols, t * logits.cols), whole[t]!)
        expect(scores[i]!.logprobs[c]).toBeCloseTo(sum, 4)
        expect(scores[i]!.tokens[c]).toBe(whole.length - head.length)
      }
    }
    expect(bad.code).toBe(2)
    expect(bad.stderr).toMatch(/text-empty.*bad\.jsonl, line 2 \(id z\): text completion 2/s)
  })
})

describe('generate', () => {
  it('gives what the library gives, steered by a file whose path holds a colon', async () => {
    const vector = Float32Array.from({ length: 64 }, (_, j) => Math.cos(j))
    await writeSafetensors(at('d:1.safetensors'), [{ name: 'a#b', shape: [64], data: vector }])
    const prompts = ['One', 'Two things'].map((text, i) => ({ id: `p${i}`, text }))
    const steer = `op=add,site=blocks.0.hook_resid_post,vector=${at('d:1.safetensors')},dose=-0.5x`
    const [file, screen, nats] = await Promise.all([
      palimpsest([
        ...['generate', modelPath, '--prompts', await jsonl('prompts.jsonl', prompts), ...CPU],
        ...[
          '--max-tokens',
          '8',
          '--temperature',
          '1',
          '--seed',
          '3',
          '--steer',
          steer,
          '-o',
          at('texts.out'),
        ],
      ]),
      palimpsest(['generate', modelPath, '--prompt', 'One', '--chat', '--max-tokens', '5', ...CPU, '--json']),
      palimpsest([
        ...['generate', modelPath, '--prompt', 'One', '--max-tokens', '3', ...CPU, '--json'],
        ...[
          '--steer',
          steer.replace('-0.5x', '0.01nats'),
          '--steer',
          `op=replace,site=${SITE},from=${modelPath}`,
        ],
      ]),
    ])
    for (const ran of [file, screen, nats]) expect(ran.code).toBe(0)
    await using model = await loadLike(modelPath)
    const expected = await generate(
      model,
      prompts.map(({ id, text }) => ({ id, tokens: model.tokenizer.encode(text) })),
      {
        maxTokens: 8,
        temperature: 1,
        seed: 3,
        interventions: [add({ site: 'blocks.0.hook_resid_post', vector, dose: rel(-0.5) })],
      },
    )
    expect(await rowsOf(at('texts.out'))).toEqual(expected.texts)
    const chat = model.tokenizer.encode('<s>[user] One\n[assistant] ', { addSpecialTokens: false })
    const plain = await generate(model, [{ id: '0', tokens: chat }], { maxTokens: 5 })
    expect(JSON.parse(screen.stdout).texts).toEqual(plain.texts)
    const steered = JSON.parse(nats.stdout)
    expect(steered.doses[0].nats).toBeGreaterThan(0.0099)
    expect(steered.doses[0].nats).toBeLessThan(0.0101)
    expect(steered.doses[0].curve).toContainEqual({
      alpha: steered.doses[0].alpha,
      nats: steered.doses[0].nats,
    })
    expect(steered.texts[0].receipts.map((r: { index: number; op: string }) => [r.index, r.op])).toEqual([
      [0, 'add'],
      [1, 'replace'],
    ])
  })

  it('clamps a feature of a dictionary, as adding its decoder vector by hand does', async () => {
    // Zero encoder: every feature is relu(bias), so that clamping one to 5 adds (5 - 2) of its decoder vector.
    const decoder = Float32Array.from({ length: 3 * 64 }, (_, j) => Math.sin(j))
    const tensors = [
      { name: 'W_enc', shape: [64, 3], data: new Float32Array(3 * 64) },
      { name: 'W_dec', shape: [3, 64], data: decoder },
      { name: 'b_enc', shape: [3], data: Float32Array.of(1, 2, -1) },
      { name: 'b_dec', shape: [64], data: new Float32Array(64) },
    ]
    await writeSafetensors(at('dict/sae_weights.safetensors'), tensors)
    const metadata = { hook_name: SITE, sae_lens_version: '6.20.0' }
    const form = {
      architecture: 'standard',
      d_in: 64,
      d_sae: 3,
      dtype: 'float32',
      normalize_activations: 'none',
    }
    const cfg = { ...form, apply_b_dec_to_input: true, reshape_activations: 'none', metadata }
    await writeFile(at('dict/cfg.json'), JSON.stringify(cfg))
    const ran = await palimpsest([
      ...['generate', modelPath, '--prompt', 'One', '--max-tokens', '6', ...CPU, '--json'],
      ...['--steer', `op=clamp,site=${SITE},dict=${at('dict')},feature=1,value=5`],
    ])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    await using model = await loadLike(modelPath)
    const vector = decoder.slice(64, 128)
    const { texts } = await generate(model, [{ id: '0', tokens: model.tokenizer.encode('One') }], {
      maxTokens: 6,
      interventions: [add({ site: SITE, vector, dose: 3 })],
    })
    const [found] = JSON.parse(ran.stdout).texts
    expect(found.tokens).toEqual(texts[0]!.tokens)
    expect(found.receipts[0]).toMatchObject({ op: 'clamp', site: SITE, tokens: 9 })
    expect(found.receipts[0].measured).toBeCloseTo(3 * Math.hypot(...vector), 3)
  })

  it('refuses interventions that cannot be, naming the nearest', async () => {
    const steer = 'op=add,site=blocks.0.hook_resid_post,dose=1,vector='
    const steers = [`${steer}${modelPath}/model.safetensors#model.norm.wait`, steer.replace('add', 'ad')]
    const expected = [/vector-missing.*model\.norm\.weight/s, /steer-spec.*Did you mean op=add\?/s]
    const ran = await Promise.all(
      steers.map((s) => palimpsest(['generate', modelPath, '--prompt', 'x', '--steer', s, ...CPU])),
    )
    ran.forEach((r, i) => {
      expect(r).toMatchObject({ code: 2, stdout: '' })
      expect(r.stderr).toMatch(expected[i]!)
    })
  })

  it('stops at Ctrl-C with exit code 130, and the same command goes on to the same texts', async () => {
    const prompts = Array.from({ length: 480 }, (_, i) => ({ id: `${i}`, text: `Number ${i} is` }))
    const args = [
      ...['generate', modelPath, '--prompts', await jsonl('many.jsonl', prompts), ...CPU],
      ...['--max-tokens', '20', '--temperature', '1', '-o', at('many.out')],
    ]
    const partial = (): string | undefined =>
      readdirSync(folder).find((f) => f.startsWith('many.out.') && statSync(at(f)).size > 0)
    const first = await palimpsest(args, { interruptWhen: () => partial() !== undefined })
    expect(first.code).toBe(130)
    expect(first.stdout).toBe('')
    expect(first.stderr).toMatch(/interrupted.*Give the same command again to go on from here/s)
    const kept = (await readFile(at(partial()!), 'utf8')).split('\n').length - 1
    expect(kept % 16).toBe(0)
    expect(kept).toBeLessThan(480)
    const second = await palimpsest(args)
    expect(second.code).toBe(0)
    expect(partial()).toBeUndefined()
    const texts = await rowsOf<{ id: string }>(at('many.out'))
    expect(texts.map((t) => t.id)).toEqual(prompts.map((p) => p.id))
    await using model = await loadLike(modelPath)
    const expected = await generate(
      model,
      prompts.map(({ id, text }) => ({ id, tokens: model.tokenizer.encode(text) })),
      { maxTokens: 20, temperature: 1, skip: 464 },
    )
    expect(texts.slice(464)).toEqual(expected.texts)
  })

  it.skipIf(STORIES === undefined)(
    'continues a real story with the known greedy text (skipped where the model is not at hand)',
    async () => {
      const ran = await palimpsest([
        ...['generate', STORIES!, '--prompt', 'Once upon a time', '--max-tokens', '30', ...CPU],
      ])
      expect(ran).toMatchObject({ code: 0, stderr: '' })
      expect(ran.stdout).toBe(
        ', there was a little girl named Lily. She loved to play outside in the park. One day,\n',
      )
    },
  )
})
