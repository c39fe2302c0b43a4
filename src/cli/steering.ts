/** Parsed `--steer` specs as interventions on a loaded model: vectors read, doses calibrated, patches computed. */

import { nearest, refuse } from '../core/errors.ts'
import { neutralTexts } from '../domain/packs/common/neutral.ts'
import { openGguf } from '../formats/gguf.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { type CalibratedDose, calibrateDose } from '../model/calibrate.ts'
import { matchHooks } from '../model/hooks.ts'
import { type Dose, type Intervention, rel } from '../model/interventions.ts'
import type { Item, Model } from '../model/model.ts'
import { clamp } from '../sae/interventions.ts'
import { PlacedDictionary } from '../sae/placed.ts'
import type { SteerSpec, VectorRef } from './steer.ts'

/** Dispose it after the last use: clamps hold dictionaries open. */
export interface Steering extends Disposable {
  readonly interventions: readonly Intervention[]
  /** Which spec each intervention comes from. */
  readonly specOf: readonly number[]
  /** Doses that were calibrated, by spec. */
  readonly calibrated: ReadonlyMap<number, CalibratedDose>
}

/**
 * Makes interventions of specs.
 *
 * @param items the prompts, in order
 * @param open opens the model that activations are taken from, and finds what a dictionary's reference means
 * @throws PalimpsestError `vector-missing`, `vector-shape`, `tokenizers-differ`; as `calibrateDose`,
 *   `openDictionary`, `clamp`
 */
export async function buildSteering(
  model: Model,
  specs: readonly SteerSpec[],
  items: readonly Item[],
  open: { model(ref: string): Promise<Model>; path(ref: string): Promise<string> },
  signal: AbortSignal,
): Promise<Steering> {
  const dictionaries = new Map<string, PlacedDictionary>()
  const close = (): void => {
    for (const placed of dictionaries.values()) placed[Symbol.dispose]()
  }
  const place = async (ref: string): Promise<PlacedDictionary> => {
    const placed =
      dictionaries.get(ref) ?? (await PlacedDictionary.open(await open.path(ref), model.backend, { signal }))
    dictionaries.set(ref, placed)
    return placed
  }
  try {
    const made = await makeAll(model, specs, items, open.model, place, signal)
    return { ...made, [Symbol.dispose]: close }
  } catch (error) {
    close()
    throw error
  }
}

async function makeAll(
  model: Model,
  specs: readonly SteerSpec[],
  items: readonly Item[],
  openFrom: (ref: string) => Promise<Model>,
  place: (ref: string) => Promise<PlacedDictionary>,
  signal: AbortSignal,
): Promise<Omit<Steering, typeof Symbol.dispose>> {
  const interventions: Intervention[] = []
  const specOf: number[] = []
  const calibrated = new Map<number, CalibratedDose>()
  for (const [index, spec] of specs.entries()) {
    const { site, positions } = spec
    const made: Intervention[] = []
    if (spec.op === 'replace') made.push(...(await replacements(model, spec, items, openFrom, signal)))
    else if (spec.op === 'clamp') {
      const { feature, value } = spec
      made.push(clamp({ placed: await place(spec.dict), site, positions, feature, value }))
    } else {
      const vector = readVector(spec.vector)
      if (spec.op === 'ablate') made.push({ op: 'ablate', site, positions, direction: vector })
      else {
        let dose: Dose = spec.dose.unit === 'x' ? rel(spec.dose.amount) : spec.dose.amount
        if (spec.dose.unit === 'nats') {
          const texts = neutralTexts.map(({ id, text }) => ({ id, tokens: model.tokenizer.encode(text) }))
          const found = await calibrateDose(model, texts, { site, vector, nats: spec.dose.amount }, signal)
          calibrated.set(index, found)
          dose = found.alpha
        }
        made.push({ op: 'add', site, positions, vector, dose })
      }
    }
    interventions.push(...made)
    specOf.push(...made.map(() => index))
  }
  return { interventions, specOf, calibrated }
}

/** Reads a direction: a tensor of one dimension (or of one row) in a safetensors or GGUF file. */
export function readVector({ file, name }: VectorRef): Float32Array {
  using opened = file.endsWith('.gguf') ? openGguf(file) : openSafetensors(file)
  const names = [...opened.tensors.keys()]
  const chosen = name ?? (names.length === 1 ? names[0]! : undefined)
  const tensor = chosen === undefined ? undefined : opened.tensors.get(chosen)
  if (tensor === undefined)
    throw refuse('vector-missing', 'The file holds no such vector.', {
      where: file,
      expected: 'FILE#NAME, with the name of one of its tensors',
      found: name ?? `no name, and ${names.length} tensors`,
      fix: `It holds ${(nearest(name ?? '', names).length > 0 ? nearest(name ?? '', names) : names.slice(0, 10)).join(', ')}${names.length > 10 ? ', ...' : ''}.`,
    })
  if (tensor.shape.length > 2 || (tensor.shape.length === 2 && tensor.shape[0] !== 1))
    throw refuse('vector-shape', 'This tensor is no vector.', {
      where: `${file}, tensor ${tensor.name}`,
      expected: '[d] or [1, d]',
      found: `[${tensor.shape.join(', ')}]`,
      fix: 'Write the direction as a tensor of its own.',
    })
  return readF32(tensor)
}

/** Each prompt's activations in another model, to be put in place of this one's. */
async function replacements(
  model: Model,
  spec: SteerSpec & { op: 'replace' },
  items: readonly Item[],
  openFrom: (ref: string) => Promise<Model>,
  signal: AbortSignal,
): Promise<Intervention[]> {
  await using from = await openFrom(spec.from)
  if (from.tokenizer.hash !== model.tokenizer.hash)
    throw refuse('tokenizers-differ', 'The other model reads texts as other tokens.', {
      where: spec.from,
      expected: `the tokenizer of ${model.path}`,
      found: from.tokenizer.kind,
      fix: 'Replace activations between models of one family and tokenizer.',
    })
  const sites = matchHooks([spec.site], model.architecture)
  const out = await from.run(items, { hooks: sites, signal })
  return sites.flatMap((site) =>
    items.map(
      (_, i): Intervention => ({
        op: 'replace',
        site,
        positions: spec.positions,
        rows: [i],
        values: out.get(site, i),
      }),
    ),
  )
}
