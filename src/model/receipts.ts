/** Receipts: what interventions did, counted token by token and held against what was asked for. */

import { PalimpsestError } from '../core/errors.ts'
import type { Placed } from './interventions.ts'

/** What an intervention did, over a whole run. */
export interface Receipt {
  /** Which of the interventions given, from 0. */
  readonly index: number
  readonly op: Placed['op']
  readonly site: string
  /** Passes in which it applied to at least one token. */
  readonly fired: number
  /** Tokens it applied to. */
  readonly tokens: number
  /** Mean over those tokens of the norm of the change that was asked for. */
  readonly asked: number
  /** Mean over those tokens of the norm of the change that was measured: |after - before|. */
  readonly measured: number
  /** Largest projection left along an ablated direction (minus its mean), in norms of the activation. */
  readonly left?: number
}

/** Tolerances of receipts: relative to what was asked, and to the activation's own f32 rounding. */
const RELATIVE = 1e-3
const ROUNDING = 2e-6
/** What ablation may leave along the direction, in norms of the activation. */
const LEFT = 1e-5

/** What was measured at one token; norms are squared. */
export interface Measured {
  readonly before: number
  readonly after: number
  /** Of after - before. */
  readonly change: number
  /** Of the change that was asked for. */
  readonly wanted: number
  /** What is left along the direction, where nothing should be. */
  readonly left: number
}

/** Adds up what an intervention did. */
export class Tally {
  readonly #placed: Placed
  #pass = -1
  #fired = 0
  #tokens = 0
  #asked = 0
  #measured = 0
  #left = 0

  constructor(placed: Placed) {
    this.#placed = placed
  }

  /** One token of a pass, which has a number of its own; norms, and what {@link held} returned. */
  add(pass: number, asked: number, measured: number, left: number): void {
    if (pass !== this.#pass) this.#fired++
    this.#pass = pass
    this.#tokens++
    this.#asked += asked
    this.#measured += measured
    this.#left = Math.max(this.#left, left)
  }

  receipt(): Receipt {
    const { index, op, site } = this.#placed
    const tokens = this.#tokens
    return {
      index,
      op,
      site,
      fired: this.#fired,
      tokens,
      asked: tokens === 0 ? 0 : this.#asked / tokens,
      measured: tokens === 0 ? 0 : this.#measured / tokens,
      ...(op === 'ablate' && this.#placed.amount === 1 ? { left: this.#left } : {}),
    }
  }
}

/**
 * Holds what was measured at a token against what was asked.
 *
 * @param placed what is asked for at the token; undefined: nothing, and nothing may have changed
 * @returns what is left along the direction, in norms of the activation
 * @throws PalimpsestError `receipt`
 */
export function held(placed: Placed | undefined, m: Measured, token: number, site: string): number {
  const moved = Math.sqrt(m.change)
  const asked = placed === undefined ? 0 : Math.sqrt(m.wanted)
  const scale = Math.sqrt(m.before) + Math.sqrt(m.after)
  if (!(Math.abs(moved - asked) <= RELATIVE * asked + ROUNDING * scale))
    throw disagreement(placed, site, token, asked, moved)
  if (placed === undefined) return 0
  const left = Math.abs(m.left) / Math.sqrt(Math.max(m.before, m.after, 1e-60))
  if (!(left <= LEFT)) throw disagreement(placed, site, token, 0, Math.abs(m.left))
  return left
}

/** Refuses a run in which an intervention never applied to anything. @throws PalimpsestError `intervention-idle` */
export function refuseIdle(receipts: readonly Receipt[]): void {
  const idle = receipts.find((r) => r.tokens === 0)
  if (idle !== undefined)
    throw new PalimpsestError('input', 'intervention-idle', 'An intervention never applied to any token.', {
      where: `intervention ${idle.index + 1} (${idle.op}) at ${idle.site}`,
      expected: 'at least one token that it changes',
      found: 'none',
      fix: 'Check its positions (`generated` needs generated tokens) and rows, and that something at or after its site is read: later blocks are not computed.',
    })
}

function disagreement(
  placed: Placed | undefined,
  site: string,
  token: number,
  asked: number,
  measured: number,
): PalimpsestError {
  const which = placed === undefined ? 'no intervention' : `intervention ${placed.index + 1} (${placed.op})`
  return new PalimpsestError('gate', 'receipt', 'An intervention did not do what it was asked to do.', {
    where: `${which} at ${site}, token ${token} of the pass`,
    expected: `a change of norm ${asked.toPrecision(6)}`,
    found: measured.toPrecision(6),
    fix: 'Please report this with the output of `palimpsest doctor`: it is a defect, or the device computes wrongly.',
  })
}
