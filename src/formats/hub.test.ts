import { mkdir, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { COMMIT_A, COMMIT_B, HubServer } from '../../test/support/hub-server.ts'
import { resolveReference } from './hub.ts'

let root: string
let cache: string
let env: Record<string, string>
const code = (name: string) => expect.objectContaining({ code: name })

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hub-'))
  cache = join(root, 'hub', 'models--org--tiny')
  env = { HF_HOME: root, HF_ENDPOINT: 'http://127.0.0.1:9' } // no one listens there
})
afterEach(() => rm(root, { recursive: true }))

/** A cache as the Python library writes it: blobs, links to them, a ref. */
async function pythonCache(files: readonly string[], commit = COMMIT_A, ref = 'main'): Promise<string> {
  for (const file of files) {
    const at = join(cache, 'snapshots', commit, file)
    await mkdir(dirname(at), { recursive: true })
    await mkdir(join(cache, 'blobs'), { recursive: true })
    const name = file.replaceAll('/', '_')
    const content = file.endsWith('.index.json')
      ? '{"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}'
      : ''
    await writeFile(join(cache, 'blobs', name), content)
    await symlink(`${'../'.repeat(file.split('/').length + 1)}blobs/${name}`, at)
  }
  await mkdir(join(cache, 'refs'), { recursive: true })
  await writeFile(join(cache, 'refs', ref), commit)
  return join(cache, 'snapshots', commit)
}

const MODEL = ['config.json', 'model.safetensors', 'tokenizer.json']

describe('resolveReference', () => {
  it('passes ordinary paths through, if they exist', async () => {
    expect(await resolveReference(root)).toBe(root)
    await expect(resolveReference(join(root, 'none'))).rejects.toThrow(code('file-missing'))
    await expect(resolveReference('org/tiny')).rejects.toThrow(/written hf:org\/tiny/)
  })

  it('leaves organisms to those who know them', async () => {
    expect(await resolveReference('organism:masked')).toBeUndefined()
  })

  it('finds a model in a Python cache, by branch and by commit, without a connection', async () => {
    const snapshot = await pythonCache(MODEL)
    for (const ref of ['hf:org/tiny', 'hf:org/tiny@main', `hf:org/tiny@${COMMIT_A}`])
      for (const allowFetch of [true, false])
        expect(await resolveReference(ref, { env, allowFetch })).toBe(snapshot)
  })

  it('finds files and folders', async () => {
    const snapshot = await pythonCache(['q/a.gguf', 'l5/cfg.json', 'l5/sae.safetensors'])
    expect(await resolveReference('hf:org/tiny:q/a.gguf', { env })).toBe(join(snapshot, 'q', 'a.gguf'))
    expect(await resolveReference('hf:org/tiny:l5', { env })).toBe(join(snapshot, 'l5'))
    expect(await resolveReference('hf:org/tiny:l5/sae.safetensors', { env })).toBe(
      join(snapshot, 'l5', 'sae.safetensors'),
    )
    await expect(resolveReference('hf:org/tiny:l6', { env })).rejects.toThrow(code('hub-not-cached'))
  })

  it('does not pick one of several', async () => {
    await pythonCache(['a.gguf', 'b.gguf'])
    await expect(resolveReference('hf:org/tiny', { env })).rejects.toThrow(code('hub-choose'))
  })

  it('takes nothing for whole that is not', async () => {
    const missing = code('hub-not-cached')
    const snapshot = await pythonCache([
      'config.json',
      'model.safetensors.index.json',
      'm-1.safetensors',
      'm-2.safetensors',
    ])
    expect(await resolveReference('hf:org/tiny', { env })).toBe(snapshot)
    await unlink(join(cache, 'blobs', 'm-2.safetensors')) // the link is there, and leads nowhere
    await expect(resolveReference('hf:org/tiny', { env })).rejects.toThrow(missing)
    await expect(resolveReference('hf:org/tiny@v2', { env })).rejects.toThrow(missing)
    await expect(resolveReference(`hf:org/tiny@${COMMIT_B}`, { env })).rejects.toThrow(missing)
    await expect(resolveReference('hf:org/other', { env })).rejects.toThrow(/palimpsest fetch hf:org\/other/)
  })

  it('names the switch when it is off, even where fetching is allowed', async () => {
    const offline = { ...env, HF_HUB_OFFLINE: '1' }
    await expect(resolveReference('hf:org/tiny', { env: offline, allowFetch: true })).rejects.toThrow(
      code('hub-offline'),
    )
    const snapshot = await pythonCache(['config.json', 'model.safetensors'])
    expect(await resolveReference('hf:org/tiny', { env: offline, allowFetch: true })).toBe(snapshot)
  })

  it('fetches what is not there, and what is there without its tokenizer', async () => {
    await using hub = await HubServer.start()
    env.HF_ENDPOINT = hub.endpoint
    const files = Object.fromEntries(MODEL.map((name) => [name, name]))
    hub.add('org/tiny', files)
    const snapshot = await resolveReference('hf:org/tiny', { env, allowFetch: true })
    expect(snapshot).toBe(join(cache, 'snapshots', COMMIT_A))
    hub.requests.length = 0
    expect(await resolveReference('hf:org/tiny', { env, allowFetch: true })).toBe(snapshot)
    expect(hub.requests).toEqual([])
    await rm(join(snapshot!, 'tokenizer.json'))
    await resolveReference('hf:org/tiny', { env, allowFetch: true })
    expect(hub.requests.length).toBeGreaterThan(0)
    hub.requests.length = 0
    expect(await resolveReference('hf:org/tiny', { env })).toBe(snapshot)
    expect(hub.requests).toEqual([])
  })

  it('asks once only for a tokenizer that does not exist', async () => {
    await using hub = await HubServer.start()
    env.HF_ENDPOINT = hub.endpoint
    hub.add('org/tiny', { 'config.json': '{}', 'model.safetensors': 'w' })
    await resolveReference('hf:org/tiny', { env, allowFetch: true })
    hub.requests.length = 0
    await resolveReference('hf:org/tiny', { env, allowFetch: true })
    expect(hub.requests).toEqual([])
  })
})
