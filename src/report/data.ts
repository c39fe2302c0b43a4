/** What a report is made from: a study's records, never a live model. */

import type { FeaturesRecord } from '../study/features-record.ts'
import type { GenerationsRecord } from '../study/generations-record.ts'
import type { Results } from '../study/results.ts'

/** Where one text or prompt lies along the direction, in one model and one rendering. */
export interface Projection {
  /** A role of `results.models`: base, aligned, subject. */
  readonly model: string
  readonly site: string
  readonly rendering: 'raw' | 'chat'
  readonly set: 'texts' | 'prompts'
  /** Labelled texts: the pole they come from. */
  readonly pole?: 'A' | 'B' | undefined
  readonly issue?: string | undefined
  /** Prompts: A, B or neutral, by what they lean towards; anything else is shown as neutral. */
  readonly loading?: string | undefined
  /** <a, d>, in the activations' own units. */
  readonly z: number
  /** z divided by that model's distance between the class means of labelled texts; absent without such texts. */
  readonly z_gap?: number | undefined
}

/** Everything that a report shows. */
export interface ReportData {
  readonly results: Results
  /** `manifest.json`, shown as it is: versions, hashes of models and data, device, dates, command. */
  readonly manifest: Readonly<Record<string, unknown>>
  readonly projections: readonly Projection[]
  /** `features.json`, where claim `features` was run. */
  readonly features?: FeaturesRecord | undefined
  /** `generations.json`, where models wrote anything. */
  readonly generations?: GenerationsRecord | undefined
}
