import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PalimpsestError } from '../core/errors.ts'
import { stagesOf } from './chain.ts'
import { isChain, modelRoles, studyJsonSchema } from './schema.ts'
import { readStudy, readStudyFile } from './study-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schema-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function read(text: string) {
  const path = join(folder, 'study.yaml')
  await writeFile(path, text)
  return readStudy(path)
}

async function refusal(text: string): Promise<PalimpsestError> {
  const error = await read(text).then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(PalimpsestError)
  return error as PalimpsestError
}

describe('readStudy', () => {
  it('fills in every default and places relative paths beside the file', async () => {
    const study = await read(
      'palimpsest: 1\nname: a\nmodels: { base: ./b, aligned: { ref: hf:o/n, adapter: lora } }',
    )
    expect(study.thresholds.excess_auc).toBe(0.02)
    expect(study.draws.bootstrap).toBe(2000)
    expect(study.render).toEqual(['raw'])
    expect(modelRoles(study)).toEqual([
      { role: 'base', ref: join(folder, 'b') },
      { role: 'aligned', ref: 'hf:o/n', adapter: join(folder, 'lora') },
    ])
  })

  it('refuses unknown keys with line, column and the nearest known one', async () => {
    const error = await refusal('palimpsest: 1\nname: a\nmodels: { subject: b }\ntreshholds: { lost: 0.1 }')
    expect(error.code).toBe('study-invalid')
    expect(error.message).toMatch(/study\.yaml:4:\d+/)
    expect(error.message).toMatch(/thresholds/)
    const nested = await refusal('palimpsest: 1\nname: a\nmodels: { subject: b }\nsites:\n  layer: all')
    expect(nested.message).toMatch(/study\.yaml:5:\d+[\s\S]*layers/)
  })

  it('reads a chain of stages in its order, and refuses a chain of one and stages without a name', async () => {
    const head = 'palimpsest: 1\nname: a\nmodels:\n  base: b\n'
    const path = join(folder, 'chain.yaml')
    await writeFile(path, `${head}  stages: { sft: ./s, rlvr: { ref: hf:o/n }, dpo: d }`)
    const study = await readStudyFile(path)
    if (!isChain(study)) throw new Error('no chain')
    expect(stagesOf(study).map((s) => [s.name, s.study.name, s.study.models])).toEqual([
      ['sft', 'a.sft', { base: { ref: join(folder, 'b') }, aligned: { ref: join(folder, 's') } }],
      ['rlvr', 'a.rlvr', { base: { ref: join(folder, 'b') }, aligned: { ref: 'hf:o/n' } }],
      ['dpo', 'a.dpo', { base: { ref: join(folder, 'b') }, aligned: { ref: join(folder, 'd') } }],
    ])
    expect((await refusal(`${head}  stages: { sft: s, dpo: d }`)).code).toBe('study-chain')
    expect((await refusal(`${head}  stages: { sft: s }`)).code).toBe('study-invalid')
    expect((await refusal(`${head}  stages: { 1st: s, dpo: d }`)).code).toBe('study-invalid')
    expect((await refusal(`${head}  stages: { dpo: s, dpo: d }`)).code).toBe('yaml-syntax')
  })

  it('refuses values out of range, models that are neither one nor a pair, and text that is not YAML', async () => {
    expect((await refusal('palimpsest: 2\nname: a\nmodels: { subject: b }')).code).toBe('study-invalid')
    expect((await refusal('palimpsest: 1\nname: a\nmodels: { base: b }')).code).toBe('study-invalid')
    expect((await refusal('palimpsest: 1\nname: a/b\nmodels: { subject: b }')).code).toBe('study-invalid')
    const syntax = await refusal('palimpsest: 1\nname: [a')
    expect(syntax.code).toBe('yaml-syntax')
    expect(syntax.message).toMatch(/study\.yaml:\d+:\d+/)
  })

  it('has a JSON Schema that names its keys', () => {
    const schema = studyJsonSchema() as { properties: Record<string, unknown>; required: string[] }
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['models', 'texts', 'claims']))
    expect(schema.required).toEqual(expect.arrayContaining(['palimpsest', 'name', 'models']))
  })
})
