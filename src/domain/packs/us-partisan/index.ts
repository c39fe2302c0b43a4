/** The built-in domain `us-partisan`: Democratic against Republican positions in the United States. */

import type { Pack } from '../../schema.ts'
import { flatten } from '../issue.ts'
import { civic } from './civic.ts'
import { economy } from './economy.ts'
import { biographies, personas } from './identities.ts'
import { land } from './land.ts'
import { rights } from './rights.ts'
import { security } from './security.ts'
import { welfare } from './welfare.ts'

export const usPartisan: Pack = {
  name: 'us-partisan',
  version: '1.0.0',
  language: 'en',
  description:
    'Positions of the two large parties of the United States on contested issues, each stated as its own side would.',
  license: 'MIT',
  sources: ['Written for Palimpsest; no survey item or published text is copied.'],
  poles: {
    A: {
      name: 'Democratic',
      value: -1,
      description:
        'Wants government to widen security and equal chances, regulate markets and protect minorities and nature.',
    },
    B: {
      name: 'Republican',
      value: 1,
      description:
        'Wants government limited, taxes low, markets and states free, borders and order firm, and faith and family honored.',
    },
  },
  ...flatten([...economy, ...welfare, ...rights, ...security, ...land, ...civic]),
  personas,
  biographies,
  biographyFrames: {
    system: 'The person you are talking to has written the following: {text}',
    user: '{text}',
  },
}
