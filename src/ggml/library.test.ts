/** Loading the engine: from another folder, and every way in which a library can be the wrong one. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runChild } from '../../test/support/child.ts'
import { forKoffi } from './library.ts'
import { ENGINE_PACKAGE_VERSION, enginePackage, libraryFiles, packageFolder } from './locate.ts'

const INSTALLED = packageFolder(enginePackage('cpu'))!
const files = readdirSync(INSTALLED)
const temporary = mkdtempSync(join(tmpdir(), 'palimpsest-engine-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

let made = 0
/** A folder with copies of the engine's files, all or those that match. */
function folderWith(pattern = /./): string {
  const folder = join(temporary, String(made++))
  mkdirSync(folder)
  for (const file of files) if (pattern.test(file)) cpSync(join(INSTALLED, file), join(folder, file))
  return folder
}

/** Loads the engine from a folder in a process of its own and prints what came of it as JSON. */
async function load(folder: string, device = 'cpu'): Promise<Record<string, string>> {
  const result = await runChild('test/support/engine-load.ts', [device], { PALIMPSEST_GGML_DIR: folder })
  expect([result.code, result.stderr]).toEqual([0, ''])
  return JSON.parse(result.stdout)
}

/** Replaces bytes of a library in place. */
function patch(file: string, from: Buffer, to: Buffer): void {
  const bytes = readFileSync(file)
  const at = bytes.indexOf(from)
  expect(at).toBeGreaterThan(0)
  to.copy(bytes, at)
  writeFileSync(file, bytes)
}

describe('the engine in another folder', () => {
  let complete: string
  beforeAll(() => {
    complete = join(temporary, 'links')
    mkdirSync(complete)
    for (const file of files) symlinkSync(join(INSTALLED, file), join(complete, file))
  })

  it('is used where PALIMPSEST_GGML_DIR names one', async () => {
    const found = await load(complete)
    expect(found).toMatchObject({ folder: complete })
    expect(Number(found.mulMat)).toBeLessThan(1e-6)
  })

  it('names its devices where the one asked for is not among them', async () => {
    const error = await load(complete, 'cuda')
    expect(error).toMatchObject({ code: 'engine-device' })
    expect(error.found).toContain('CPU')
  })

  it.each([
    ['an empty folder', /^$/, 'libggml-base'],
    ['a folder without the registry', /base/, 'libggml'],
  ])('refuses %s', async (_, pattern, missing) => {
    const folder = folderWith(pattern)
    const error = await load(folder)
    expect(error).toMatchObject({ code: 'engine-incomplete', where: folder })
    expect(error.message).toContain(missing)
  })

  it('refuses a folder that is not there, and says which variable named it', async () => {
    const error = await load(join(temporary, 'nowhere'))
    expect(error).toMatchObject({ code: 'engine-missing' })
    expect(error.message).toContain('PALIMPSEST_GGML_DIR')
  })
})

describe('a library that drifted', () => {
  it('of another llama.cpp release is refused by its build metadata', async () => {
    const folder = folderWith(/ggml|json/)
    const path = join(folder, '_nlcBuildMetadata.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"v[\d.]+"/, '"v9.9.9"'))
    const error = await load(folder)
    expect(error).toMatchObject({ code: 'engine-version', where: path, found: 'llama.cpp v9.9.9' })
  })

  it('with unreadable build metadata is refused', async () => {
    const folder = folderWith(/ggml|json/)
    writeFileSync(join(folder, '_nlcBuildMetadata.json'), '{')
    expect(await load(folder)).toMatchObject({ code: 'engine-version' })
  })

  it('of another ggml version is refused', async () => {
    const folder = folderWith(/ggml/)
    patch(libraryFiles(folder).base, Buffer.from('\x000.23.0\0'), Buffer.from('\x000.99.0\0'))
    expect(await load(folder)).toMatchObject({ code: 'engine-version', found: 'ggml 0.99.0' })
  })

  it.runIf(process.platform === 'linux')('is refused with all the functions that it lacks', async () => {
    const folder = folderWith(/ggml/)
    for (const name of ['ggml_mul_mat_set_prec', 'ggml_flash_attn_ext_set_prec'])
      patch(libraryFiles(folder).base, Buffer.from(`\0${name}\0`), Buffer.from(`\0G${name.slice(1)}\0`))
    const error = await load(folder)
    expect(error).toMatchObject({ code: 'engine-symbols', where: folder })
    expect(error.found).toBe('no ggml_mul_mat_set_prec, ggml_flash_attn_ext_set_prec')
  })

  // mov eax, 368; ret: what the function compiles to there.
  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'with another layout of tensors is refused',
    async () => {
      const folder = folderWith(/ggml/)
      patch(
        libraryFiles(folder).base,
        Buffer.from([0xb8, 0x70, 0x01, 0, 0, 0xc3]),
        Buffer.from([0xb8, 0x80, 0x01, 0, 0, 0xc3]),
      )
      expect(await load(folder)).toMatchObject({ code: 'engine-layout', expected: '368 bytes' })
    },
  )

  it.runIf(process.platform === 'linux')('that is no library at all is refused', async () => {
    const folder = folderWith(/^libggml\./)
    writeFileSync(join(folder, 'libggml-base.so'), 'no library')
    expect(await load(folder)).toMatchObject({ code: 'engine-incomplete' })
  })
})

describe('the version of the packages', () => {
  it('is the same for every platform, pinned, and that of the messages', () => {
    const path = new URL('../../package.json', import.meta.url)
    const { optionalDependencies } = JSON.parse(readFileSync(path, 'utf8')) as {
      optionalDependencies: Record<string, string>
    }
    const engines = Object.entries(optionalDependencies).filter(([name]) =>
      name.startsWith('@node-llama-cpp/'),
    )
    expect(engines.length).toBeGreaterThanOrEqual(7)
    for (const [name, version] of engines) expect([name, version]).toEqual([name, ENGINE_PACKAGE_VERSION])
    expect(engines.map(([name]) => name)).toContain(enginePackage('cpu'))
  })

  it.each([
    [['libggml-base.so', 'libggml.v0.4.0.so', 'libggml-cpu-x64.so'], 'libggml-base.so', 'libggml.v0.4.0.so'],
    [
      ['libggml-base.so', 'libggml.cuda.v0.4.0.so', 'libggml-cuda.so'],
      'libggml-base.so',
      'libggml.cuda.v0.4.0.so',
    ],
    [['ggml-base.dll', 'ggml.v0.4.0.dll', 'ggml-cpu-x64.dll'], 'ggml-base.dll', 'ggml.v0.4.0.dll'],
    [
      ['libggml-base.dylib', 'libggml.metal.v0.4.0.dylib', 'libggml-metal.so'],
      'libggml-base.dylib',
      'libggml.metal.v0.4.0.dylib',
    ],
    [
      ['libggml-base.so.0.23.0', 'libggml.so.0.23.0', 'libggml-blas.so'],
      'libggml-base.so.0.23.0',
      'libggml.so.0.23.0',
    ],
  ])('does not hide the libraries among %j', (names, base, registry) => {
    const folder = folderWith(/^$/)
    for (const name of names) writeFileSync(join(folder, name), '')
    expect(libraryFiles(folder)).toEqual({ base: join(folder, base), registry: join(folder, registry) })
  })
})

describe('prototypes', () => {
  it('become what koffi reads', () => {
    expect(forKoffi('struct ggml_tensor * ggml_cast(struct ggml_context * ctx, enum ggml_type type)')).toBe(
      'void * ggml_cast(void * ctx, int type)',
    )
  })
})
