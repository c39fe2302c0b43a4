/** What the loaded engine says of the processor, for `doctor` and bug reports. */

import { basename } from 'node:path'
import koffi from '../core/ffi.ts'
import type { Pointer } from './bindings.ts'
import type { Engine } from './library.ts'

/** `struct ggml_backend_feature { const char * name; const char * value; }`, ended by a null name. */
const MAX_FEATURES = 256
const POINTER_BYTES = 8

/**
 * Instruction sets and options that the CPU backend was built with and uses, such as `AVX2` or `NEON`; empty
 * where it does not tell.
 */
export function cpuFeatures(engine: Engine): string[] {
  const cpu = engine.devices.find((d) => d.kind === 'cpu')
  if (cpu === undefined) return []
  // The function type of ggml-backend.h: struct ggml_backend_feature * (*ggml_backend_get_features_t)(...)
  const list = engine.proc<(registry: Pointer) => Pointer | null>(
    cpu,
    'ggml_backend_get_features',
    'void * ggml_backend_get_features(ggml_backend_reg_t reg)',
  )?.(engine.base.deviceRegistry(cpu.pointer))
  const found: string[] = []
  if (list === null || list === undefined) return found
  const text = (i: number): string | null => koffi.decode(list, i * POINTER_BYTES, 'char *') as string | null
  for (let i = 0; i < MAX_FEATURES; i++) {
    const name = text(2 * i)
    if (name === null) break
    const value = text(2 * i + 1)
    if (value !== '0') found.push(value === '1' || value === null ? name : `${name}=${value}`)
  }
  return found
}

/** The library of the CPU backend that ggml chose for this processor, such as `libggml-cpu-zen4.so`. */
export function cpuVariant(): string | undefined {
  // Names of network interfaces are slow to resolve and nobody asks for them here.
  const report = process.report as typeof process.report & { excludeNetwork?: boolean }
  const before = report.excludeNetwork
  report.excludeNetwork = true
  const { sharedObjects } = report.getReport() as unknown as { sharedObjects: string[] }
  report.excludeNetwork = before ?? false
  return sharedObjects.map((path) => basename(path)).find((name) => /^(lib)?ggml-cpu/.test(name))
}
