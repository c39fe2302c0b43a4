/**
 * The package as npm installs it, compiled and without sources: made once a run of the tests, for the first file that
 * needs it. Commands start twice as fast from it as from a checkout, and what the package lacks, tests miss.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import { takeLock } from '../../src/formats/hub-lock.ts'

declare module 'vitest' {
  interface ProvidedContext {
    packages: string
  }
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LARGE = ['docs', 'organisms']
const run = promisify(execFile)
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

/** Vitest's global setup: a folder for the packages of this run, which goes when it ends. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-package-'))
  project.provide('packages', folder)
  // Sources have changed: what was compiled of them is no longer theirs.
  project.onTestsRerun(() => rm(join(folder, 'package'), { recursive: true, force: true }))
  return () => rm(folder, { recursive: true, force: true })
}

/** The folder of the installed package, which the first to ask compiles. */
export async function installedPackage(): Promise<string> {
  const folder = join(inject('packages'), 'package')
  await using _lock = await takeLock(`${folder}.lock`)
  if (existsSync(folder)) return folder
  const made = `${folder}-${process.pid}`
  await mkdir(made)
  const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
  for (const name of ['package.json', ...files])
    if (name === 'dist')
      await run(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', join(made, name)], {
        cwd: ROOT,
      })
    else if (LARGE.includes(name)) await symlink(join(ROOT, name), join(made, name), 'junction')
    else await cp(join(ROOT, name), join(made, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(made, 'node_modules'), 'junction')
  await rename(made, folder)
  return folder
}
