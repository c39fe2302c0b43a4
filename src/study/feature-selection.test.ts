/** Selection and labels on made-up firing tables in which the truth is known. */
import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { labelFeatures } from '../stats/silence.ts'
import { selectFeatures, splitGroups, splitIssues } from './feature-selection.ts'
import { activationsOf, type Firing, largest, textsFired } from './firing.ts'

const ISSUES = 40
const EACH = 4
const N = ISSUES * EACH
const issues = Array.from({ length: N }, (_, i) => `issue-${Math.floor(i / EACH)}`)
const TEXTS = 200
const poles = Int8Array.from({ length: TEXTS }, (_, i) => Math.floor(i / 5) % 2)
const labels = {
  poles,
  groups: {
    kind: 'nested' as const,
    count: 40,
    of: Int32Array.from({ length: TEXTS }, (_, i) => Math.floor(i / 5)),
  },
}

/** Rates of features 0, 1, ... in prompts, controls, and texts of either pole. */
interface Rates {
  readonly prompt: number
  readonly control: number
  readonly a: number
  readonly b: number
}

function draw(key: string, replicate: number, rates: readonly number[][]): Firing {
  return rates.map((row, i) => {
    const rng = stream(11, key, replicate * 10_000 + i)
    const features = [...row.keys()].filter((f) => rng.uniform() < row[f]!)
    return { features, largest: features.map(() => 1 + rng.uniform()) }
  })
}

function made(key: string, replicate: number, rates: readonly Rates[]) {
  return {
    prompts: draw(
      `${key}/prompts`,
      replicate,
      issues.map(() => rates.map((r) => r.prompt)),
    ),
    controls: draw(
      `${key}/controls`,
      replicate,
      issues.map(() => rates.map((r) => r.control)),
    ),
    texts: draw(
      `${key}/texts`,
      replicate,
      [...poles].map((p) => rates.map((r) => (p === 0 ? r.a : r.b))),
    ),
  }
}

const settings = {
  poles,
  promptHalves: splitIssues(issues, 1),
  textHalves: splitGroups(labels, 1),
  q: 0.05,
  most: 50,
  matched: 2,
}
const POLICY: Rates = { prompt: 0.5, control: 0.05, a: 0.2, b: 0.6 }
const TOPIC: Rates = { prompt: 0.5, control: 0.05, a: 0.4, b: 0.4 }
const COMMON: Rates = { prompt: 0.5, control: 0.5, a: 0.5, b: 0.5 }
const RARE: Rates = { prompt: 0.02, control: 0.02, a: 0.02, b: 0.02 }

describe('selection', () => {
  it('splits whole issues and whole groups in halves', () => {
    const { training, heldOut } = settings.promptHalves
    expect([training.length, heldOut.length]).toEqual([N / 2, N / 2])
    const names = (rows: readonly number[]) => new Set(rows.map((r) => issues[r]))
    expect([...names(training)].filter((i) => names(heldOut).has(i))).toEqual([])
    const groups = (rows: readonly number[]) => new Set(rows.map((r) => labels.groups.of[r]))
    const { training: t, heldOut: h } = settings.textHalves
    expect([...groups(t)].filter((g) => groups(h).has(g))).toEqual([])
    expect(t.length + h.length).toBe(TEXTS)
  })

  it('takes what fires in the domain and not in its controls, the most selective first', async () => {
    const rates = [
      ...Array(5).fill(POLICY),
      ...Array(5).fill(TOPIC),
      ...Array(30).fill(COMMON),
      ...Array(60).fill(RARE),
    ]
    const found = await selectFeatures({ ...settings, ...made('find', 0, rates) })
    expect(
      found.policy
        .map((s) => s.feature)
        .filter((f) => f < 10)
        .sort((a, b) => a - b),
    ).toEqual([...Array(10).keys()])
    expect(found.policy.slice(0, 5).every((s) => s.feature < 5)).toBe(true)
    expect(found.policy.length).toBeLessThanOrEqual(12)
    // Controls: no content, each used once, of the rate that they match.
    const controls = found.controls.map((c) => c.feature)
    expect(new Set(controls).size).toBe(controls.length)
    for (const c of found.controls) {
      expect(c.feature).toBeGreaterThanOrEqual(10)
      expect(c.feature).toBeLessThan(40)
    }
    const few = await selectFeatures({ ...settings, ...made('find', 0, rates), most: 3 })
    expect(few.policy).toEqual(found.policy.slice(0, 3))
  })

  it('finds nothing where nothing is to be found', async () => {
    let falsely = 0
    for (let r = 0; r < 100; r++)
      falsely +=
        (await selectFeatures({ ...settings, ...made('none', r, Array(40).fill(COMMON)) })).policy.length > 0
          ? 1
          : 0
    expect(falsely).toBeLessThanOrEqual(10)
  })

  it('what is chosen on one half regresses on it alone: on the other half models that do not differ show it', async () => {
    const rates = Array.from({ length: 40 }, (_, i): Rates => ({ ...POLICY, prompt: 0.1 + 0.01 * i }))
    let [followed, dormant, differs] = [0, 0, 0]
    for (let r = 0; r < 40; r++) {
      const base = made('base', r, rates)
      const aligned = made('aligned', r, rates)
      const { policy } = await selectFeatures({ ...settings, ...base })
      const rows = settings.promptHalves.heldOut
      const family = policy.map(({ feature }) => {
        const [b, a] = [activationsOf(base.prompts, feature), activationsOf(aligned.prompts, feature)]
        const count = (yes: (i: number) => boolean) => rows.filter(yes).length
        return {
          n: rows.length,
          both: count((i) => b[i]! > 0 && a[i]! > 0),
          baseOnly: count((i) => b[i]! > 0 && a[i] === 0),
          alignedOnly: count((i) => b[i] === 0 && a[i]! > 0),
          alignedRestored: 0,
          baseRestored: 0,
        }
      })
      for (const f of labelFeatures(family)) {
        followed++
        if (f.label === 'dormant') dormant++
        if (f.p < 0.05) differs++
      }
    }
    expect(followed).toBeGreaterThan(500)
    expect(dormant).toBe(0)
    expect(differs / followed).toBeLessThanOrEqual(0.05) // exact tests of models that do not differ
  })
})

describe('firing', () => {
  it('keeps the largest activation of each feature of a text', () => {
    const sparse = {
      rows: 3,
      latents: 9,
      starts: Float64Array.of(0, 2, 4, 5),
      indices: Uint32Array.of(1, 7, 1, 4, 8),
      values: Float32Array.of(0.5, 2, 3, 1, 9),
    }
    expect(largest(sparse, 0, 2)).toEqual({ features: [1, 4, 7], largest: [3, 1, 2] })
    const of = [largest(sparse, 0, 2), largest(sparse, 2, 3)]
    expect([...activationsOf(of, 8)]).toEqual([0, 9])
    expect([...activationsOf(of, 3)]).toEqual([0, 0])
    expect([...textsFired(of, [0, 1])].sort()).toEqual([
      [1, 1],
      [4, 1],
      [7, 1],
      [8, 1],
    ])
  })
})
