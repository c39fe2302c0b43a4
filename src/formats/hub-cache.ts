/**
 * The cache on disk, in the layout of the Python library (so transformers finds what is fetched here, and
 * what it fetched is found):
 *
 *   models--org--name/
 *     refs/main                     the commit that `main` was when last asked for
 *     blobs/<hash>                  content, named by git's SHA-1 or, of large files, by its SHA-256
 *     snapshots/<commit>/<path>     a relative link to the blob (a real file where there are no links)
 *     .no_exist/<commit>/<path>     known not to exist at this commit
 *   .locks/models--org--name/<hash>.lock
 */

import { randomBytes } from 'node:crypto'
import {
  constants,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { atomicWrite, explainFileError } from '../core/files.ts'
import { COMMIT, isSafePath } from './hub-ref.ts'

/** Far above any repository's; bounds the walk through a folder that is not what it seems. */
const MAX_FILES = 200_000
const MAX_DEPTH = 32

/** The cache of one repository. Reading never writes. */
export class RepoCache {
  readonly folder: string
  readonly #locks: string
  readonly #symlinks: boolean

  /** @param symlinks false: snapshots get real files even where links can be made */
  constructor(cacheFolder: string, repo: string, symlinks = true) {
    const name = `models--${repo.replace('/', '--')}`
    this.folder = join(cacheFolder, name)
    this.#locks = join(cacheFolder, '.locks', name)
    this.#symlinks = symlinks
  }

  /** Where the content of this hash is, or will be. */
  blob(hash: string): string {
    return join(this.folder, 'blobs', hash)
  }

  lock(hash: string): string {
    return join(this.#locks, `${hash}.lock`)
  }

  /** Path of a file (or folder) in a snapshot; of the snapshot itself for ''. */
  snapshot(commit: string, path = ''): string {
    return join(this.folder, 'snapshots', commit, ...path.split('/'))
  }

  /** The commit a revision was when last asked for; undefined if it never was. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (COMMIT.test(revision)) return revision
    try {
      const text = (await readFile(this.#ref(revision), 'utf8')).trim()
      return COMMIT.test(text) ? text : undefined
    } catch {
      return undefined
    }
  }

  /** Remembers what commit a revision is. */
  async writeRef(revision: string, commit: string): Promise<void> {
    if (revision === commit || (await this.commitOf(revision)) === commit) return
    await atomicWrite(this.#ref(revision), commit)
  }

  /** Every file of a snapshot, with `/`, sorted; links that lead nowhere are not among them. */
  async files(commit: string): Promise<string[]> {
    const root = this.snapshot(commit)
    const found: string[] = []
    const walk = async (folder: string, depth: number): Promise<void> => {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
      for (const entry of entries) {
        if (found.length >= MAX_FILES) return
        const path = join(folder, entry.name)
        if (entry.isDirectory()) {
          if (depth < MAX_DEPTH) await walk(path, depth + 1)
        } else if ((await sizeOf(path)) !== undefined) found.push(relative(root, path).split(sep).join('/'))
      }
    }
    await walk(root, 0)
    return found.filter(isSafePath).sort()
  }

  /**
   * Puts a blob into a snapshot under its path.
   *
   * @param fresh whether nothing else can refer to the blob yet: without links it is then moved, not copied
   * @throws PalimpsestError `disk-full`, `file-permission`
   */
  async link(commit: string, path: string, hash: string, fresh: boolean): Promise<void> {
    const blob = this.blob(hash)
    const target = this.snapshot(commit, path)
    const temporary = `${blob}.${randomBytes(4).toString('hex')}.tmp`
    try {
      await mkdir(dirname(target), { recursive: true })
      if (await this.#trySymlink(relative(dirname(target), blob), temporary)) await rename(temporary, target)
      else if (fresh) await rename(blob, target)
      else {
        await copyFile(blob, temporary, constants.COPYFILE_FICLONE)
        await rename(temporary, target)
      }
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      // without links, another process may have moved the blob to this very place meanwhile
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (await sizeOf(target)) !== undefined) return
      throw explainFileError(error, target)
    }
  }

  async #trySymlink(to: string, at: string): Promise<boolean> {
    if (!this.#symlinks) return false
    try {
      await symlink(to, at, 'file')
      return true
    } catch (error) {
      // Windows without developer mode, and file systems that have no links
      if (
        /^(EPERM|EACCES|ENOSYS|ENOTSUP|EOPNOTSUPP|EINVAL)$/.test((error as NodeJS.ErrnoException).code ?? '')
      )
        return false
      throw error
    }
  }

  /** Remembers that a commit has no such file, so that nobody asks again. */
  async writeAbsent(commit: string, path: string): Promise<void> {
    const mark = this.#absent(commit, path)
    try {
      await mkdir(dirname(mark), { recursive: true })
      await writeFile(mark, '')
    } catch (error) {
      throw explainFileError(error, mark)
    }
  }

  async isAbsent(commit: string, path: string): Promise<boolean> {
    return (await sizeOf(this.#absent(commit, path))) !== undefined
  }

  #ref(revision: string): string {
    return join(this.folder, 'refs', ...revision.split('/'))
  }

  #absent(commit: string, path: string): string {
    return join(this.folder, '.no_exist', commit, ...path.split('/'))
  }
}

/** Size in bytes of a file (through links), or undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? found.size : undefined
  } catch {
    return undefined
  }
}
