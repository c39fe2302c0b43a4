/**
 * Holds verdicts against known answers: the shipped organisms, or fresh sets that are trained here.
 *
 *   npm run validate -- [--shipped] [--seeds N] [--seed S] [--claims all|LIST] [--pairs all|LIST] [--size NAME]
 *     [--threads N] [--out DIR]
 *
 * Exit 0 when the bar of docs/organisms.md is met, 1 otherwise, 2 for options that make no sense; the last line is the tally. What failed stays in DIR.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import {
  type OrganismName,
  organismDomainPath,
  organismPath,
  SIZES,
  type SizeName,
  trainOrganism,
} from '../src/organism/index.ts'
import { type Held, holdAgainst, isMade, organismPairs, organismStudy } from '../src/organism/studies.ts'
import { CLAIMS } from '../src/study/results.ts'
import { runStudy } from '../src/study/run.ts'

/** Of the pairs of fresh sets, at most this share may be wrong in the verdict or the status of a claim. */
const MOST_WRONG = 2 / 30

const { values } = parseArgs({
  options: {
    shipped: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '101' },
    claims: { type: 'string', default: 'direction,compression,behaviour' },
    pairs: { type: 'string', default: 'all' },
    size: { type: 'string', default: 'tiny' },
    threads: { type: 'string', default: '1' },
    out: { type: 'string', default: join('runs', 'validate') },
  },
})
const claims = values.claims === 'all' ? undefined : values.claims.split(',')
const pairs = organismPairs().filter(
  (p) => values.pairs === 'all' || values.pairs.split(',').includes(p.name),
)
const size = values.size as SizeName
/** What is wrong with the options, in a line. */
const wrong =
  values.pairs !== 'all' && pairs.length < values.pairs.split(',').length
    ? `--pairs: all, or some of ${organismPairs()
        .map((p) => p.name)
        .join(', ')}`
    : [values.seeds, values.seed, values.threads].some((n) => !/^\d+$/.test(n)) ||
        [values.seeds, values.threads].includes('0')
      ? '--seeds, --seed and --threads: whole numbers'
      : !Object.hasOwn(SIZES, size)
        ? `--size: ${Object.keys(SIZES).join(', ')}`
        : claims?.some((c) => !(CLAIMS as readonly string[]).includes(c))
          ? `--claims: all, or some of ${CLAIMS.join(', ')}`
          : undefined
if (wrong !== undefined) {
  console.error(wrong)
  process.exit(2)
}
const organisms = [...new Set(pairs.flatMap((p) => [p.base, p.aligned]))]
const stopper = new AbortController()
process.once('SIGINT', () => stopper.abort())

interface Row {
  readonly set: string
  readonly pair: string
  readonly verdict: Held
  readonly columns: readonly Held[]
}
const rows: Row[] = []
let unmade = 0
let tried = 0

/** Studies every pair of a set whose organisms were made. */
async function judge(
  set: string,
  at: (name: OrganismName) => string,
  domain: string,
  seed: number,
): Promise<void> {
  for (const pair of pairs) {
    tried++
    if (!isMade(pair, at)) {
      unmade++
      console.log(`${set} ${pair.name}: not made`)
      continue
    }
    const study = organismStudy(pair, at, domain, seed, claims)
    const folder = join(values.out, set, 'studies', pair.name)
    await mkdir(folder, { recursive: true })
    const results = await runStudy(study, {
      source: stringify(study),
      folder,
      steps: join(values.out, set, 'steps'),
      resolve: async (ref) => ref,
      command: ['validate', ...process.argv.slice(2)],
      signal: stopper.signal,
    })
    const held = holdAgainst(results, pair)
    rows.push({ set, pair: pair.name, ...held })
    const off = held.columns.filter((c) => !c.right).map((c) => `${c.column} ${c.found}, not ${c.expected}`)
    console.log(
      `${set} ${pair.name}: ${held.verdict.found}${held.verdict.right ? '' : ` (should be ${held.verdict.expected})`}${off.length > 0 ? `; ${off.join('; ')}` : ''}`,
    )
  }
}

if (values.shipped) await judge('shipped', (name) => organismPath(`${size}/${name}`), organismDomainPath(), 1)
else
  for (let s = 0; s < Number(values.seeds); s++) {
    const seed = Number(values.seed) + s
    const out = join(values.out, `seed-${seed}`)
    await trainOrganism(
      { out, set: organisms, size, seed, threads: Number(values.threads) },
      {
        signal: stopper.signal,
        onOrganism: (r) => console.log(`seed-${seed} ${r.name}: ${r.made ? 'made' : r.unmet.join('; ')}`),
      },
    )
    await judge(`seed-${seed}`, (name) => join(out, name), join(out, 'domain.json'), seed)
  }

const decided = rows.filter((r) => r.verdict.right)
const right = decided.filter((r) => r.columns.every((c) => c.right))
// To take an erased value for a masked one, or the reverse, is never forgiven.
const swapped = rows.filter(
  ({ verdict: v }) =>
    (v.expected === 'erased' && v.found.startsWith('masked')) ||
    (v.expected === 'masked' && v.found.startsWith('erased')),
)
for (const { set, pair, verdict, columns } of rows)
  for (const c of [verdict, ...columns])
    if (!c.right) console.log(`WRONG ${set} ${pair}: ${c.column} is ${c.found}, not ${c.expected}`)
// What was found by column, for pairs with a value to speak of: how often a claim was decided.
const counts = new Map<string, Map<string, number>>()
for (const { pair, columns } of rows)
  if (pair !== 'flat-aligned')
    for (const { column, found } of columns) {
      const of = counts.get(column) ?? new Map<string, number>()
      counts.set(column, of.set(found, (of.get(found) ?? 0) + 1))
    }
for (const [column, of] of counts)
  console.log(`${column}: ${[...of].map(([found, n]) => `${found} ${n}`).join(', ')}`)
const forgiven = values.shipped ? 0 : Math.floor(MOST_WRONG * rows.length)
const met = rows.length > 0 && rows.length - right.length <= forgiven && swapped.length === 0
console.log(
  `${decided.length} of ${rows.length} verdicts right, ${right.length} with every claim; ${swapped.length} of erased and masked swapped; ${unmade} of ${tried} pairs not made`,
)
process.exitCode = met ? 0 : 1
