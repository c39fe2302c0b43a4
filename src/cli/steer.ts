/**
 * `--steer SPEC`: interventions as one types them. Comma-separated keys whose values may hold colons and other
 * signs of paths: `op=add,site=blocks.12.hook_resid_post,vector=directions.safetensors#d,dose=0.3x`.
 */

import { nearest } from '../core/errors.ts'
import type { Positions } from '../model/interventions.ts'
import { usage } from './usage.ts'

const OPS = ['add', 'ablate', 'clamp', 'replace'] as const
const POSITIONS = ['all', 'prompt', 'generated', 'last'] as const
/** Keys of each operation; every one of them is needed. */
const KEYS = {
  add: ['vector', 'dose'],
  ablate: ['vector'],
  clamp: ['dict', 'feature', 'value'],
  replace: ['from'],
} as const

/** A dose: a fraction of the mean residual norm (`0.3x`), a KL on neutral text (`0.5nats`), or absolute. */
export interface SteerDose {
  readonly amount: number
  readonly unit: 'x' | 'nats' | 'absolute'
}

export type SteerSpec = {
  /** As typed. */
  readonly text: string
  readonly site: string
  readonly positions: Positions
} & (
  | { readonly op: 'add'; readonly vector: VectorRef; readonly dose: SteerDose }
  | { readonly op: 'ablate'; readonly vector: VectorRef }
  | { readonly op: 'clamp'; readonly dict: string; readonly feature: number; readonly value: number }
  | { readonly op: 'replace'; readonly from: string }
)

/** `FILE#NAME`; without a name the file must hold one tensor only. */
export interface VectorRef {
  readonly file: string
  readonly name: string | undefined
}

/**
 * Parses a SPEC.
 *
 * @throws PalimpsestError `steer-spec` with the key, what is known, and the nearest of it
 * @example parseSteer('op=ablate,site=blocks.*.hook_resid_post,vector=C:\\d.safetensors#x')
 */
export function parseSteer(text: string): SteerSpec {
  const wrong = (summary: string, parts: { expected: string; found: string; fix?: string }): Error =>
    usage('steer-spec', summary, {
      where: `--steer ${text}`,
      fix: '`palimpsest generate --help` shows how an intervention is written.',
      ...parts,
    })
  const fields = new Map<string, string>()
  for (const part of text.split(/,(?=[a-z_]+=)/)) {
    const at = part.indexOf('=')
    const key = at < 0 ? part : part.slice(0, at)
    if (at < 0 || fields.has(key))
      throw wrong(at < 0 ? 'A part of the intervention is not key=value.' : 'A key stands twice.', {
        expected: 'key=value, each key once',
        found: part,
      })
    fields.set(key, part.slice(at + 1))
  }
  const choose = <T extends string>(key: string, known: readonly T[], fallback?: T): T => {
    const value = fields.get(key) ?? fallback
    if (known.includes(value as T)) return value as T
    const near = nearest(value ?? '', known)
    throw wrong(`The intervention has no usable ${key}.`, {
      expected: known.map((k) => `${key}=${k}`).join(', '),
      found: value ?? 'nothing',
      ...(near.length > 0 ? { fix: `Did you mean ${key}=${near[0]}?` } : {}),
    })
  }
  const need = (key: string): string => {
    const value = fields.get(key)
    if (value !== undefined && value !== '') return value
    throw wrong(`The intervention lacks ${key}=...`, {
      expected: `${key}=...`,
      found: [...fields.keys()].join(', '),
    })
  }
  const op = choose('op', OPS)
  const known = ['op', 'site', 'positions', ...KEYS[op]]
  for (const key of fields.keys())
    if (!known.includes(key)) {
      const near = nearest(key, known)
      throw wrong(`op=${op} knows no such key.`, {
        found: key,
        expected: known.join(', '),
        ...(near.length > 0 ? { fix: `Did you mean ${near[0]}?` } : {}),
      })
    }
  const common = { text, site: need('site'), positions: choose('positions', POSITIONS, 'all') }
  if (op === 'replace') {
    if (common.positions === 'generated')
      throw wrong('Only positions of the prompt can be replaced from another model.', {
        expected: 'positions=all, prompt or last',
        found: 'positions=generated',
      })
    return { ...common, op, from: need('from') }
  }
  if (op === 'clamp') {
    const number = (key: string, what: string, fits: (n: number) => boolean): number => {
      const value = Number(need(key))
      if (fits(value)) return value
      throw wrong(`The ${key} cannot be read.`, { expected: what, found: need(key) })
    }
    const feature = number(
      'feature',
      'the index of a latent, from 0',
      (n) => Number.isSafeInteger(n) && n >= 0,
    )
    return { ...common, op, dict: need('dict'), feature, value: number('value', 'a number', Number.isFinite) }
  }
  const vector = parseVector(need('vector'))
  if (op === 'ablate') return { ...common, op, vector }
  const dose = parseDose(need('dose'))
  if (dose === undefined)
    throw wrong('The dose cannot be read.', {
      expected: '0.3x (of the mean residual norm), 0.5nats (KL on neutral text) or a bare number',
      found: need('dose'),
    })
  return { ...common, op, vector, dose }
}

/** `0.3x`, `-0.5nats` or `12`; undefined for anything else. */
export function parseDose(text: string): SteerDose | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(x|nats)?$/i.exec(text.trim())
  if (match === null || !Number.isFinite(Number(match[1]))) return undefined
  return { amount: Number(match[1]), unit: (match[2]?.toLowerCase() as 'x' | 'nats') ?? 'absolute' }
}

function parseVector(text: string): VectorRef {
  const at = text.lastIndexOf('#')
  return at < 0 ? { file: text, name: undefined } : { file: text.slice(0, at), name: text.slice(at + 1) }
}
