/**
 * Where the ggml libraries are: the prebuilt package for this platform, a GPU build of it where one is
 * installed and asked for, or any directory that `PALIMPSEST_GGML_DIR` names.
 */

import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PalimpsestError } from '../core/errors.ts'

/** The kinds of device a user can ask for. `auto` takes the best one that is installed. */
export type DeviceKind = 'auto' | 'cpu' | 'cuda' | 'vulkan' | 'metal'

const PLATFORM_PACKAGES: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-armv7l',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
}

/** The pinned version of the packages, one for every platform, so that one ABI is tested everywhere. */
export const ENGINE_PACKAGE_VERSION = '3.21.1'

/** The package that would serve this platform and device, installed or not. */
export function enginePackage(device: DeviceKind): string {
  // npm may install packages for several architectures (some declare x64 beside their own): choose by what runs.
  const base = PLATFORM_PACKAGES[`${process.platform}-${process.arch}`]
  if (base === undefined)
    throw new PalimpsestError(
      'engine',
      'engine-platform',
      'There is no prebuilt tensor engine for this platform.',
      {
        found: `${process.platform} ${process.arch}`,
        expected: Object.keys(PLATFORM_PACKAGES).join(', '),
        fix: 'Build ggml (shared libraries) and set PALIMPSEST_GGML_DIR to the folder that holds them.',
      },
    )
  const suffix = device === 'cuda' || device === 'vulkan' ? `-${device}` : ''
  return `@node-llama-cpp/${base}${suffix}`
}

/** The folder with the libraries of an installed package, or undefined. */
export function packageFolder(name: string): string | undefined {
  try {
    // package.json is not exported: resolve the main file (dist/index.js) and go up.
    const main = createRequire(import.meta.url).resolve(name)
    const folder = join(dirname(dirname(main)), 'bins', name.slice(name.indexOf('/') + 1))
    return existsSync(folder) ? folder : undefined
  } catch {
    return undefined
  }
}

/**
 * The folder of the ggml libraries for a device.
 *
 * @throws PalimpsestError `engine-missing` with the command that installs the package
 */
export function locateEngine(device: DeviceKind): string {
  const override = process.env.PALIMPSEST_GGML_DIR
  if (override !== undefined && override !== '') {
    if (!existsSync(override))
      throw new PalimpsestError(
        'engine',
        'engine-missing',
        'PALIMPSEST_GGML_DIR names a folder that does not exist.',
        {
          where: override,
          expected: 'a folder with the libraries of ggml',
          found: 'nothing there',
          fix: 'Correct the variable, or unset it to use the package that came with the installation.',
        },
      )
    return override
  }
  const candidates: DeviceKind[] = device === 'auto' ? ['cuda', 'vulkan', 'cpu'] : [device]
  for (const kind of candidates) {
    const folder = packageFolder(enginePackage(kind))
    if (folder !== undefined) return folder
  }
  const name = enginePackage(device)
  throw new PalimpsestError('engine', 'engine-missing', `The tensor engine for ${device} is not installed.`, {
    expected: `the package ${name}, version ${ENGINE_PACKAGE_VERSION}`,
    found: 'no such package',
    fix: `npm install ${name}@${ENGINE_PACKAGE_VERSION}`,
  })
}

/** The two libraries in a folder: `libggml-base` and `libggml`, whatever the platform calls them. */
export function libraryFiles(folder: string): { base: string; registry: string } {
  const files = readdirSync(folder)
  const find = (pattern: RegExp, what: string): string => {
    const file = files.find((f) => pattern.test(f))
    if (file === undefined)
      throw new PalimpsestError('engine', 'engine-incomplete', `The folder lacks ${what}.`, {
        where: folder,
        expected: `a shared library ${what}`,
        found: files.slice(0, 20).join(', ') || 'an empty folder',
        fix: 'Install the package again, or point PALIMPSEST_GGML_DIR at a complete ggml build with shared libraries.',
      })
    return join(folder, file)
  }
  return {
    base: find(/^(lib)?ggml-base(\.v[\d.]+)?\.(so(\.[\d.]+)?|dll|dylib)$/, 'libggml-base'),
    registry: find(/^(lib)?ggml(\.(cuda|vulkan|metal))?(\.v[\d.]+)?\.(so(\.[\d.]+)?|dll|dylib)$/, 'libggml'),
  }
}
