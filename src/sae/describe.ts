/** What a dictionary is and how it is read, in words and numbers: for `inspect` and for reports. */

import type { Activation, Dictionary, WeightMatrix } from './dictionary.ts'

/** Facts about a dictionary that can be told without computing with it. */
export interface DictionaryFacts {
  readonly kind: 'dictionary'
  readonly path: string
  readonly format: string
  /** `sae`, or `transcoder`, which reads one place and writes another. */
  readonly type: Dictionary['kind']
  readonly width: number
  readonly outWidth: number
  readonly latents: number
  readonly site: string | undefined
  readonly outSite: string | undefined
  readonly model: string | undefined
  readonly activation: string
  readonly normalisation: Dictionary['inputNorm']
  readonly subtractsBias: boolean
  readonly nominalL0: number | undefined
  readonly weights: { readonly bytes: number; readonly types: readonly string[]; readonly mapped: boolean }
  /** Which rule was applied and why. */
  readonly rules: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * Describes an opened dictionary.
 *
 * @example describeDictionary(dictionary).rules // ['The 32 largest pre-activations are kept where positive.', ...]
 */
export function describeDictionary(d: Dictionary): DictionaryFacts {
  const matrices = [d.encoder, d.decoder, d.skip].filter((m): m is WeightMatrix => m !== undefined)
  return {
    kind: 'dictionary',
    path: d.path,
    format: d.format,
    type: d.kind,
    width: d.width,
    outWidth: d.outWidth,
    latents: d.latents,
    site: d.site,
    outSite: d.outSite,
    model: d.model,
    activation: describeActivation(d.activation),
    normalisation: d.inputNorm,
    subtractsBias: d.subtract !== undefined,
    nominalL0: d.nominalL0,
    weights: {
      bytes: matrices.reduce((n, m) => n + m.tensor.byteLength, 0),
      types: [...new Set(matrices.map((m) => m.tensor.type))],
      mapped: matrices.every((m) => m.tensor.file.mapped),
    },
    rules: d.rules,
    warnings: d.warnings,
  }
}

function describeActivation(a: Activation): string {
  switch (a.kind) {
    case 'topk':
      return `top ${a.k}${a.signed ? ', negative ones included' : ''}`
    case 'threshold': {
      let least = Number.POSITIVE_INFINITY
      let most = Number.NEGATIVE_INFINITY
      for (const t of a.threshold) {
        least = Math.min(least, t)
        most = Math.max(most, t)
      }
      const range =
        least === most
          ? `${Number(least.toPrecision(6))}`
          : `${least.toPrecision(3)} to ${most.toPrecision(3)}`
      return `relu above a threshold (${range})`
    }
    case 'gated':
      return 'gated relu'
    default:
      return a.kind
  }
}
