/** Opening the model of a command line. */

import { PalimpsestError } from '../core/errors.ts'
import { loadModel } from '../model/load.ts'
import type { Model } from '../model/model.ts'
import type { Context } from './command.ts'
import { modelResolver } from './model-ref.ts'
import type { ModelOptions } from './options.ts'

/** Opens a model by its reference, with the options that were given. */
export async function openModel(context: Context, ref: string, options: ModelOptions): Promise<Model> {
  return loadModel(await modelResolver(context)(ref), {
    device: options.device,
    precision: options.precision,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  })
}

/** The chat template of a model, where a command needs one. @throws PalimpsestError `template-missing` */
export function requireTemplate(model: Model): NonNullable<Model['template']> {
  if (model.template !== undefined) return model.template
  throw new PalimpsestError('input', 'template-missing', 'The model has no chat template.', {
    where: model.path,
    expected: 'a chat template: --chat was given',
    found: 'none in its files',
    fix: 'Leave --chat away, or use the chat model of this family.',
  })
}
