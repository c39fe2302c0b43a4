/** Loads the engine for the device given, tests it, and prints what came of it as JSON. */
import { PalimpsestError } from '../../src/core/errors.ts'
import { Backend } from '../../src/ggml/backend.ts'
import type { DeviceKind } from '../../src/ggml/locate.ts'
import { selfTest } from '../../src/ggml/selftest.ts'

try {
  using backend = new Backend({ device: process.argv[2] as DeviceKind })
  const { errors } = await selfTest(backend)
  console.log(JSON.stringify({ folder: backend.engine.folder, version: backend.engine.version, ...errors }))
} catch (error) {
  if (!(error instanceof PalimpsestError)) throw error
  const { where, expected, found, fix } = error.parts
  console.log(JSON.stringify({ code: error.code, where, expected, found, fix, message: error.message }))
}
