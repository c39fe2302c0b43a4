/**
 * The loaded engine: one per process. Loading checks everything that could drift (version, every symbol,
 * struct sizes); `selftest.ts` then computes a few known numbers. A wrong library is an error message, never
 * a wrong result.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PalimpsestError } from '../core/errors.ts'
import koffi from '../core/ffi.ts'
import { type Bind, bindBase, bindRegistry, type Pointer } from './bindings.ts'
import { type DeviceKind, libraryFiles, locateEngine } from './locate.ts'

/** ggml releases whose ABI this code was tested against. */
export const SUPPORTED_VERSIONS = ['0.23.0', '0.25.1']
/** llama.cpp releases with those versions, as the packages' build metadata names them. */
export const SUPPORTED_RELEASES = ['v0.4.0', 'v0.5.0']
/** sizeof(struct ggml_tensor) + sizeof(struct ggml_object) in those releases. */
const TENSOR_OVERHEAD = 368

/** A device that the loaded engine offers. */
export interface Device {
  readonly pointer: Pointer
  /** As ggml calls it: CPU, CUDA0, Vulkan0, Metal. */
  readonly name: string
  readonly description: string
  readonly kind: 'cpu' | 'gpu' | 'igpu' | 'accelerator' | 'other'
  /** Bytes, as the driver reports them. */
  readonly memory: { free: number; total: number }
}

/** The bound functions of a loaded engine and what was found at loading. */
export interface Engine {
  readonly folder: string
  readonly version: string
  readonly commit: string
  readonly base: ReturnType<typeof bindBase>
  readonly devices: readonly Device[]
  /** graphCompute off the event loop. */
  readonly computeAsync: (backend: Pointer, graph: Pointer) => Promise<number>
  /** A function that a backend registers by name; undefined when the device lacks it. */
  proc<F>(device: Device, name: string, prototype: string): F | undefined
  /** The address of libc's atoi: `atoi("1")` is the abort callback (see backend.ts). */
  readonly atoi: Pointer | undefined
}

const KINDS = ['cpu', 'gpu', 'igpu', 'accelerator'] as const
let loaded: Engine | undefined

/** koffi reads C without `struct` and knows neither enums nor ggml's pointer typedefs. */
export function forKoffi(prototype: string): string {
  return prototype
    .replace(/\benum \w+/g, 'int')
    .replace(/\bstruct (ggml_init_params|ggml_threadpool_params)\b/g, '$1')
    .replace(/\bggml_(gallocr|backend(_buffer_type|_buffer|_dev|_reg)?|threadpool)_t\b/g, 'void *')
    .replace(/\bggml_(abort_callback|log_callback|custom_op_t)\b/g, 'void *')
    .replace(
      /(\bconst )?\bstruct ggml_(context|tensor|cgraph|backend_buffer|threadpool|type_traits)\b/g,
      'void',
    )
    .replace(/\bvoid \*\* /g, 'void * ')
    .replace(/size_t \* /g, 'void * ')
}

/**
 * Loads the engine for a device, once per process; later calls return the same one.
 *
 * @throws PalimpsestError `engine-missing`, `engine-incomplete`, `engine-version`, `engine-symbols`,
 *   `engine-layout`, `engine-conflict`
 */
export function loadEngine(device: DeviceKind = 'auto'): Engine {
  const folder = loaded !== undefined && device === 'auto' ? loaded.folder : locateEngine(device)
  if (loaded !== undefined) {
    if (loaded.folder === folder || device === 'cpu') return loaded
    throw new PalimpsestError(
      'engine',
      'engine-conflict',
      'Another build of the tensor engine is already loaded.',
      {
        found: loaded.folder,
        expected: folder,
        fix: 'Use one device kind per process: start a second process for the other one.',
      },
    )
  }
  const files = libraryFiles(folder)
  checkBuild(folder)
  if (!('ggml_init_params' in koffi.types)) {
    koffi.struct('ggml_init_params', { mem_size: 'size_t', mem_buffer: 'void*', no_alloc: 'bool' })
    koffi.struct('ggml_threadpool_params', {
      cpumask: koffi.array('bool', 512),
      n_threads: 'int',
      prio: 'int',
      poll: 'uint32_t',
      strict_cpu: 'bool',
      paused: 'bool',
    })
  }
  const missing: string[] = []
  const binder = (file: string): Bind => {
    let library: ReturnType<typeof koffi.load>
    try {
      library = koffi.load(file)
    } catch (cause) {
      throw new PalimpsestError(
        'engine',
        'engine-incomplete',
        'A library of the tensor engine does not load.',
        {
          where: file,
          expected: 'a library for this platform, with all that it needs',
          found: (cause as Error).message,
          fix: 'Run `palimpsest doctor`; on Linux, `ldd` on this file names what is missing.',
          cause,
        },
      )
    }
    return <F>(prototype: string): F => {
      try {
        return library.func(forKoffi(prototype)) as F
      } catch {
        missing.push(/(\w+)\(/.exec(prototype)?.[1] ?? prototype)
        return undefined as F
      }
    }
  }
  const base = bindBase(binder(files.base))
  const registry = bindRegistry(binder(files.registry))
  if (missing.length > 0)
    throw new PalimpsestError(
      'engine',
      'engine-symbols',
      'The tensor engine lacks functions that are needed.',
      {
        where: folder,
        found: `no ${missing.join(', ')}`,
        expected: `ggml ${SUPPORTED_VERSIONS.join(' or ')}`,
        fix: 'Install the pinned package again (npm ci), or point PALIMPSEST_GGML_DIR at a supported build.',
      },
    )
  const version = base.version()
  if (!SUPPORTED_VERSIONS.includes(version))
    throw unsupported(folder, `ggml ${version}`, `ggml ${SUPPORTED_VERSIONS.join(' or ')}`)
  if (Number(base.tensorOverhead()) !== TENSOR_OVERHEAD)
    throw new PalimpsestError(
      'engine',
      'engine-layout',
      'The tensor engine was built with another memory layout.',
      {
        found: `a tensor overhead of ${base.tensorOverhead()} bytes`,
        expected: `${TENSOR_OVERHEAD} bytes`,
        where: folder,
        fix: 'Use the pinned package, or a build of the supported version without layout-changing options.',
      },
    )
  // ggml reports what it loads on stderr. A JavaScript callback would be called from its worker threads, so
  // the sink is a C function that takes the level and does nothing with it.
  const silence = process.env.PALIMPSEST_DEBUG === '1' ? undefined : libcAddress('abs')
  if (silence !== undefined) base.logSet(silence, null)
  // cuBLAS would round f32 matrices to TF32 (10 bits): an instrument wants what it asks for.
  process.env.NVIDIA_TF32_OVERRIDE ??= '0'
  registry.loadAllFrom(folder)
  const devices = Array.from({ length: Number(registry.deviceCount()) }, (_, i) =>
    describe(base, registry.device(i)),
  )
  loaded = {
    folder,
    version,
    commit: base.commit(),
    base,
    devices,
    computeAsync: promisified(base.graphCompute),
    proc: <F>(device: Device, name: string, prototype: string): F | undefined => {
      const address = base.procAddress(base.deviceRegistry(device.pointer), name)
      return address === null ? undefined : (koffi.decode(address, functionType(prototype)) as F)
    },
    atoi: libcAddress('atoi'),
  }
  return loaded
}

/** What a package says of its own build; a folder that someone built has no such file. */
const BUILD_METADATA = '_nlcBuildMetadata.json'
const MAX_METADATA_BYTES = 65536

function checkBuild(folder: string): void {
  const path = join(folder, BUILD_METADATA)
  if (!existsSync(path)) return
  let release: unknown
  try {
    const text = readFileSync(path, 'utf8').slice(0, MAX_METADATA_BYTES)
    release = JSON.parse(text)?.buildOptions?.llamaCpp?.release
  } catch (error) {
    release = (error as Error).message
  }
  if (typeof release !== 'string' || !SUPPORTED_RELEASES.includes(release))
    throw unsupported(path, `llama.cpp ${release}`, `llama.cpp ${SUPPORTED_RELEASES.join(' or ')}`)
}

function unsupported(where: string, found: string, expected: string): PalimpsestError {
  return new PalimpsestError(
    'engine',
    'engine-version',
    'This version of the tensor engine is not supported.',
    {
      where,
      found,
      expected,
      fix: 'Install the pinned package again (npm ci), or build one of these versions.',
    },
  )
}

const functionTypes = new Map<string, ReturnType<typeof koffi.proto>>()

/** koffi names function types globally: declare each prototype once. */
function functionType(prototype: string): ReturnType<typeof koffi.proto> {
  const known = functionTypes.get(prototype)
  if (known !== undefined) return known
  const type = koffi.proto(forKoffi(prototype))
  functionTypes.set(prototype, type)
  return type
}

function describe(base: Engine['base'], pointer: Pointer): Device {
  const free = new BigUint64Array(1)
  const total = new BigUint64Array(1)
  base.deviceMemory(pointer, free, total)
  return {
    pointer,
    name: base.deviceName(pointer),
    description: base.deviceDescription(pointer),
    kind: KINDS[base.deviceType(pointer)] ?? 'other',
    memory: { free: Number(free[0]), total: Number(total[0]) },
  }
}

function promisified(compute: Engine['base']['graphCompute']): Engine['computeAsync'] {
  const { async } = compute as unknown as {
    async: (b: Pointer, g: Pointer, done: (error: unknown, status: number) => void) => void
  }
  return (backend, graph) =>
    new Promise((resolve, reject) => {
      async(backend, graph, (error, status) => (error ? reject(error) : resolve(status)))
    })
}

/** The address of a function of the C library; undefined where there is none to be found. */
function libcAddress(name: string): Pointer | undefined {
  const file = { win32: 'ucrtbase.dll', darwin: 'libSystem.dylib' }[process.platform as string] ?? 'libc.so.6'
  try {
    return koffi.load(file).symbol(name, 'int') as Pointer
  } catch {
    return undefined
  }
}
