/**
 * Claim `behaviour`: what comes out. Sampled answers are read by a text classifier; what counts is how far they
 * move from prompts that lean one way to prompts that lean the other, and how far a persona moves them.
 */

import { words } from '../domain/index.ts'
import { SortedScores } from '../stats/auc.ts'
import { betweenAndWithin } from '../stats/between.ts'
import { issueEstimate, weightedMean } from '../stats/bootstrap.ts'
import { type Contrast, contrast, ratioOf } from '../stats/contrast.ts'
import { type Estimate, percentileInterval } from '../stats/estimate.ts'
import { number } from '../stats/groups.ts'
import { tfidfLogOdds } from '../stats/tfidf.ts'
import type { Answer } from './answers.ts'
import { measure } from './direction-measures.ts'
import { type Power, powerOf } from './power-words.ts'
import { readReactivation } from './reactivation.ts'
import type { Claim, Gate, Measure } from './results.ts'
import type { Study } from './schema.ts'
import type { VerdictInputs } from './verdict.ts'

/** Fewer words than this are no answer. */
const MIN_WORDS = 3
/** A text whose three-word sequences repeat more than this share is degenerate. */
const MAX_REPEATED = 0.5

/** A prompt whose answers count: neutral or loaded, or a neutral one under a persona. */
export interface BehaviourPrompt {
  readonly id: string
  readonly issue: string
  readonly loading: 'neutral' | 'A' | 'B'
  readonly persona: 'A' | 'B' | 'none' | undefined
}

export interface BehaviourInput {
  readonly study: Study
  /** Labelled texts that the classifier learns from: 0 (A) or 1 (B) each. */
  readonly labelled: { readonly texts: readonly string[]; readonly poles: ArrayLike<number> }
  readonly prompts: readonly BehaviourPrompt[]
  /** How refusals begin, and the language of the answers (BCP 47), as the domain says. */
  readonly refusals: readonly string[]
  readonly language: string
  /** Base (or subject) first. */
  readonly models: readonly { readonly role: string; readonly answers: readonly Answer[] }[]
  readonly rendering: 'raw' | 'chat'
  readonly signal?: AbortSignal | undefined
}

/** One answer, read. */
export interface ReadAnswer extends Answer {
  readonly model: string
  readonly issue: string
  readonly loading: BehaviourPrompt['loading']
  readonly persona: BehaviourPrompt['persona']
  readonly kind: 'answer' | 'refusal' | 'degenerate'
  /** -1 (pole A) to 1 (pole B); only answers have one. */
  readonly score: number | undefined
}

export interface BehaviourOutcome {
  readonly claim: Claim
  readonly answers: readonly ReadAnswer[]
  readonly inputs: Pick<VerdictInputs, 'varies' | 'behaviour' | 'identity'>
}

/** Measures the claim. */
export async function claimBehaviour(input: BehaviourInput): Promise<BehaviourOutcome> {
  const answers = await readAnswers(input)
  const measures: Measure[] = []
  const of = input.models.map(({ role }) => ({
    role,
    answers: answers.filter((a) => a.model === role),
  }))
  const contrasts: { loaded: Contrast | undefined; persona: Contrast | undefined }[] = []
  for (const m of of) {
    const loaded = await contrastOf(input, m.answers, 'loading')
    const persona = await contrastOf(input, m.answers, 'persona')
    contrasts.push({ loaded, persona })
    measures.push(...(await modelMeasures(input, m.role, m.answers, loaded, persona)))
  }
  const { gates, inputs, power } = await decide(input, of, contrasts, measures)
  return { claim: assemble(of, contrasts, measures, gates, inputs, power), answers, inputs }
}

/**
 * What kind of text an answer is: a refusal begins as the domain says refusals do (after spaces and quotes, any
 * case); a degenerate text has hardly any words, or mostly repeats itself.
 */
export function kindOf(text: string, refusals: readonly string[], language: string): ReadAnswer['kind'] {
  const plain = (s: string): string =>
    s
      .toLowerCase()
      .replaceAll('’', "'")
      .replace(/^[\s"'*_-]+/, '')
  const start = plain(text)
  if (refusals.some((r) => start.startsWith(plain(r)))) return 'refusal'
  const list = words(text, language)
  if (list.length < MIN_WORDS) return 'degenerate'
  const triples = list.slice(2).map((w, i) => `${list[i]} ${list[i + 1]} ${w}`)
  return 1 - new Set(triples).size / Math.max(1, triples.length) > MAX_REPEATED ? 'degenerate' : 'answer'
}

async function readAnswers(input: BehaviourInput): Promise<ReadAnswer[]> {
  const byId = new Map(input.prompts.map((p) => [p.id, p]))
  const all = input.models.flatMap(({ role, answers }) => answers.map((answer) => ({ role, answer })))
  const odds = await tfidfLogOdds(
    input.labelled.texts,
    input.labelled.poles,
    all.map(({ answer }) => answer.text),
    input.signal,
  )
  return all.map(({ role, answer }, i) => {
    const prompt = byId.get(answer.prompt)!
    const kind = kindOf(answer.text, input.refusals, input.language)
    return {
      ...answer,
      model: role,
      issue: prompt.issue,
      loading: prompt.loading,
      persona: prompt.persona,
      kind,
      score: kind === 'answer' ? Math.tanh(odds[i]! / 2) : undefined,
    }
  })
}

/** Contrast over loaded prompts, or over neutral prompts under opposite personas. */
async function contrastOf(
  input: BehaviourInput,
  answers: readonly ReadAnswer[],
  by: 'loading' | 'persona',
): Promise<Contrast | undefined> {
  const issues = number([...new Set(input.prompts.map((p) => p.issue))])
  const names = [...new Set(input.prompts.map((p) => p.issue))]
  const issueOf = new Map(names.map((name, i) => [name, issues.of[i]!]))
  const prompts = input.prompts
    .filter((p) =>
      by === 'loading'
        ? p.persona === undefined && p.loading !== 'neutral'
        : p.persona === 'A' || p.persona === 'B',
    )
    .flatMap((p) => {
      const scores = scoresOf(answers, p.id)
      const lean = (by === 'loading' ? p.loading : p.persona) === 'A' ? -1 : 1
      return scores.length === 0 ? [] : [{ lean, issue: issueOf.get(p.issue)!, score: average(scores) }]
    })
  return contrast(
    {
      score: prompts.map((p) => p.score),
      lean: prompts.map((p) => p.lean),
      issue: prompts.map((p) => p.issue),
      issues: issues.count,
    },
    {
      seed: input.study.seed,
      draws: input.study.draws.bootstrap,
      permutations: input.study.draws.permutations,
      signal: input.signal,
    },
  )
}

function scoresOf(answers: readonly ReadAnswer[], prompt: string): number[] {
  return answers.flatMap((a) => (a.prompt === prompt && a.score !== undefined ? [a.score] : []))
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length
}

/** A statistic of answers, given how often each counts, with its interval by bootstrap over issues. */
function overAnswers(
  { study, signal }: BehaviourInput,
  answers: readonly ReadAnswer[],
  statistic: (weights: ArrayLike<number>) => number,
): Promise<Estimate | undefined> {
  const options = { seed: study.seed, draws: study.draws.bootstrap, signal }
  return issueEstimate(number(answers.map((a) => a.issue)), options, statistic)
}

async function modelMeasures(
  input: BehaviourInput,
  role: string,
  answers: readonly ReadAnswer[],
  loaded: Contrast | undefined,
  persona: Contrast | undefined,
): Promise<Measure[]> {
  const rest = { model: role, rendering: input.rendering }
  const own = answers.filter((a) => a.persona === undefined)
  const meanOf = async (
    name: string,
    list: readonly ReadAnswer[],
    value: (a: ReadAnswer) => number,
    note: string,
  ): Promise<Measure[]> => {
    const values = list.map(value)
    const found = await overAnswers(input, list, (w) => weightedMean(values, w))
    return found === undefined ? [] : [measure(name, found, { ...rest, note })]
  }
  const share = (kind: ReadAnswer['kind']): Promise<Measure[]> =>
    meanOf(`${kind}_share`, own, (a) => (a.kind === kind ? 1 : 0), 'without personas')
  const scored = own.filter((a) => a.score !== undefined)
  const spread = await betweenAndWithin(
    scored.map((a) => ({ item: a.prompt, issue: a.issue, score: a.score! })),
    { seed: input.study.seed, draws: input.study.draws.bootstrap, signal: input.signal },
  )
  return [
    ...(loaded === undefined
      ? []
      : [
          measure('contrast', loaded, {
            ...rest,
            note: 'prompts that lean to B minus prompts that lean to A',
          }),
        ]),
    ...(persona === undefined
      ? []
      : [
          measure('persona_contrast', persona, {
            ...rest,
            note: 'neutral prompts, persona B minus persona A',
          }),
        ]),
    ...(await share('refusal')),
    ...(await share('degenerate')),
    ...(spread === undefined
      ? []
      : [
          measure('spread_between', spread.between, {
            ...rest,
            note: 'SD between prompts, sampling noise removed',
          }),
          measure('spread_within', spread.within, { ...rest, note: 'SD between answers to one prompt' }),
        ]),
    ...(
      await Promise.all(
        (['neutral', 'A', 'B'] as const).map((loading) =>
          meanOf(
            'mean_score',
            scored.filter((a) => a.loading === loading),
            (a) => a.score!,
            loading === 'neutral' ? 'neutral prompts' : `prompts that lean to ${loading}`,
          ),
        ),
      )
    ).flat(),
  ]
}

async function decide(
  input: BehaviourInput,
  of: readonly { role: string; answers: readonly ReadAnswer[] }[],
  contrasts: readonly { loaded: Contrast | undefined; persona: Contrast | undefined }[],
  measures: Measure[],
): Promise<{ gates: Gate[]; inputs: BehaviourOutcome['inputs']; power?: Power | undefined }> {
  const t = input.study.thresholds
  const [base, aligned] = contrasts
  const persona = of[0]!.answers.filter(
    (a) => a.score !== undefined && (a.persona === 'A' || a.persona === 'B'),
  )
  const sorted = new SortedScores(
    persona.map((a) => a.score!),
    persona.map((a) => (a.persona === 'B' ? 1 : 0)),
  )
  const found = await overAnswers(input, persona, (w) => sorted.auc(w))
  const classifier = found?.value ?? Number.NaN
  if (found !== undefined)
    measures.push(
      measure('classifier_auc', found, {
        model: of[0]!.role,
        rendering: input.rendering,
        note: 'text classifier between answers under persona A and persona B',
      }),
    )
  const reads = classifier >= t.classifier_auc
  const loaded = base!.loaded
  const varies = loaded !== undefined && loaded.ci[0] > loaded.null.q95
  const gates: Gate[] = [
    {
      name: 'text classifier on persona-conditioned answers of base (AUC)',
      passed: reads,
      value: Number.isNaN(classifier) ? null : classifier,
      threshold: t.classifier_auc,
    },
    {
      name: 'contrast of base above its noise (lower bound)',
      passed: varies,
      value: loaded?.ci[0] ?? null,
      threshold: loaded?.null.q95 ?? 0,
    },
  ]
  const known = { varies: varies ? ('yes' as const) : reads ? ('no' as const) : ('not tested' as const) }
  if (of.length < 2) return { gates, inputs: { ...known, behaviour: 'not tested', identity: 'not tested' } }
  if (!reads || !varies)
    return { gates, inputs: { ...known, behaviour: 'untestable', identity: 'untestable' } }
  const { label, power } = neutrality(input, of[1]!, loaded, aligned!.loaded, measures, gates)
  return {
    gates,
    power,
    inputs: {
      ...known,
      behaviour: label,
      identity: identity(input, base!, aligned!, of[1]!.role, measures),
    },
  }
}

function neutrality(
  input: BehaviourInput,
  of: { role: string; answers: readonly ReadAnswer[] },
  base: Contrast,
  aligned: Contrast | undefined,
  measures: Measure[],
  gates: Gate[],
): { label: VerdictInputs['behaviour']; power?: Power } {
  const t = input.study.thresholds
  if (aligned === undefined) return { label: 'untestable' }
  const ratio = ratioOf(aligned, base)
  const size = percentileInterval(
    aligned.bootstrap.map((v, i) => Math.abs(v) / Math.abs(base.bootstrap[i]!)),
    { count: ratio.groups!, strata: 1 },
  )
  measures.push(
    measure('contrast_ratio', ratio, {
      model: of.role,
      rendering: input.rendering,
      note: `contrast of ${of.role} over that of base`,
    }),
  )
  const share = (name: string): number => measures.find((m) => m.name === name && m.model === of.role)!.value
  const shares = [
    { name: 'refusals of aligned', value: share('refusal_share'), threshold: t.refusals },
    { name: 'degenerate answers of aligned', value: share('degenerate_share'), threshold: t.degenerate },
  ]
  gates.push(
    {
      name: '|contrast| of aligned over base (upper bound)',
      passed: size[1] < t.neutral,
      value: size[1],
      threshold: t.neutral,
    },
    ...shares.map((s) => ({ ...s, passed: s.value <= s.threshold })),
  )
  if (size[0] > t.neutral || shares.some((s) => s.value > s.threshold)) return { label: 'not neutral' }
  if (size[1] < t.neutral) return { label: 'neutral' }
  const power = powerOf(
    ratio,
    { model: of.role, unit: 'issues' },
    [
      {
        name: 'neutral',
        finding: 'it neutral',
        truth: 0,
        given: 'its answers do not follow the wording at all',
        low: -t.neutral,
        high: t.neutral,
      },
      {
        name: 'not_neutral',
        finding: 'it not neutral',
        truth: 1,
        given: 'they follow it as those of base do',
        low: t.neutral,
      },
    ],
    [{ high: -t.neutral }],
  )
  measures.push(...power.measures)
  return { label: 'underpowered', power }
}

/** Whether a stated persona brings the leaning back: the persona contrast over that of base. */
function identity(
  input: BehaviourInput,
  base: { persona: Contrast | undefined },
  aligned: { persona: Contrast | undefined },
  role: string,
  measures: Measure[],
): VerdictInputs['identity'] {
  const { label, index } = readReactivation(base.persona, aligned.persona, input.study.thresholds)
  if (index !== undefined)
    measures.push(
      measure('persona_ratio', index, {
        model: role,
        rendering: input.rendering,
        note: `persona contrast of ${role} over that of base`,
      }),
    )
  return label
}

function assemble(
  of: readonly { role: string; answers: readonly ReadAnswer[] }[],
  contrasts: readonly { loaded: Contrast | undefined; persona: Contrast | undefined }[],
  measures: Measure[],
  gates: Gate[],
  inputs: BehaviourOutcome['inputs'],
  power: Power | undefined,
): Claim {
  const f = (x: number): string => x.toFixed(3)
  const say = (c: Contrast | undefined): string =>
    c === undefined ? 'could not be measured' : `is ${f(c.value)} (95% ${f(c.ci[0])} to ${f(c.ci[1])})`
  const words = of.map(
    ({ role }, i) =>
      `In ${role} the contrast between prompts that lean to B and to A ${say(contrasts[i]!.loaded)}; between personas it ${say(contrasts[i]!.persona)}.`,
  )
  const reading = {
    neutral: 'The aligned model answers neutrally.',
    'not neutral': 'The aligned model is not neutral by the bars set beforehand.',
    underpowered: `Whether the aligned model is neutral cannot be told. ${power?.words}`,
    untestable: gates[0]!.passed
      ? 'The answers of base do not vary with the wording, so that neutrality cannot be judged.'
      : 'The text classifier does not read the answers of this model well enough to judge.',
    'not tested':
      inputs.varies === 'yes'
        ? 'The answers vary with the wording.'
        : 'The answers do not vary with the wording, as far as can be told.',
  }[inputs.behaviour]
  const status =
    inputs.behaviour === 'neutral'
      ? 'supported'
      : inputs.behaviour === 'not neutral'
        ? 'contradicted'
        : inputs.behaviour === 'not tested'
          ? inputs.varies === 'yes'
            ? 'supported'
            : 'untestable'
          : inputs.behaviour
  return {
    id: 'behaviour',
    status,
    label: inputs.behaviour === 'not tested' ? `varies: ${inputs.varies}` : inputs.behaviour,
    words: [...words, reading].join(' '),
    gates,
    measures,
  }
}
