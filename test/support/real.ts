/** Real models and texts for tests, where they are at hand beside the checkout; tests skip where they are not. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** The path of a real input, or undefined when it is not here. */
export function realInput(path: string): string | undefined {
  const full = ROOT + path
  return existsSync(full) ? full : undefined
}

export const SMOLLM2 = realInput('models/SmolLM2-135M-Instruct-GGUF')
export const STORIES = realInput('models/stories260K-hf')
export const TWEETS = realInput('data/congress_tweets')
