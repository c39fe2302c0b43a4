/** The command line itself, as a user types it: exit codes, one JSON document on stdout, errors that help. */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { kernelsOf, loadEngine } from '../src/ggml/index.ts'
import { type ChildResult, runChild } from './support/child.ts'
import { command, palimpsest } from './support/cli.ts'
import { SMOLLM2 } from './support/real.ts'

const FIXTURES = fileURLToPath(new URL('./fixtures/models/', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-cli-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the command line', () => {
  it.each([
    ['the package', false],
    ['a checkout', true],
  ])('of %s prints its version and help on stdout with exit code 0', async (_, checkout) => {
    const [version, help, own] = await Promise.all([
      palimpsest(['--version'], { checkout }),
      palimpsest(['--help'], { checkout }),
      palimpsest(['inspect', '--help'], { checkout }),
    ])
    const { version: expected } = JSON.parse(
      await readFile(new URL('../package.json', import.meta.url), 'utf8'),
    )
    expect(version).toEqual({ code: 0, stdout: `${expected}\n`, stderr: '' })
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('doctor')
    expect(own).toMatchObject({ code: 0, stderr: '' })
    expect(own.stdout).toContain('Examples:\n  palimpsest inspect ./base')
  })

  it('refuses what is mistyped with exit code 2, on stderr, with the nearest known name', async () => {
    const [none, command, option, value, missing, extra] = await Promise.all([
      palimpsest([]),
      palimpsest(['inspct', 'x']),
      palimpsest(['doctor', '--jsno']),
      palimpsest(['doctor', '--device', 'gpu']),
      palimpsest(['inspect']),
      palimpsest(['inspect', 'a', 'b']),
    ])
    for (const ran of [none, command, option, value, missing, extra])
      expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(none.stderr).toContain('Usage: palimpsest')
    expect(command.stderr).toContain('Did you mean inspect?')
    expect(option.stderr).toContain('Did you mean --json?')
    expect(value.stderr).toMatch(/expected: auto, cpu, cuda, vulkan, metal\n {2}found: {4}gpu\n/)
    expect(missing.stderr).toContain("missing required argument 'ref'")
    expect(extra.stderr).toContain('too many arguments')
  })

  it('prints an error with its four parts, and as JSON where a script reads it', async () => {
    const ran = await palimpsest(['inspect', join(folder, 'nowhere'), '--json'])
    expect(ran.code).toBe(2)
    expect(JSON.parse(ran.stdout).error).toMatchObject({
      kind: 'input',
      code: 'file-missing',
      where: join(folder, 'nowhere'),
    })
    expect(ran.stderr).toMatch(
      /^error \[file-missing\]: There is no such file\.\n {2}where: .*\n {2}expected: .*\n {2}found: .*\n {2}to do: /,
    )
  })

  it('prints nothing that moves the cursor of a terminal', async () => {
    const ran = await palimpsest(['inspect', join(folder, 'a\u001b[31m\u009b2J')])
    expect(ran.stderr).toContain('a\\u{1b}[31m\\u{9b}2J')
    expect(ran.stderr).not.toMatch(/(?!\n)\p{Cc}/u)
  })

  it('ends quietly when the reader of a pipe has had enough', async () => {
    const shell = spawn('sh', [
      '-c',
      `"${process.execPath}" "${await command()}" inspect "${FIXTURES}llama" | true`,
    ])
    let stderr = ''
    shell.stderr.on('data', (text) => {
      stderr += text
    })
    await new Promise((resolve) => shell.on('close', resolve))
    expect(stderr).toBe('')
  })
})

describe('doctor', () => {
  it('tests the engine and says what there is', async () => {
    const [json, text] = await Promise.all([
      palimpsest(['doctor', '--device', 'cpu', '--json'], {
        env: { HF_HUB_CACHE: folder, PALIMPSEST_THREADS: '' },
      }),
      palimpsest(['doctor', '--device', 'cpu']),
    ])
    expect(json.code).toBe(0)
    const found = JSON.parse(json.stdout)
    expect(found).toMatchObject({
      node: process.version,
      engine: { ggml: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      hub: { folder, exists: true },
    })
    expect(found.engine.devices.map((d: { kind: string }) => d.kind)).toContain('cpu')
    expect(found.engine.cpuFeatures.length).toBeGreaterThan(0)
    expect(found.engine.cpuLibrary).toMatch(/ggml-cpu/)
    expect(found.threads).toBeGreaterThanOrEqual(1)
    expect(found.threads).toBeLessThanOrEqual(found.processors)
    for (const error of Object.values(found.selfTest.errors)) expect(error).toBeLessThan(found.selfTest.limit)
    expect(found.kernels.failed).toEqual([])
    // Every kernel there is, not only those whose speed is measured.
    if (found.kernels.off === undefined) expect(found.kernels.passed).toBeGreaterThan(40)
    expect(found.kernels.speeds).toHaveLength(3)
    for (const { ggml, kernel } of found.kernels.speeds) {
      expect(ggml).toBeGreaterThan(0)
      if (found.kernels.off === undefined) expect(kernel).toBeGreaterThan(0)
      else expect(kernel).toBeUndefined()
    }
    expect(found.kernels.attention.ggml).toBeGreaterThan(0)
    if (found.kernels.off === undefined) {
      expect(found.kernels.attention.kernel).toBeGreaterThan(0)
      expect(found.kernels.peak.f32).toBeGreaterThan(0)
      expect(text.stdout).toMatch(/peak +[\d.]+ GFLOP\/s in f32/)
    }
    expect(text.stdout).toMatch(/attention +[\d.]+ GFLOP\/s/)
    expect(text.stdout).toMatch(/self-test +passed on CPU: largest relative error /)
    expect(text.stdout).toMatch(/products +f32 weights at f32: [\d.]+ GFLOP\/s/)
    expect(text.stdout).not.toContain('\u001b')
  })

  it('says that the kernels are off, and why', async () => {
    const ran = await palimpsest(['doctor', '--device', 'cpu'], { env: { PALIMPSEST_KERNELS: 'off' } })
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/kernels +off, the engine's own products serve: /)
  })

  it('says how kernels are mapped where the system refuses executable memory, and that it does without', async (context) => {
    context.skip(process.platform !== 'linux' || process.arch !== 'x64', 'kernels exist for Linux x64 only')
    vi.stubEnv('PALIMPSEST_KERNELS', 'avx2') // there are half as many, and no compiler makes their tests fast here
    const { off } = kernelsOf(loadEngine('cpu')).report()
    vi.unstubAllEnvs()
    context.skip(off !== undefined, `no kernels here: ${off}`)
    const refused = async (what: 'mdwe' | 'all'): Promise<ChildResult> =>
      runChild('test/support/refusing.ts', [what, await command(), 'doctor', '--device', 'cpu'], {
        PALIMPSEST_KERNELS: 'avx2',
        NODE_OPTIONS: '--jitless', // V8's own compilers end the process where they may not write code
      })
    const mdwe = await refused('mdwe')
    context.skip(mdwe.code === 77, 'this kernel has no PR_SET_MDWE')
    expect(mdwe.code, mdwe.stderr).toBe(0)
    expect(mdwe.stdout).toMatch(/^kernels +avx2, through an anonymous file; \d+ passed their tests$/m)
    const all = await refused('all')
    context.skip(all.code === 77, 'system calls cannot be filtered here: refused files are not tested')
    expect(all.code, all.stderr).toBe(0)
    expect(all.stdout).toMatch(/^kernels +off, the engine's own products serve: memfd_create failed/m)
    expect(all.stdout).toMatch(/^products +f32 weights at f32: [\d.]+ GFLOP\/s$/m)
  }, 120_000)

  it('reports an engine that cannot be loaded, with exit code 1', async () => {
    const ran = await palimpsest(['doctor', '--json'], { env: { PALIMPSEST_GGML_DIR: folder } })
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout)).toMatchObject({
      engineFrom: 'PALIMPSEST_GGML_DIR',
      problems: [{ code: 'engine-incomplete' }],
    })
  })
})

describe('inspect', () => {
  it('tells the shapes, types and hook points of a model without a tokenizer', async () => {
    const ran = await palimpsest(['inspect', `${FIXTURES}qwen3`, '--json'])
    expect(ran.code).toBe(0)
    const facts = JSON.parse(ran.stdout)
    const config = JSON.parse(await readFile(`${FIXTURES}qwen3/config.json`, 'utf8'))
    expect(facts).toMatchObject({
      runs: true,
      family: 'qwen3',
      architecture: {
        layers: config.num_hidden_layers,
        width: config.hidden_size,
        kvHeads: config.num_key_value_heads,
      },
      obstacles: [{ blocks: 'texts', code: 'tokenizer-missing' }],
    })
    expect(facts.hooks).toHaveLength(2 + 13 * config.num_hidden_layers)
    expect(facts.hooks).toContainEqual({
      name: 'blocks.1.attn.hook_k',
      width: config.num_key_value_heads * config.head_dim,
    })
    expect(facts.hooks).toContainEqual({ name: 'blocks.0.attn.hook_pattern', width: null })
  })

  it('explains an unknown family and a missing tensor instead of failing', async () => {
    const edited = async (
      name: string,
      change: (config: Record<string, unknown>) => void,
    ): Promise<string> => {
      const copy = join(folder, name)
      await cp(`${FIXTURES}llama`, copy, { recursive: true })
      const config = JSON.parse(await readFile(join(copy, 'config.json'), 'utf8'))
      change(config)
      await writeFile(join(copy, 'config.json'), JSON.stringify(config))
      return copy
    }
    const unknown = await edited('unknown', (c) => {
      c.model_type = 'mamba2'
    })
    const deeper = await edited('deeper', (c) => {
      c.num_hidden_layers = 99
    })
    const [a, b] = await Promise.all([
      palimpsest(['inspect', unknown, '--json']),
      palimpsest(['inspect', deeper]),
    ])
    expect(a.code).toBe(0)
    const facts = JSON.parse(a.stdout)
    expect(facts).toMatchObject({ runs: false, family: 'mamba2' })
    expect(facts.obstacles[0]).toMatchObject({ blocks: 'running', code: 'model-family' })
    expect(facts.parameters).toBeGreaterThan(0)
    expect(b.code).toBe(0)
    expect(b.stdout).toMatch(/^runs +no, see below$/m)
    expect(b.stdout).toMatch(/^no running +\[weight-missing\]/m)
  })

  it('refuses a damaged file with exit code 2', async () => {
    const cut = join(folder, 'cut')
    await cp(`${FIXTURES}llama`, cut, { recursive: true })
    const weights = await readFile(join(cut, 'model.safetensors'))
    await writeFile(join(cut, 'model.safetensors'), weights.subarray(0, weights.length - 7))
    const ran = await palimpsest(['inspect', cut])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('[safetensors-truncated]')
  })

  it.skipIf(SMOLLM2 === undefined)(
    'reads a quantised GGUF with tokenizer and template (skipped where the model is not at hand)',
    async () => {
      const ran = await palimpsest(['inspect', SMOLLM2!, '--json'])
      expect(JSON.parse(ran.stdout)).toMatchObject({
        runs: true,
        obstacles: [],
        format: 'GGUF v3',
        parameters: 134_515_008,
        tensors: { types: { Q4_1: { tensors: 210 } } },
        tokenizer: { kind: 'GGUF gpt2/smollm', size: 49152, addsBos: false },
        chatTemplate: { printsDate: false },
        architecture: { tiedEmbeddings: true, context: 8192 },
      })
    },
  )
})

describe('schema', () => {
  it('prints the JSON Schema of study files, domains and results', async () => {
    const [study, domain, results, both] = await Promise.all(
      [[], ['--domain'], ['--results'], ['--domain', '--results']].map((o) => palimpsest(['schema', ...o])),
    )
    expect(JSON.parse(study!.stdout)).toMatchObject({ required: ['palimpsest', 'name', 'models'] })
    expect(JSON.parse(domain!.stdout).properties).toHaveProperty('biographyFrames')
    expect(JSON.parse(results!.stdout).properties).toHaveProperty('verdict')
    expect(both).toMatchObject({ code: 2, stdout: '' })
  })
})
