/**
 * Losses as functions of the logits: each fills G = dLoss/dlogits and returns the loss. Rows are tokens of a
 * batch, [N, vocabulary] row-major; `p` are probabilities, softmax of the logits.
 */

/** What a batch asks to be predicted. */
export interface Target {
  /** Row whose next token it is. */
  readonly row: number
  /** The token. */
  readonly token: number
}

/**
 * Mean cross entropy, -log p(token), over the targets: dL/dz = (p - onehot) / n.
 * G must be zero on entry in rows without a target.
 */
export function crossEntropy(
  p: Float32Array,
  vocabulary: number,
  targets: readonly Target[],
  G: Float32Array,
  weight = 1,
): number {
  let loss = 0
  const scale = weight / targets.length
  for (const { row, token } of targets) {
    const at = row * vocabulary
    for (let j = at; j < at + vocabulary; j++) G[j]! += scale * p[j]!
    G[at + token]! -= scale
    loss -= scale * Math.log(p[at + token]!)
  }
  return loss
}

/** KL(p || q) of one row, in nats. */
export function rowKl(p: Float32Array, q: Float32Array, at: number, vocabulary: number): number {
  let kl = 0
  for (let j = at; j < at + vocabulary; j++) if (p[j]! > 0) kl += p[j]! * (Math.log(p[j]!) - Math.log(q[j]!))
  return kl
}

/**
 * weight * mean over rows of KL(p || q), p the policy: dKL/dz_j = p_j (log p_j - log q_j - KL).
 *
 * @returns the mean KL, without the weight
 */
export function klToReference(
  p: Float32Array,
  q: Float32Array,
  vocabulary: number,
  rows: readonly number[],
  weight: number,
  G: Float32Array,
): number {
  let total = 0
  const scale = weight / Math.max(1, rows.length)
  for (const row of rows) {
    const at = row * vocabulary
    const kl = rowKl(p, q, at, vocabulary)
    total += kl
    for (let j = at; j < at + vocabulary; j++)
      if (p[j]! > 0) G[j]! += scale * p[j]! * (Math.log(p[j]!) - Math.log(q[j]!) - kl)
  }
  return total / Math.max(1, rows.length)
}

/**
 * Advantages of a group of samples of one prompt (Shao et al. 2024, GRPO): (r - mean) / (SD + floor). The
 * floor keeps a group of nearly equal rewards from being blown up.
 *
 * @example groupAdvantages([1, -1], 0) // [1, -1]
 */
export function groupAdvantages(rewards: readonly number[], floor = 0.3): number[] {
  const mean = rewards.reduce((s, r) => s + r, 0) / rewards.length
  const sd = Math.sqrt(rewards.reduce((s, r) => s + (r - mean) ** 2, 0) / rewards.length)
  return rewards.map((r) => (r - mean) / (sd + floor || 1))
}

/**
 * Policy gradient, -mean over targets of A log p(token): dL/dz = A (p - onehot) / n. Samples are on-policy, so
 * the ratio of GRPO's objective is one and its clipping idle.
 */
export function policyGradient(
  p: Float32Array,
  vocabulary: number,
  targets: readonly (Target & { readonly advantage: number })[],
  G: Float32Array,
): number {
  let loss = 0
  for (const { row, token, advantage } of targets) {
    const at = row * vocabulary
    const scale = advantage / targets.length
    if (scale !== 0) for (let j = at; j < at + vocabulary; j++) G[j]! += scale * p[j]!
    G[at + token]! -= scale
    loss -= scale * Math.log(p[at + token]!)
  }
  return loss
}

/** A preference: targets of the chosen and of the rejected answer, and their log p under the reference. */
export interface Preference {
  readonly chosen: readonly Target[]
  readonly rejected: readonly Target[]
  /** Sums of log p(token) over the targets under the reference model. */
  readonly reference: { readonly chosen: number; readonly rejected: number }
}

/** Sum of log p(token) over targets. */
export function logLikelihood(p: Float32Array, vocabulary: number, targets: readonly Target[]): number {
  return targets.reduce((s, { row, token }) => s + Math.log(p[row * vocabulary + token]!), 0)
}

/**
 * DPO (Rafailov et al. 2023, equation 7): mean of -log sigmoid(beta m), m the margin of the policy's log ratio
 * over the reference's. dL/dz of a chosen token: -beta (1 - sigmoid(beta m)) (onehot - p) / n; of a rejected
 * one the opposite.
 *
 * @returns the loss and the share of pairs in which the policy prefers the chosen answer more than the reference
 */
export function dpo(
  p: Float32Array,
  vocabulary: number,
  pairs: readonly Preference[],
  beta: number,
  G: Float32Array,
): { loss: number; accuracy: number } {
  let loss = 0
  let right = 0
  for (const { chosen, rejected, reference } of pairs) {
    const margin =
      logLikelihood(p, vocabulary, chosen) -
      reference.chosen -
      (logLikelihood(p, vocabulary, rejected) - reference.rejected)
    // log(1 + exp(-x)) without overflow
    const x = beta * margin
    loss += (Math.max(0, -x) + Math.log1p(Math.exp(-Math.abs(x)))) / pairs.length
    if (margin > 0) right++
    const pull = beta / (1 + Math.exp(x)) / pairs.length
    for (const [targets, sign] of [
      [chosen, 1],
      [rejected, -1],
    ] as const)
      for (const { row, token } of targets) {
        const at = row * vocabulary
        for (let j = at; j < at + vocabulary; j++) G[j]! += sign * pull * p[j]!
        G[at + token]! -= sign * pull
      }
  }
  return { loss, accuracy: right / pairs.length }
}
