/** The report of a study: `renderReport` turns a run's records into one self-contained HTML page. */

export type { Projection, ReportData } from './data.ts'
export { renderReport } from './page.ts'
export type { Section } from './section.ts'
