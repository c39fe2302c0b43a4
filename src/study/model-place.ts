/** Where arms are run: a model at a site, with the progress of what is done there under a name. */

import type { StudyModel } from './models.ts'

/** What steps of a study are told beside their inputs. */
export interface StepOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined
}

/**
 * A model at a site.
 *
 * @example scoreArms(run, { ...modelPlace(model, site, `cut: ${model.role}`, options), positions: 'all' }, arms)
 */
export function modelPlace({ key, open }: StudyModel, site: string, what: string, options: StepOptions) {
  return {
    key,
    site,
    open,
    signal: options.signal,
    onProgress: (done: number, total: number): void => options.onProgress?.(what, done, total),
  }
}
