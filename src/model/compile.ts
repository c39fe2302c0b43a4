/**
 * Interventions as graph operations, and the receipts that prove what they did. Every intervention is
 * multiplied by a coefficient per token (its dose where it applies, zero elsewhere), so that a dose of zero
 * leaves every bit as it was, and one product serves all arms of a batch.
 */

import { PalimpsestError } from '../core/errors.ts'
import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Placed } from './interventions.ts'

/** What an intervention did, over a whole run. */
export interface Receipt {
  /** Which of the interventions given, from 0. */
  readonly index: number
  readonly op: Placed['op']
  readonly site: string
  /** Passes in which it applied to at least one token. */
  fired: number
  /** Tokens it applied to. */
  tokens: number
  /** Mean over those tokens of the norm of the change that was asked for. */
  asked: number
  /** Mean over those tokens of the norm of the change that was measured: |after - before|. */
  measured: number
  /** Largest projection left along an ablated direction (minus its mean), in norms of the activation. */
  left?: number
}

/**
 * Tokens of a pass: which text each belongs to, and what it is to the interventions. Where a graph is computed
 * again (decoding), answers may change from compute to compute; a token that no intervention of some positions
 * applied to when the graph was built must stay so.
 */
export interface TokenRoles {
  readonly count: number
  /** Index of the text of token i. */
  row(i: number): number
  /** Whether an intervention with these positions applies to token i. */
  at(i: number, positions: Placed['positions']): boolean
  /** Position of token i in its text. */
  position(i: number): number
}

/** What interventions do to a pass (see forward.ts). */
export interface PassChanges {
  /** Hook points at which something is changed. */
  readonly sites: ReadonlySet<string>
  /** Upper bound on the tensors they add to the graph. */
  readonly tensors: number
  /** Changes an activation at one of the sites. */
  apply(graph: Graph, site: string, x: Tensor): Tensor
}

interface Probe {
  readonly placed: Placed
  readonly roles: TokenRoles
  /** 1 for each token that the next compute changes. */
  readonly applies: Uint8Array
  /** Brings `applies` and the graph's inputs up to date with the tokens' roles. */
  readonly refresh: () => void
  readonly before: Tensor
  readonly change: Tensor
  readonly after: Tensor
  readonly wanted: Tensor | undefined
  readonly projection: Tensor | undefined
}

/** Tolerances of receipts: relative to what was asked, and to the activation's own f32 rounding. */
const RELATIVE = 1e-3
const ROUNDING = 2e-6
/** What ablation may leave along the direction, in norms of the activation. */
const LEFT = 1e-5

/** Tensors that one intervention adds, its receipt included; an upper bound. */
const TENSORS_EACH = 24

/** Compiles interventions into passes and adds up their receipts. */
export class Compiler {
  readonly receipts: Receipt[]
  readonly #sites: ReadonlySet<string>
  readonly #placed: readonly Placed[]
  /** By text, then by number of the placed intervention. */
  readonly #texts: Map<number, Map<number, Receipt>> | undefined
  #probes: Probe[] = []

  /** @param byText also keep receipts of each text, for {@link receiptsOf}: memory grows with their number */
  constructor(placed: readonly Placed[], byText = false) {
    this.#placed = placed
    this.#texts = byText ? new Map() : undefined
    this.#sites = new Set(placed.map((p) => p.site))
    this.receipts = placed.map(emptyReceipt)
  }

  /** What was done to one text so far, by its index: a receipt for every intervention that is meant for it. */
  receiptsOf(text: number): Receipt[] {
    const found = this.#texts?.get(text)
    return this.#placed.flatMap((p, k) =>
      p.rows === undefined || p.rows.has(text) ? [{ ...(found?.get(k) ?? emptyReceipt(p)) }] : [],
    )
  }

  /** The changes of a pass over the given tokens; {@link collect} then reads what they did. */
  forPass(roles: TokenRoles): PassChanges {
    this.#probes = []
    return {
      sites: this.#sites,
      tensors: this.#placed.reduce((n, p) => n + TENSORS_EACH + ('tensors' in p ? p.tensors : 0), 0),
      apply: (graph, site, x) => {
        for (const placed of this.#placed) if (placed.site === site) x = this.#apply(graph, placed, roles, x)
        return x
      },
    }
  }

  /** Before a graph is computed again: where do the interventions apply now? */
  refresh(): void {
    for (const probe of this.#probes) probe.refresh()
  }

  #apply(graph: Graph, placed: Placed, roles: TokenRoles, x: Tensor): Tensor {
    const width = x.ne[0]
    const n = roles.count
    const applies = new Uint8Array(n)
    const dose = new Float32Array(n) // 0 where it does not apply
    const strength = placed.op === 'add' ? placed.dose : placed.op === 'ablate' ? placed.amount : 1
    const settle = (): void => {
      for (let i = 0; i < n; i++) {
        const here = placed.rows === undefined || placed.rows.has(roles.row(i))
        const covered =
          placed.op === 'replace'
            ? roles.position(i) < placed.values.rows
            : !('applies' in placed) || placed.applies!(roles.row(i), roles.position(i))
        applies[i] = here && covered && roles.at(i, placed.positions) ? 1 : 0
        dose[i] = applies[i]! * strength
      }
    }
    settle()
    // Without a single token there is nothing to compile, and the receipt says that it did not fire here.
    if (!applies.includes(1)) return x
    let refresh = settle
    let after: Tensor
    let wanted: Tensor | undefined
    let projection: Tensor | undefined
    const doses = graph.input('F32', [1, n], dose)
    if (placed.op === 'replace') {
      const data = new Float32Array(width * n)
      const rest = new Float32Array(n)
      refresh = () => {
        settle()
        for (let i = 0; i < n; i++) {
          rest[i] = 1 - applies[i]!
          const from = roles.position(i) * width
          if (applies[i] === 1) data.set(placed.values.data.subarray(from, from + width), i * width)
          else data.fill(0, i * width, (i + 1) * width)
        }
      }
      refresh()
      const values = graph.input('F32', [width, n], data)
      // x * 0 + v is v to the bit, and x * 1 + 0 is x.
      after = graph.add(graph.mul(x, graph.input('F32', [1, n], rest)), values)
      wanted = norms(graph, graph.mul(graph.sub(values, x), doses))
    } else if (placed.op === 'add') {
      after = graph.add(x, outer(graph, placed.vector, doses))
    } else if ('change' in placed) {
      const change = graph.mul(placed.change(graph, x), doses)
      wanted = norms(graph, change)
      after = graph.add(x, change)
    } else {
      const u = graph.input('F32', [width], placed.vector)
      const distance = graph.scale(graph.mulMat(u, x), -1, placed.mean) // [1, n]: mean - <x, u>
      const coefficients = graph.mul(distance, doses)
      wanted = graph.square(coefficients)
      after = graph.add(x, outer(graph, placed.vector, coefficients))
      // Only a whole ablation leaves nothing of the direction.
      if (placed.amount === 1) projection = graph.output(graph.scale(graph.mulMat(u, after), 1, -placed.mean))
    }
    this.#probes.push({
      placed,
      roles,
      applies,
      refresh,
      before: graph.output(norms(graph, x)),
      change: graph.output(norms(graph, graph.sub(after, x))),
      after: graph.output(norms(graph, after)),
      wanted: wanted === undefined ? undefined : graph.output(wanted),
      projection,
    })
    return after
  }

  /**
   * Reads what the interventions did in the pass that was just computed and checks it.
   *
   * @throws PalimpsestError `receipt` when a change is not what was asked for
   */
  collect(graph: Graph): void {
    for (const probe of this.#probes) {
      const { placed } = probe
      const which = this.#placed.indexOf(placed)
      const change = graph.read(probe.change)
      const before = graph.read(probe.before)
      const after = graph.read(probe.after)
      const wanted = probe.wanted === undefined ? undefined : graph.read(probe.wanted)
      const projection = probe.projection === undefined ? undefined : graph.read(probe.projection)
      const all: Sum = { tokens: 0, asked: 0, measured: 0, left: 0 }
      const byText = new Map<number, Sum>()
      probe.applies.forEach((yes, i) => {
        const moved = Math.sqrt(change[i]!)
        const ask =
          yes === 0 ? 0 : placed.op === 'add' ? Math.abs(placed.dose) * placed.norm : Math.sqrt(wanted![i]!)
        const scale = Math.sqrt(before[i]!) + Math.sqrt(after[i]!)
        if (!(Math.abs(moved - ask) <= RELATIVE * ask + ROUNDING * scale))
          throw disagreement(placed, i, ask, moved)
        if (yes === 0) return
        const norm = Math.sqrt(Math.max(before[i]!, after[i]!, 1e-60))
        const left = projection === undefined ? 0 : Math.abs(projection[i]!) / norm
        if (!(left <= LEFT)) throw disagreement(placed, i, 0, Math.abs(projection![i]!))
        const text = probe.roles.row(i)
        if (!byText.has(text)) byText.set(text, { tokens: 0, asked: 0, measured: 0, left: 0 })
        for (const sum of [all, byText.get(text)!]) {
          sum.tokens++
          sum.asked += ask
          sum.measured += moved
          sum.left = Math.max(sum.left, left)
        }
      })
      addTo(this.receipts[which]!, all)
      for (const [text, sum] of this.#texts === undefined ? [] : byText) {
        const receipts = this.#texts!.get(text) ?? new Map<number, Receipt>()
        this.#texts!.set(text, receipts)
        if (!receipts.has(which)) receipts.set(which, emptyReceipt(placed))
        addTo(receipts.get(which)!, sum)
      }
    }
  }

  /**
   * Refuses a run in which an intervention never applied to anything.
   *
   * @throws PalimpsestError `intervention-idle`
   */
  finish(): Receipt[] {
    for (const receipt of this.receipts)
      if (receipt.tokens === 0)
        throw new PalimpsestError(
          'input',
          'intervention-idle',
          'An intervention never applied to any token.',
          {
            where: `intervention ${receipt.index + 1} (${receipt.op}) at ${receipt.site}`,
            fix: 'Check its positions (`generated` needs generated tokens) and rows, and that something at or after its site is read: later blocks are not computed.',
          },
        )
    return this.receipts
  }
}

interface Sum {
  tokens: number
  asked: number
  measured: number
  left: number
}

function emptyReceipt(p: Placed): Receipt {
  return {
    index: p.index,
    op: p.op,
    site: p.site,
    fired: 0,
    tokens: 0,
    asked: 0,
    measured: 0,
    ...(p.op === 'ablate' && p.amount === 1 ? { left: 0 } : {}),
  }
}

/** Adds one pass to a receipt, whose norms are means over its tokens. */
function addTo(receipt: Receipt, pass: Sum): void {
  if (pass.tokens === 0) return
  const tokens = receipt.tokens + pass.tokens
  receipt.fired++
  receipt.asked = (receipt.asked * receipt.tokens + pass.asked) / tokens
  receipt.measured = (receipt.measured * receipt.tokens + pass.measured) / tokens
  receipt.tokens = tokens
  if (receipt.left !== undefined) receipt.left = Math.max(receipt.left, pass.left)
}

/** Squared norm of each column: [width, n] -> [1, n]. */
function norms(graph: Graph, x: Tensor): Tensor {
  return graph.sumRows(graph.square(x))
}

/** vector [width] times coefficients [1, n]: [width, n]. */
function outer(graph: Graph, vector: Float32Array, coefficients: Tensor): Tensor {
  return graph.mulMat(graph.input('F32', [1, vector.length], vector), coefficients)
}

function disagreement(placed: Placed, token: number, asked: number, measured: number): PalimpsestError {
  return new PalimpsestError('gate', 'receipt', 'An intervention did not do what it was asked to do.', {
    where: `intervention ${placed.index + 1} (${placed.op}) at ${placed.site}, token ${token} of the pass`,
    expected: `a change of norm ${asked.toPrecision(6)}`,
    found: measured.toPrecision(6),
    fix: 'Please report this with the output of `palimpsest doctor`: it is a defect, or the device computes wrongly.',
  })
}
