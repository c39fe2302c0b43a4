/**
 * The identity messages of a domain, laid out for the factorial of claim `identity`:
 * {A, B, independent, none, unrelated} x {stated, implied} x {system, user}.
 */

import { type Biography, type Domain, IDENTITIES, type Identity, type Slot } from './schema.ts'

export interface IdentityMessage {
  /** Unique: `persona.identity.slot` or `biography.slot`. */
  id: string
  identity: Identity
  form: 'stated' | 'implied'
  slot: Slot
  /** The wording or biography it comes from: the unit that is resampled. */
  source: string
  /** Only of implied identities: whether a user direction may be fitted on it. */
  split?: Biography['split']
  /** The message, without the question that follows it. */
  text: string
}

/**
 * Every identity message of one slot. All messages of a slot and form have (nearly) equal length in words,
 * which {@link checkDomain} has made sure of, so that length carries no identity.
 *
 * @example
 * const domain = await loadDomain('us-partisan')
 * identityMessages(domain, 'system').filter((m) => m.form === 'stated' && m.identity === 'A')
 */
export function identityMessages(
  domain: Pick<Domain, 'personas' | 'biographies' | 'biographyFrames'>,
  slot: Slot,
): IdentityMessage[] {
  const stated = domain.personas.flatMap((p) =>
    IDENTITIES.map(
      (identity): IdentityMessage => ({
        id: `${p.id}.${identity}.${slot}`,
        identity,
        form: 'stated',
        slot,
        source: p.id,
        text: p[slot][identity],
      }),
    ),
  )
  const [before, after] = domain.biographyFrames[slot].split('{text}') as [string, string]
  const implied = domain.biographies.map(
    (b): IdentityMessage => ({
      id: `${b.id}.${slot}`,
      identity: b.identity,
      form: 'implied',
      slot,
      source: b.id,
      split: b.split,
      text: `${before}${b.text}${after}`,
    }),
  )
  return [...stated, ...implied]
}
