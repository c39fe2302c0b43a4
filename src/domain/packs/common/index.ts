/** What every domain in English can share, because it has nothing to do with any value. */

import type { DomainContent } from '../../schema.ts'
import { concept } from './concept.ts'
import { controlQuestions } from './controls.ts'
import { neutralTexts } from './neutral.ts'
import { refusals } from './refusals.ts'

export const shared: Pick<DomainContent, 'controlQuestions' | 'neutralTexts' | 'concept' | 'refusals'> = {
  controlQuestions,
  neutralTexts,
  concept,
  refusals,
}
