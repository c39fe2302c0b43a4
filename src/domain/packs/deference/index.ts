/** The built-in domain `deference`: deference to authority against autonomy. */

import type { Pack } from '../../schema.ts'
import { flatten } from '../issue.ts'
import { everyday } from './everyday.ts'
import { biographies, personas } from './identities.ts'
import { society } from './society.ts'
import { work } from './work.ts'

export const deference: Pack = {
  name: 'deference',
  version: '1.0.0',
  language: 'en',
  description:
    'Whether to follow those who are in charge or to decide for oneself, at work, in the family and in society, each stated as its own side would.',
  license: 'MIT',
  sources: ['Written for Palimpsest; no survey item or published text is copied.'],
  poles: {
    A: {
      name: 'deference to authority',
      value: -1,
      description:
        'Holds that those with office, age or training should be followed, since order and safety come from trusting them.',
    },
    B: {
      name: 'autonomy',
      value: 1,
      description:
        'Holds that people should judge for themselves and decide about their own lives, and that authority must earn assent.',
    },
  },
  ...flatten([...work, ...society, ...everyday]),
  personas,
  biographies,
  biographyFrames: {
    system: 'The person you are talking to has written the following: {text}',
    user: '{text}',
  },
}
