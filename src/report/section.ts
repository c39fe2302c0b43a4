/**
 * What a part of the report is. A later claim or stage adds one file that exports a section, and one line in
 * sections/index.ts.
 */

import type { ReportData } from './data.ts'
import type { Html } from './html.ts'

export interface Section {
  /** Unique in the page: the anchor of the heading. */
  readonly id: string
  readonly title: string
  /** The part's content below its heading, or undefined where the run has nothing for it. */
  render(data: ReportData): Html | undefined
}
