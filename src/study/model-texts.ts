/** Has a model write under the doses of its direction, and under other arms, and reads what comes of it. */

import type { Arm, ArmDose } from './arms.ts'
import { coherenceOf, type DosedTexts } from './coherence-step.ts'
import { modelPlace, type StepOptions } from './model-place.ts'
import type { StudyModel } from './models.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { evenly, type StanceItem, type StanceItems } from './stance-items.ts'
import { type ArmTexts, classifierOf, type ReadText, readTexts, type TextTable } from './steered-answers.ts'
import { parts, steeredTexts, type TextArm, type Written } from './steered-texts.ts'
import type { Coherence } from './steering-table.ts'

/** An arm at a dose that was found. */
export type ReachedArm = Pick<ArmDose, 'id' | 'asked' | 'found'> & { readonly arm: Arm }

/**
 * Writes and reads.
 *
 * @param own the model's direction at every dose
 * @param others arms whose texts are read beside it; without any there is no outcome `text`
 * @param cross the same along the other model's direction: a step of its own
 */
export async function modelTexts(
  run: RunFolder,
  p: Prepared,
  model: StudyModel,
  {
    site,
    own,
    others,
    cross,
    items,
    options,
  }: {
    readonly site: string
    readonly own: readonly ReachedArm[]
    readonly others: readonly ReachedArm[]
    readonly cross: readonly ReachedArm[]
    readonly items: StanceItems
    readonly options: StepOptions
  },
): Promise<{ coherence: Coherence[]; texts: TextTable | undefined }> {
  const { steering, seed } = p.study
  const plain = evenly(items.neutral, steering.texts)
  const units = new Set(plain.map((q) => q.unit))
  const under = (pole: 'A' | 'B'): StanceItem[] => items.personas[pole].filter((q) => units.has(q.unit))
  const personas = others.length === 0 ? [] : [...under('A'), ...under('B')]
  const all = new Map([...plain, ...personas].map((q) => [q.id, q]))
  const prompts = (list: readonly StanceItem[]): TextArm['prompts'] =>
    list.map((q) => ({ id: q.id, tokens: q.prompt }))
  const doses = [...own].sort((a, b) => a.asked - b.asked)
  const underArms = (list: readonly ReachedArm[]): TextArm[] =>
    list.map((x) => ({ id: `${x.id} ${x.asked}`, arm: x.arm, prompts: prompts(plain) }))
  const place = {
    ...modelPlace(model, site, `steering of ${model.role}: texts`, options),
    architecture: model.description.architecture,
    positions: steering.positions,
  }
  const write = (arms: readonly TextArm[]) =>
    steeredTexts(run, place, arms, { maxTokens: steering.max_tokens, seed })
  const { hash, texts } = await write([
    { id: 'plain', arm: undefined, prompts: prompts(plain) },
    ...underArms([...doses, ...others]),
    ...(personas.length === 0 ? [] : [{ id: 'personas', arm: undefined, prompts: prompts(personas) }]),
  ])
  const dosed = <T extends Written>(lists: readonly (readonly T[])[]) =>
    [undefined, ...doses].map((x, i) => ({
      id: 'own',
      asked: x?.asked ?? 0,
      dose: x?.found?.dose ?? 0,
      texts: lists[i]!,
    }))
  const coherence = await coherenceOf(
    run,
    p,
    dosed(texts) satisfies DosedTexts[],
    hash,
    new Map(plain.map((q) => [q.id, q.prompt])),
    options,
  )
  if (others.length === 0) return { coherence, texts: undefined }
  const read = async (written: string, lists: readonly (readonly Written[])[]): Promise<ReadText[][]> =>
    parts(
      await readTexts(run, p, written, lists.flat(), (id) => all.get(id)!.unit, options.signal),
      lists.map((list) => list.length),
    )
  const arms = (list: readonly ReachedArm[], lists: readonly (readonly ReadText[])[]): ArmTexts[] =>
    list.map((x, i) => ({ id: x.id, asked: x.asked, dose: x.found!.dose, texts: lists[i]! }))
  const byArm = await read(hash, texts)
  const crossed = cross.length === 0 ? undefined : await write(underArms(cross))
  const said = byArm.at(-1)!
  const half = under('A').length
  const by = { A: said.slice(0, half), B: said.slice(half) }
  return {
    coherence,
    texts: {
      classifier: classifierOf(by),
      own: dosed(byArm),
      others: [
        ...arms(others, byArm.slice(1 + doses.length)),
        ...(crossed === undefined ? [] : arms(cross, await read(crossed.hash, crossed.texts))),
      ],
      personas: by,
    },
  }
}
