/**
 * The block at which the causal claims steer. The block that reads a value best may lie behind where it is used, and
 * nothing steers there. So a study may name several (`steering.layers`): base chooses, on issues that are then left out
 * of everything that is measured.
 */

import type { Positions } from '../model/interventions.ts'
import type { Model } from '../model/model.ts'
import { issueDraws, overIssues } from '../stats/contrast.ts'
import type { Estimate } from '../stats/estimate.ts'
import { type ArmDirection, type ArmPlace, calibrateArms, middleDose, scoreArms } from './arms.ts'
import { conceptDirections } from './concept-directions.ts'
import { directionAt } from './directions.ts'
import { type Harvest, siteOf } from './harvest.ts'
import { modelPlace, type StepOptions } from './model-place.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { type StanceItem, type StanceItems, stanceItems } from './stance-items.ts'
import { type BlockGain, chooseBlock, dividedItems, type LayerChoice } from './steering-choice.ts'

/**
 * Slopes of the stance on the dose, by item: directions at one site, both ways.
 *
 * @param nats KL on neutral text, each way
 * @param texts neutral texts, on which doses are calibrated
 * @param arms directions, each with the items that it is scored on
 * @returns for each arm, undefined where its dose is out of reach
 */
export async function slopesAt(
  run: RunFolder,
  place: ArmPlace & { open(): Promise<Model>; positions: Positions },
  nats: number,
  texts: StanceItems['texts'],
  arms: readonly { readonly direction: ArmDirection; readonly items: readonly StanceItem[] }[],
): Promise<(number[] | undefined)[]> {
  const op = 'add' as const
  const asks = arms.flatMap(({ direction }) => [-nats, nats].map((n) => ({ direction, op, nats: n })))
  const { doses } = await calibrateArms(run, place, texts, asks)
  const found = arms.map((_, i) => [doses[2 * i]!.found, doses[2 * i + 1]!.found] as const)
  const reached = [...arms.keys()].filter((i) => found[i]!.every((f) => f !== undefined))
  const { scores } = await scoreArms(run, place, [
    ...reached.map((i) => ({ id: `plain ${i}`, arm: undefined, items: arms[i]!.items })),
    ...reached.flatMap((i) =>
      found[i]!.map((f, way) => ({
        id: `${i} ${way}`,
        arm: { ...arms[i]!.direction, op, size: f!.alpha },
        items: arms[i]!.items,
      })),
    ),
  ])
  const stance = new Map(scores.map((s) => [s.id, s.stance]))
  return arms.map((_, i) => {
    const [minus, plus] = found[i]!
    const [low, high] = [stance.get(`${i} 0`), stance.get(`${i} 1`)]
    return low?.map((v, k) => (high![k]! - v) / (plus!.dose - minus!.dose))
  })
}

/**
 * The block that is steered, and the items that are measured there: base chooses among those that the study names.
 *
 * @param primary where the direction is read best
 * @param texts base's harvest of the labelled texts
 * @throws PalimpsestError as the model, `interrupted`
 */
export async function steeringPlace(
  run: RunFolder,
  p: Prepared,
  primary: number,
  texts: Harvest,
  options: StepOptions,
): Promise<LayerChoice & { items: StanceItems }> {
  const { choosing, measured } = dividedItems(stanceItems(p), p.steeringLayers)
  if (choosing === undefined)
    return { layer: p.steeringLayers[0] ?? primary, issues: 0, prompts: 0, blocks: [], items: measured }
  const base = p.models.all[0]!
  const { positions, nats: levels } = p.study.steering
  const nats = middleDose(levels)
  const unrelated = await conceptDirections(run, p, base, p.steeringLayers, options)
  const draws = { seed: p.study.seed, draws: p.study.draws.bootstrap, signal: options.signal }
  const blocks: BlockGain[] = []
  for (const [i, layer] of p.steeringLayers.entries()) {
    const what = `steering of ${base.role}: choice, block ${layer}`
    const place = { ...modelPlace(base, siteOf(layer), what, options), positions }
    const arm = (id: string, v: Float64Array, items: readonly StanceItem[]) => ({
      direction: { id, vector: Float32Array.from(v) },
      items,
    })
    const [gain, control] = await slopesAt(run, place, nats, choosing.texts, [
      arm('own', await directionAt(p, texts, layer), choosing.neutral),
      arm('unrelated', unrelated[i]!, choosing.concept),
    ])
    const mean = async (slopes: number[] | undefined, stage: string): Promise<Estimate | null> =>
      slopes === undefined
        ? null
        : overIssues(
            Float64Array.from(slopes),
            await issueDraws(slopes.length, { ...draws, stage }),
            draws.seed,
          )
    blocks.push({ layer, gain: await mean(gain, 'issues'), control: await mean(control, 'concept') })
  }
  const layer = chooseBlock(blocks) ?? primary
  return { layer, issues: choosing.neutral.length, prompts: choosing.concept.length, blocks, items: measured }
}
