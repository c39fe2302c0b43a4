/** The families of models that are supported, found by `model_type`. */
import { nearest, refuse } from '../../core/errors.ts'
import type { Architecture } from '../architecture.ts'
import { Config } from '../config.ts'
import { gemma } from './gemma.ts'
import { gemma2 } from './gemma2.ts'
import { gemma3 } from './gemma3.ts'
import { llama } from './llama.ts'
import { mistral } from './mistral.ts'
import { olmo2 } from './olmo2.ts'
import { qwen2 } from './qwen2.ts'
import { qwen3 } from './qwen3.ts'
import { smollm3 } from './smollm3.ts'

export interface Family {
  /** Values of `model_type` in config.json. */
  readonly types: readonly string[]
  /** @param weightType element type of the embedding: some families round constants to it */
  read(config: Config, weightType: string): Architecture
}

const FAMILIES: readonly Family[] = [llama, mistral, qwen2, qwen3, olmo2, smollm3, gemma, gemma2, gemma3]

/** Every `model_type` that is read. */
export const MODEL_TYPES: readonly string[] = FAMILIES.flatMap((f) => f.types)

/**
 * The architecture that a config.json describes. Multimodal wrappers are read through `text_config`.
 *
 * @param config parsed config.json
 * @param where its path, for messages
 * @throws PalimpsestError `model-family` for a family that is not supported; `config-field`,
 *   `config-unsupported`, `config-malformed`
 */
export function readArchitecture(config: unknown, weightType: string, where: string): Architecture {
  const outer = new Config(config, where)
  const type = outer.string('model_type')
  const text = outer.section('text_config')
  const family = FAMILIES.find((f) => type !== undefined && f.types.includes(type))
  if (family === undefined || type === undefined)
    throw refuse('model-family', 'This family of models is not supported.', {
      where: `${where}, model_type`,
      found: type ?? 'no model_type',
      expected: MODEL_TYPES.join(', '),
      fix:
        nearest(type ?? '', MODEL_TYPES).length > 0
          ? `Did you mean ${nearest(type ?? '', MODEL_TYPES)[0]}?`
          : 'Choose a model of one of these families.',
    })
  return family.read(text ?? outer, weightType)
}
