/** `fetch` and `hf:` references as a user types them, against a server that speaks the Hub's language. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { palimpsest } from './support/cli.ts'
import { COMMIT_A, HubServer } from './support/hub-server.ts'
import { writeTokenizedModel } from './support/tokenized.ts'

const FILES = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']

let folder: string
let hub: HubServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-hub-'))
  const model = await writeTokenizedModel(join(folder, 'model'))
  hub = await HubServer.start()
  const files = await Promise.all(FILES.map(async (f) => [f, await readFile(join(model, f))] as const))
  hub.add('org/tiny', Object.fromEntries(files))
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

it('fetches a model once, says where it is, and runs it offline from then on', async () => {
  const env = { HF_HOME: join(folder, 'hf'), HF_ENDPOINT: hub.endpoint }
  const offline = { ...env, HF_HUB_OFFLINE: '1' }
  const before = await palimpsest(['inspect', 'hf:org/tiny'], { env: offline })
  expect(before).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('[hub-offline]') })
  const fetched = await palimpsest(['fetch', 'hf:org/tiny', '--json'], { env })
  expect(fetched.code).toBe(0)
  const { path, commit, files } = JSON.parse(fetched.stdout)
  expect(commit).toBe(COMMIT_A)
  expect(files.map((f: { path: string }) => f.path).sort()).toEqual(FILES)
  expect(existsSync(join(path, 'model.safetensors'))).toBe(true)
  const [ran, again, unknown] = await Promise.all([
    palimpsest(['generate', 'hf:org/tiny', '--prompt', 'x', '--max-tokens', '3', '--json'], { env: offline }),
    palimpsest(['fetch', `hf:org/tiny@${COMMIT_A}`], { env }),
    palimpsest(['fetch', 'hf:org/tinny'], { env }),
  ])
  expect(ran.code).toBe(0)
  expect(JSON.parse(ran.stdout)).toMatchObject({ model: path, items: 1 })
  expect(again.stdout).toContain('0 of 4 files fetched')
  expect(unknown.code).not.toBe(0)
  expect(unknown.stderr).toContain('[hub-repo-missing]')
})
