/**
 * References to a repository on the Hugging Face Hub: `hf:org/name[@revision][:path/inside]`. Every part ends
 * up in a URL and in a path on disk, so what could leave either place is refused here and nowhere else.
 */

import { refuse } from '../core/errors.ts'

export interface HubRef {
  /** `org/name`. */
  readonly repo: string
  /** Branch, tag or commit; `main` where none is given. */
  readonly revision: string
  /** File or folder in the repository, with `/`; undefined for the repository's root. */
  readonly path: string | undefined
}

/** A full commit hash: a revision that never moves. */
export const COMMIT = /^[0-9a-f]{40}$/

const OWNER_OR_NAME = /^\w(?:[\w.-]*\w)?$/
const MAX_ID = 96
const MAX_LENGTH = 1000
/** What git, Windows and URLs all take in a name of a branch. */
const REVISION = /^[\w.+=,#/-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNSAFE_IN_PATH = /[\u0000-\u001f\u007f\\:*?"<>|]/

/** Whether a reference is one to the Hub: it begins with `hf:`. */
export function isHubRef(text: string): boolean {
  return text.startsWith('hf:')
}

/**
 * Parses a reference.
 *
 * @throws PalimpsestError `hub-reference` for anything else than `hf:org/name[@revision][:path/inside]`,
 *   and for parts that would leave the repository's folder (`..`, absolute, backslashes, control characters)
 * @example parseHubRef('hf:org/name@v1.0:sub/model.gguf')
 * // { repo: 'org/name', revision: 'v1.0', path: 'sub/model.gguf' }
 */
export function parseHubRef(text: string): HubRef {
  const wrong = (summary: string, found: string): Error =>
    refuse('hub-reference', summary, {
      where: printable(text),
      expected: 'hf:org/name, hf:org/name@revision or hf:org/name@revision:path/inside',
      found: printable(found),
      fix: 'Copy the name from the page of the model: hf:HuggingFaceTB/SmolLM2-135M, for instance.',
    })
  if (!isHubRef(text)) throw wrong('This is no reference to the Hub.', text)
  if (text.length > MAX_LENGTH)
    throw wrong('This reference to the Hub is too long.', `${text.length} characters`)
  const rest = text.slice('hf:'.length)
  const colon = rest.indexOf(':')
  const path = colon < 0 ? undefined : rest.slice(colon + 1).replace(/\/$/, '')
  const head = colon < 0 ? rest : rest.slice(0, colon)
  const at = head.indexOf('@')
  const repo = at < 0 ? head : head.slice(0, at)
  const revision = at < 0 ? 'main' : head.slice(at + 1)

  const parts = repo.split('/')
  if (parts.length !== 2) throw wrong('The name of a repository has two parts: org/name.', repo)
  if (!parts.every((p) => OWNER_OR_NAME.test(p)) || repo.length > MAX_ID || /--|\.\.|\.git$/.test(repo))
    throw wrong('No repository of the Hub can have this name.', repo)
  if (!isSafeRevision(revision)) throw wrong('No branch, tag or commit can have this name.', revision)
  if (path !== undefined && !isSafePath(path))
    throw wrong('The path does not stay inside the repository.', path)
  return { repo, revision, path }
}

/** The reference as text; the inverse of {@link parseHubRef}. */
export function formatHubRef({ repo, revision, path }: HubRef): string {
  return `hf:${repo}${revision === 'main' ? '' : `@${revision}`}${path === undefined ? '' : `:${path}`}`
}

/** Whether a path from outside stays inside the folder it is joined to, on every system. */
export function isSafePath(path: string): boolean {
  return (
    path.length <= MAX_LENGTH &&
    !UNSAFE_IN_PATH.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  )
}

function isSafeRevision(revision: string): boolean {
  return REVISION.test(revision) && isSafePath(revision) && !revision.includes('..')
}

function printable(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}...` : text
  return JSON.stringify(short).slice(1, -1)
}
