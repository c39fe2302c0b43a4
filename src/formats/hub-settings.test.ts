import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hubSettings, hubToken } from './hub-settings.ts'

// The order in which the Python library (huggingface_hub 2.4) reads these variables.
describe('hubSettings', () => {
  const HOME = '/home/me'

  it.each([
    [{}, '/home/me/.cache/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/xdg' }, '/xdg/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/xdg', HF_HOME: '/hf' }, '/hf/hub'],
    [{ HF_HOME: '~/hf' }, '/home/me/hf/hub'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a user writes it
    [{ HF_HOME: '${DATA}/hf', DATA: '/data' }, '/data/hf/hub'],
    [{ HF_HOME: '$NOWHERE/hf' }, resolve('$NOWHERE/hf/hub')],
    [{ HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/new' }, '/new'],
    [{ HF_HUB_CACHE: '' }, '/home/me/.cache/huggingface/hub'],
  ])('cache folder of %j', (env, expected) => {
    expect(hubSettings({ HOME, ...env }).cacheFolder).toBe(expected)
  })

  it('reads the switches as Python does', () => {
    for (const on of ['1', 'ON', 'yes', 'True'])
      expect(hubSettings({ HOME, HF_HUB_OFFLINE: on }).offline, on).toBe(true)
    for (const off of ['', '0', 'false', 'no', 'off', undefined])
      expect(hubSettings({ HOME, HF_HUB_OFFLINE: off }).offline, off).toBe(false)
    expect(hubSettings({ HOME, TRANSFORMERS_OFFLINE: '1' }).offline).toBe(true)
    expect(hubSettings({ HOME }).symlinks).toBe(true)
    expect(hubSettings({ HOME, HF_HUB_DISABLE_SYMLINKS: '1' }).symlinks).toBe(false)
    expect(hubSettings({ HOME, HF_HUB_DOWNLOAD_TIMEOUT: '7' }).timeout).toBe(7)
  })

  it('takes another endpoint, and refuses what is none', () => {
    expect(hubSettings({ HOME }).endpoint).toBe('https://huggingface.co')
    expect(hubSettings({ HOME, HF_ENDPOINT: 'https://mirror.example/hf/' }).endpoint).toBe(
      'https://mirror.example/hf',
    )
    const wrong = expect.objectContaining({ code: 'hub-settings' })
    for (const endpoint of ['mirror', 'file:///tmp', 'https://me:pw@mirror.example'])
      expect(() => hubSettings({ HOME, HF_ENDPOINT: endpoint }), endpoint).toThrow(wrong)
    expect(() => hubSettings({ HOME, HF_HUB_DOWNLOAD_TIMEOUT: 'soon' })).toThrow(wrong)
  })
})

describe('hubToken', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-settings-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('prefers the environment to the file of the login', async () => {
    await writeFile(join(folder, 'token'), 'hf_file\n')
    await writeFile(join(folder, 'other'), 'hf_other')
    const token = (env: Record<string, string>) => hubToken(hubSettings({ HF_HOME: folder, ...env }))
    expect(await token({})).toBe('hf_file')
    expect(await token({ HF_TOKEN_PATH: join(folder, 'other') })).toBe('hf_other')
    expect(await token({ HUGGING_FACE_HUB_TOKEN: 'hf_old' })).toBe('hf_old')
    expect(await token({ HUGGING_FACE_HUB_TOKEN: 'hf_old', HF_TOKEN: ' hf_new ' })).toBe('hf_new')
    expect(await token({ HF_TOKEN: '' })).toBe('hf_file')
    expect(await token({ HF_TOKEN: 'hf_new', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toBeUndefined()
    expect(await token({ HF_TOKEN_PATH: join(folder, 'none') })).toBeUndefined()
  })

  it('refuses a malformed token without showing it', async () => {
    const settings = hubSettings({ HF_HOME: folder, HF_TOKEN: 'hf_secret\nX-Header: 1' })
    const error = await hubToken(settings).catch((e: Error) => e)
    expect(error).toMatchObject({ code: 'hub-settings' })
    expect((error as Error).message).not.toContain('secret')
  })
})
