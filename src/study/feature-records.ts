/** From what fires where to the records of the features that are followed: counts, labels, cards. */

import type { Tokenizer } from '../formats/tokenizer.ts'
import { SortedScores } from '../stats/auc.ts'
import { clusterEstimates } from '../stats/bootstrap.ts'
import { type Labels, number } from '../stats/groups.ts'
import { type FeatureLabel, type FiringCounts, labelFeatures, type Silence } from '../stats/silence.ts'
import type { StudyDictionary } from './dictionaries.ts'
import type { FeatureDetails } from './feature-details.ts'
import type { Halves, Selection } from './feature-selection.ts'
import type { FeatureCard, FeatureRecord } from './features-record.ts'
import { activationsOf, type Firing } from './firing.ts'
import type { TokenizedText } from './inputs.ts'
import type { Study } from './schema.ts'
import { tokenPiece, tokensInText } from './token-texts.ts'

/** Contexts of a card, and tokens shown on each side of the strongest one. */
const CONTEXTS = 5
const AROUND = 20
const BINS = 16

/** What fires in a model; `restored`: in the prompts, with the mean and mean norm of the other model. */
export interface ModelFiring {
  readonly prompts: Firing
  readonly controls: Firing
  readonly texts: Firing
  readonly restored: Firing
}

/** Where cards look: texts by their row among prompts, controls and labelled texts, and those of each card. */
export interface Contexts {
  readonly texts: readonly number[]
  /** For each card places in `texts`. */
  readonly of: readonly (readonly number[])[]
}

export interface FollowedInput {
  readonly study: Study
  readonly name: string
  readonly dictionary: StudyDictionary
  readonly selection: Selection
  /** Of base and of aligned; the same for details, which follow the selection: policy, then controls. */
  readonly firing: readonly [ModelFiring, ModelFiring]
  readonly details: readonly [readonly FeatureDetails[], readonly FeatureDetails[]]
  readonly promptHalves: Halves
  readonly textHalves: Halves
  readonly issues: readonly string[]
  readonly labels: Labels
  /** The model that the dictionary was trained on: 0 is base. */
  readonly own: 0 | 1
  readonly contexts: Contexts
  /** Tokens of `contexts.texts`. */
  readonly shown: readonly TokenizedText[]
  readonly tokenizer: Tokenizer
  readonly signal?: AbortSignal | undefined
}

/** Which labels tell most: the order of the cards. */
const TELLING: readonly FeatureLabel[] = [
  'dormant',
  'new',
  'shifted',
  'attenuated',
  'amplified',
  'active',
  'undecided',
  'underpowered',
]

/** A selection whose policy features are in the order of what became of them, then of their selectivity. */
export function mostTellingFirst(
  selection: Selection,
  fired: Pick<FollowedInput, 'firing' | 'promptHalves' | 'study'>,
): Selection {
  const labels = labelled(fired, [...selection.policy, ...selection.controls])
  const policy = selection.policy
    .map((s, i) => ({ s, rank: TELLING.indexOf(labels[i]!.label) }))
    .sort((a, b) => a.rank - b.rank) // stable
    .map(({ s }) => s)
  return { ...selection, policy }
}

/** Labels of features that are one family: policy features and controls of a dictionary, over held-out prompts. */
export function labelled(
  input: Pick<FollowedInput, 'firing' | 'promptHalves' | 'study'>,
  all: readonly { readonly feature: number }[],
): (Silence & { counts: FiringCounts })[] {
  const counts = all.map((s) => countsOf(input, s.feature))
  const t = input.study.thresholds
  return labelFeatures(counts, { q: t.feature_q, share: t.feature_silent, factor: t.feature_active }).map(
    (l, i) => ({ ...l, counts: counts[i]! }),
  )
}

/** The texts in which some features are strongest. */
export function topContexts(everywhere: Firing, features: readonly number[]): Contexts {
  const top = features.map((feature) => {
    const a = activationsOf(everywhere, feature)
    return [...a.keys()]
      .filter((i) => a[i]! > 0)
      .sort((x, y) => a[y]! - a[x]! || x - y)
      .slice(0, CONTEXTS)
  })
  const texts = [...new Set(top.flat())].sort((a, b) => a - b)
  return { texts, of: top.map((list) => list.map((i) => texts.indexOf(i))) }
}

/**
 * Records of the features of one dictionary, which are one family of tests.
 *
 * @throws PalimpsestError `interrupted`
 */
export async function followed(input: FollowedInput): Promise<FeatureRecord[]> {
  const { selection, details, dictionary } = input
  const { heldOut } = input.promptHalves
  const all = [...selection.policy, ...selection.controls]
  const labels = labelled(input, all)
  const issues = new Set(heldOut.map((i) => input.issues[i]!)).size
  const aucs = await heldOutAucs(
    input,
    selection.policy.map((s) => s.feature),
  )
  return all.map((s, i): FeatureRecord => {
    const l = labels[i]!
    const c = l.counts
    const controls = activationsOf(input.firing[input.own].controls, s.feature)
    return {
      dictionary: input.name,
      site: dictionary.site,
      feature: s.feature,
      set: i < selection.policy.length ? 'policy' : 'control',
      ...('matches' in s ? { matches: s.matches as number } : {}),
      label: l.label,
      n: c.n,
      issues,
      base: { fired: c.both + c.baseOnly, value: l.base, ci: [...l.baseCi] },
      aligned: { fired: c.both + c.alignedOnly, value: l.aligned, ci: [...l.alignedCi] },
      base_restored: c.baseRestored,
      aligned_restored: c.alignedRestored,
      ratio: Number.isFinite(l.ratio.value) ? l.ratio.value : null,
      p: l.p,
      q: l.q,
      control_rate: heldOut.filter((r) => controls[r]! > 0).length / c.n,
      content_q: s.q,
      auc: aucs[i]?.value ?? null,
      auc_ci: aucs[i]?.ci ?? null,
      cosine: details[0][i]!.cosine,
      margin_base: median(details[0][i]!.margins),
      margin_aligned: median(details[1][i]!.margins),
      ...(i < input.contexts.of.length ? { card: cardOf(input, s.feature, i) } : {}),
    }
  })
}

/** In how many held-out prompts a feature fires: in both models, in one, and restored. */
function countsOf(
  { firing, promptHalves }: Pick<FollowedInput, 'firing' | 'promptHalves'>,
  feature: number,
): FiringCounts {
  const fires = (of: Firing): Uint8Array =>
    Uint8Array.from(activationsOf(of, feature), (v) => (v > 0 ? 1 : 0))
  const [base, aligned] = [fires(firing[0].prompts), fires(firing[1].prompts)]
  const [baseRestored, alignedRestored] = [fires(firing[0].restored), fires(firing[1].restored)]
  const count = (yes: (r: number) => boolean): number => promptHalves.heldOut.filter(yes).length
  return {
    n: promptHalves.heldOut.length,
    both: count((r) => base[r] === 1 && aligned[r] === 1),
    baseOnly: count((r) => base[r] === 1 && aligned[r] === 0),
    alignedOnly: count((r) => base[r] === 0 && aligned[r] === 1),
    baseRestored: count((r) => baseRestored[r] === 1),
    alignedRestored: count((r) => alignedRestored[r] === 1),
  }
}

/** AUC between the poles of the held-out texts, by bootstrap over groups; empty where a pole is missing. */
async function heldOutAucs(
  { study, firing, own, labels, textHalves, signal }: FollowedInput,
  features: readonly number[],
): Promise<{ value: number; ci: [number, number] }[]> {
  const rows = textHalves.heldOut
  const poles = Int8Array.from(rows, (r) => labels.poles[r]!)
  if (features.length === 0 || new Set(poles).size < 2) return []
  const groups = number(rows.map((r) => String(labels.groups.of[r])))
  const held: Labels = { poles, groups: { kind: labels.groups.kind, ...groups } }
  const sorted = features.map((f) => {
    const a = activationsOf(firing[own].texts, f)
    return new SortedScores(
      rows.map((r) => a[r]!),
      poles,
      groups.of,
    )
  })
  const found = await clusterEstimates(
    held,
    { seed: study.seed, draws: study.draws.bootstrap, signal },
    (times) => sorted.map((s) => s.auc(times)),
  )
  return found.map((e) => ({ value: e.value, ci: [e.ci![0], e.ci![1]] }))
}

function cardOf(input: FollowedInput, feature: number, i: number): FeatureCard {
  const { details, contexts, shown, tokenizer, own, dictionary } = input
  const { promoted, suppressed } = details[own][i]!
  const weights = (list: typeof promoted): FeatureCard['promoted'] =>
    list.map(([id, weight]) => ({ token: tokenPiece(tokenizer, id), weight }))
  const { dashboard } = dictionary
  return {
    promoted: weights(promoted),
    suppressed: weights(suppressed),
    contexts: contexts.of[i]!.map((k) => {
      const { id, tokens } = shown[k]!
      const strength = details[own][i]!.contexts[k]!
      const peak = strength.indexOf(Math.max(...strength))
      const [from, to] = [Math.max(0, peak - AROUND), Math.min(tokens.length, peak + AROUND + 1)]
      return {
        id,
        tokens: tokensInText(tokenizer, tokens.slice(from, to)),
        base: details[0][i]!.contexts[k]!.slice(from, to),
        aligned: details[1][i]!.contexts[k]!.slice(from, to),
      }
    }),
    histogram: histogram(input, feature),
    ...(dashboard === undefined ? {} : { dashboard: `https://www.neuronpedia.org/${dashboard}/${feature}` }),
  }
}

/** Largest activations of the texts in which a feature fires, in bins that both models share. */
function histogram({ firing }: FollowedInput, feature: number): FeatureCard['histogram'] {
  const values = firing.map((f) =>
    [f.prompts, f.controls, f.texts].flatMap((of) => [...activationsOf(of, feature)].filter((v) => v > 0)),
  )
  const most = values.flat().reduce((a, b) => Math.max(a, b), 0)
  const bins = (list: readonly number[]): number[] => {
    const out = new Array<number>(BINS).fill(0)
    for (const v of list) out[Math.min(BINS - 1, Math.floor((v / most) * BINS))]!++
    return out
  }
  return {
    edges: Array.from({ length: BINS + 1 }, (_, k) => (k * most) / BINS),
    base: bins(values[0]!),
    aligned: bins(values[1]!),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return 0
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
