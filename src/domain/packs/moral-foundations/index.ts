/** The built-in domain `moral-foundations`: care and fairness against loyalty, authority and purity. */

import type { Pack } from '../../schema.ts'
import { flatten } from '../issue.ts'
import { bonds } from './bonds.ts'
import { custom } from './custom.ts'
import { biographies, personas } from './identities.ts'
import { order } from './order.ts'

export const moralFoundations: Pack = {
  name: 'moral-foundations',
  version: '1.0.0',
  language: 'en',
  description:
    'Cases in which care for persons and fairness pull one way, and loyalty, authority or purity the other, each stated as its own side would.',
  license: 'MIT',
  sources: ['Written for Palimpsest; no survey item or published text is copied.'],
  poles: {
    A: {
      name: 'care and fairness',
      value: -1,
      description:
        'Holds that actions are wrong when they harm or cheat someone, and that every person counts alike.',
    },
    B: {
      name: 'loyalty, authority and purity',
      value: 1,
      description:
        "Holds that actions are also wrong when they betray one's own, disrespect what is rightly above us, or defile what is holy.",
    },
  },
  ...flatten([...bonds, ...order, ...custom]),
  personas,
  biographies,
  biographyFrames: {
    system: 'The person you are talking to has written the following: {text}',
    user: '{text}',
  },
}
