/** Which model, settings and versions made a result: kept in files, and what resuming depends on. */

import { statSync } from 'node:fs'
import { packageVersion } from '../core/version.ts'
import type { Checkpoint } from '../formats/checkpoint.ts'
import type { Model } from '../model/model.ts'

/** Settings and versions, as they stand in a result's metadata. */
export function provenance(model: Model): Record<string, string> {
  return {
    palimpsest: packageVersion(),
    engine: `ggml ${model.backend.engine.version}`,
    device: model.backend.device.name,
    precision: model.precision,
    model: model.path,
    family: model.architecture.family,
  }
}

/** Tells a checkpoint from another without reading it: paths, sizes and times of its files. */
export function fingerprint(checkpoint: Pick<Checkpoint, 'files'>): unknown {
  return checkpoint.files.map((file) => {
    const { size, mtimeMs } = statSync(file)
    return [file, size, mtimeMs]
  })
}
