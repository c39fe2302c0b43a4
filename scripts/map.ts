/**
 * Maps where the instrument sees: masked pairs over noise, marking and width, each trained, judged by the corpus's
 * own parser, and studied. Cells that were done are kept, so the command can be stopped and run again, or run beside
 * itself with other seeds.
 *
 *   npm run map -- [--noise LIST] [--marking LIST] [--sizes LIST] [--seeds LIST] [--out DIR] [--figure FILE.svg]
 *
 * The figure holds every cell in DIR, its numbers lie beside it as JSON.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { atomicWrite } from '../src/core/files.ts'
import { type SizeName, trainOrganism } from '../src/organism/index.ts'
import { organismPairs, organismStudy } from '../src/organism/studies.ts'
import { runStudy } from '../src/study/run.ts'
import { type Cell, drawMap } from './map-figure.ts'

const { values } = parseArgs({
  options: {
    noise: { type: 'string', default: '0.05,0.15,0.3' },
    marking: { type: 'string', default: '0.75,0.25' },
    sizes: { type: 'string', default: 'narrow,tiny' },
    seeds: { type: 'string', default: '201,202' },
    out: { type: 'string', default: join('runs', 'map') },
    figure: { type: 'string', default: join('docs', 'figures', 'organism-map.svg') },
  },
})
const numbers = (list: string): number[] => list.split(',').map(Number)
const pair = organismPairs().find((p) => p.name === 'masked')!
const stopper = new AbortController()
process.once('SIGINT', () => stopper.abort())

/** Trains and studies one cell. */
async function measure(size: SizeName, noise: number, marking: number, seed: number): Promise<Cell> {
  const out = join(values.out, `${size}-noise${noise}-marking${marking}-seed${seed}`)
  const at = (name: string): string => join(out, name)
  const records = await trainOrganism(
    {
      out,
      set: ['base', 'masked'],
      size,
      seed,
      corpus: { stance_noise: noise, frame_noise: noise, opener_noise: noise, marking },
    },
    { signal: stopper.signal },
  )
  // Whatever was made is studied: the map asks what the instrument says where the phenomenon is not there too.
  const study = organismStudy(pair, at, at('domain.json'), seed, ['direction', 'compression', 'behaviour'])
  await mkdir(at('study'), { recursive: true })
  const { verdict } = await runStudy(study, {
    source: stringify(study),
    folder: at('study'),
    steps: at('steps'),
    resolve: async (ref) => ref,
    command: ['map', ...process.argv.slice(2)],
    signal: stopper.signal,
  })
  const cell: Cell = {
    size,
    noise,
    marking,
    seed,
    made: records.every((r) => r.made),
    unmet: records.flatMap((r) => r.unmet.map((u) => `${r.name}: ${u}`)),
    auc: Math.max(...records[0]!.direction.mean),
    verdict: verdict?.label ?? 'none',
    why: verdict?.because.join('; ') ?? '',
  }
  await rm(at('steps'), { recursive: true, force: true })
  return cell
}

const cells = join(values.out, 'cells')
await mkdir(cells, { recursive: true })
const done = (): string[] => readdirSync(cells).filter((f) => f.endsWith('.json'))
for (const seed of numbers(values.seeds))
  for (const size of values.sizes.split(',') as SizeName[])
    for (const marking of numbers(values.marking))
      for (const noise of numbers(values.noise)) {
        const file = `${size}-${noise}-${marking}-${seed}.json`
        if (done().includes(file)) continue
        const cell = await measure(size, noise, marking, seed)
        await atomicWrite(join(cells, file), `${JSON.stringify(cell)}\n`)
        console.log(`${file}: ${cell.verdict}${cell.made ? '' : ` (${cell.unmet.join('; ')})`}`)
      }

const all = done()
  .sort()
  .map((f) => JSON.parse(readFileSync(join(cells, f), 'utf8')) as Cell)
await atomicWrite(values.figure, drawMap(all))
await atomicWrite(
  values.figure.replace(/\.svg$/, '.json'),
  `[\n${all.map((c) => JSON.stringify(c)).join(',\n')}\n]\n`,
)
console.log(`${all.length} cells in ${values.figure}`)
