/**
 * Where the Hub is, where its cache is and who asks: the environment variables of the Python library, read
 * the same way, so that both share one cache and one login.
 */

import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'

export interface HubSettings {
  /** `https://huggingface.co`, or another server with its interface; no slash at the end. */
  readonly endpoint: string
  /** The folder of `models--org--name`. */
  readonly cacheFolder: string
  readonly tokenFile: string
  /** A token given in the environment. */
  readonly token: string | undefined
  /** False when the user wants no token sent (`HF_HUB_DISABLE_IMPLICIT_TOKEN`). */
  readonly sendToken: boolean
  /** No connection may be made. */
  readonly offline: boolean
  /** False when files in snapshots must be real ones (`HF_HUB_DISABLE_SYMLINKS`). */
  readonly symlinks: boolean
  /** Seconds without a byte after which a connection counts as cut. */
  readonly timeout: number
}

export type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_ENDPOINT = 'https://huggingface.co'
const DEFAULT_TIMEOUT = 30

/**
 * Settings from the environment: `HF_ENDPOINT`; `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME` and
 * `XDG_CACHE_HOME` in this order; `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`;
 * `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`; `HF_HUB_DISABLE_SYMLINKS`; `HF_HUB_DOWNLOAD_TIMEOUT`.
 *
 * @throws PalimpsestError `hub-settings` for an endpoint that is no URL or a timeout that is no number
 * @example hubSettings({ HF_HOME: '/data/hf' }).cacheFolder // '/data/hf/hub'
 */
export function hubSettings(env: Environment = process.env): HubSettings {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined
  const folder = (name: string): string | undefined => {
    const value = given(name)
    return value === undefined ? undefined : resolve(expand(value, env))
  }
  const on = (name: string): boolean => /^(1|on|yes|true)$/i.test(env[name]?.trim() ?? '')

  const home =
    folder('HF_HOME') ?? join(folder('XDG_CACHE_HOME') ?? join(userHome(env), '.cache'), 'huggingface')
  return {
    endpoint: endpointOf(given('HF_ENDPOINT') ?? DEFAULT_ENDPOINT),
    cacheFolder: folder('HF_HUB_CACHE') ?? folder('HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub'),
    tokenFile: folder('HF_TOKEN_PATH') ?? join(home, 'token'),
    token: given('HF_TOKEN') ?? given('HUGGING_FACE_HUB_TOKEN'),
    sendToken: !on('HF_HUB_DISABLE_IMPLICIT_TOKEN'),
    offline: on('HF_HUB_OFFLINE') || on('TRANSFORMERS_OFFLINE'),
    symlinks: !on('HF_HUB_DISABLE_SYMLINKS'),
    timeout: timeoutOf(given('HF_HUB_DOWNLOAD_TIMEOUT')),
  }
}

/**
 * The token to send, or undefined: the one of the environment, else the one that `hf auth login` stored.
 *
 * @throws PalimpsestError `hub-settings` when it holds what no token holds (the token itself is not shown);
 *   `file-permission`
 */
export async function hubToken(settings: HubSettings): Promise<string | undefined> {
  if (!settings.sendToken) return undefined
  let token = settings.token
  let where = 'HF_TOKEN'
  if (token === undefined) {
    where = settings.tokenFile
    try {
      token = (await readFile(where, 'utf8')).trim() || undefined
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw explainFileError(error, where)
    }
  }
  if (token !== undefined && !/^[\x21-\x7e]{1,1000}$/.test(token))
    throw refuse('hub-settings', 'The token of the Hub is malformed.', {
      where,
      expected: 'one word, hf_...',
      found: `${token.length} characters with spaces or others that no token has`,
      fix: 'Copy it again from the settings of your account on the Hub.',
    })
  return token
}

function userHome(env: Environment): string {
  return (process.platform === 'win32' ? env.USERPROFILE : env.HOME) || homedir()
}

/** `~` and `$NAME`, as Python expands them in these variables. */
function expand(path: string, env: Environment): string {
  const named = path.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (all, braced?: string, plain?: string) => env[braced ?? plain ?? ''] ?? all,
  )
  return named === '~' || named.startsWith('~/') ? userHome(env) + named.slice(1) : named
}

function endpointOf(text: string): string {
  let url: URL | undefined
  try {
    url = new URL(text)
  } catch {}
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw refuse('hub-settings', 'HF_ENDPOINT is no address of a Hub.', {
      where: 'HF_ENDPOINT',
      expected: `a URL such as ${DEFAULT_ENDPOINT}`,
      found: url?.username ? 'a URL with a name or password in it' : text,
      fix: 'Correct it, or unset it to use the public Hub.',
    })
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

function timeoutOf(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_TIMEOUT : Number(text)
  if (!(seconds > 0 && seconds <= 86_400))
    throw refuse('hub-settings', 'HF_HUB_DOWNLOAD_TIMEOUT is no number of seconds.', {
      where: 'HF_HUB_DOWNLOAD_TIMEOUT',
      expected: 'a number above 0',
      found: text ?? '',
      fix: 'Correct or unset it.',
    })
  return seconds
}
