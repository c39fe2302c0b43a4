/** Where the Hub cache is and what the environment says about the Hub, as Python's huggingface_hub reads it. */

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const env = (name: string): string | undefined => process.env[name] || undefined
const isTrue = (name: string): boolean => /^(1|true|yes|on)$/i.test(process.env[name] ?? '')

function home(): string {
  return env('HF_HOME') ?? join(env('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface')
}

/** The folder of the Hub cache. */
export function hubFolder(): string {
  return env('HF_HUB_CACHE') ?? env('HUGGINGFACE_HUB_CACHE') ?? join(home(), 'hub')
}

/** The endpoint, whether fetching is switched off, and whether there is a token (never the token itself). */
export function hubSettings(): { endpoint: string; offline: boolean; token: boolean } {
  return {
    endpoint: env('HF_ENDPOINT') ?? 'https://huggingface.co',
    offline: isTrue('HF_HUB_OFFLINE') || isTrue('TRANSFORMERS_OFFLINE'),
    token:
      (env('HF_TOKEN') ?? env('HUGGING_FACE_HUB_TOKEN')) !== undefined ||
      existsSync(env('HF_TOKEN_PATH') ?? join(home(), 'token')),
  }
}
