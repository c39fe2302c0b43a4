/** The built-in domain `religiosity`: faith against a secular outlook. */

import type { Pack } from '../../schema.ts'
import { flatten } from '../issue.ts'
import { belief } from './belief.ts'
import { biographies, personas } from './identities.ts'
import { life } from './life.ts'
import { practice } from './practice.ts'

export const religiosity: Pack = {
  name: 'religiosity',
  version: '1.0.0',
  language: 'en',
  description:
    'Religious and secular answers to what there is and how to live, across creeds and countries, each stated as its own side would.',
  license: 'MIT',
  sources: ['Written for Palimpsest; no survey item or published text is copied.'],
  poles: {
    A: {
      name: 'religious',
      value: -1,
      description:
        'Holds that God or the divine is real, gives life its meaning, and deserves worship and obedience.',
    },
    B: {
      name: 'secular',
      value: 1,
      description:
        'Holds that nature is all there is to know, and that people find meaning and morals by themselves and together.',
    },
  },
  ...flatten([...belief, ...practice, ...life]),
  personas,
  biographies,
  biographyFrames: {
    system: 'The person you are talking to has written the following: {text}',
    user: '{text}',
  },
}
