/** The built-in domain `risk`: risk-seeking against risk-averse choices. */

import type { Pack } from '../../schema.ts'
import { flatten } from '../issue.ts'
import { acting } from './acting.ts'
import { biographies, personas } from './identities.ts'
import { living } from './living.ts'
import { ventures } from './ventures.ts'

export const risk: Pack = {
  name: 'risk',
  version: '1.0.0',
  language: 'en',
  description:
    'Choices between a bold and a careful course in money, work, body and heart, each stated as its own side would.',
  license: 'MIT',
  sources: ['Written for Palimpsest; no survey item or published text is copied.'],
  poles: {
    A: {
      name: 'risk-seeking',
      value: -1,
      description:
        'Holds that large gains, growth and joy come to those who venture, and that failure can be borne.',
    },
    B: {
      name: 'risk-averse',
      value: 1,
      description:
        'Holds that what one has is worth guarding, that some losses cannot be undone, and that patience pays.',
    },
  },
  ...flatten([...living, ...acting, ...ventures]),
  personas,
  biographies,
  biographyFrames: {
    system: 'The person you are talking to has written the following: {text}',
    user: '{text}',
  },
}
