/** The sections of the report, in its order. A new one is a file beside this one and a line here. */

import type { Section } from '../section.ts'
import { answer } from './answer.ts'
import { behaviour } from './behaviour.ts'
import { compression } from './compression.ts'
import { direction } from './direction.ts'
import { features } from './features.ts'
import { generations } from './generations.ts'
import { geometry } from './geometry.ts'
import { identity } from './identity.ts'
import { judges } from './judges.ts'
import { allMeasures } from './measures.ts'
import { methods } from './methods.ts'
import { provenance } from './provenance.ts'
import { reading } from './reading.ts'
import { steering } from './steering.ts'
import { thresholds } from './thresholds.ts'

export const SECTIONS: readonly Section[] = [
  answer,
  direction,
  compression,
  behaviour,
  features,
  steering,
  geometry,
  identity,
  generations,
  judges,
  reading,
  methods,
  thresholds,
  allMeasures,
  provenance,
]
