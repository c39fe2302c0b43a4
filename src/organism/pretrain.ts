/** Next-token training on the corpus. */

import { corpusDocument } from './corpus.ts'
import type { CorpusKnobs } from './knobs.ts'
import { crossEntropy, type Target } from './objectives.ts'
import type { StageStep } from './stage.ts'
import type { TrainGraph } from './train-graph.ts'
import { BOS_ID, encode } from './vocabulary.ts'

/** The tokens of one document, BOS to EOS, cut to the length of a row. */
export function documentTokens(text: string, length: number): number[] {
  return [BOS_ID, ...encode(text)].slice(0, length)
}

/** Every token of a document after the first, as the target of the row before it. */
export function nextTokens(ids: readonly number[], start: number): Target[] {
  return ids.slice(1).map((token, t) => ({ row: start + t, token }))
}

/** One step of pre-training: as many documents as the batch holds, loss on every next token. */
export function pretrainStep(knobs: CorpusKnobs, seed: number): StageStep {
  return async ({ trainer, graph, step, signal }) => {
    const documents = batchDocuments(graph, knobs, seed, step)
    const starts = graph.pack(documents)
    const targets = documents.flatMap((ids, i) => nextTokens(ids, starts[i]!))
    await graph.forward(signal)
    graph.seed.fill(0)
    return {
      loss: crossEntropy(graph.probabilities, trainer.network.architecture.vocabulary, targets, graph.seed),
    }
  }
}

/** Documents of a step, in the order of the corpus, until the rows are full. */
function batchDocuments(graph: TrainGraph, knobs: CorpusKnobs, seed: number, step: number): number[][] {
  // Documents have three tokens at least, so this many always fill the rows.
  const most = Math.ceil((graph.rows * graph.length) / 3)
  const documents: number[][] = []
  let row = 0
  let at = 0
  for (let i = 0; i < most; i++) {
    const ids = documentTokens(corpusDocument(knobs, seed, step * most + i), graph.length)
    if (at + ids.length > graph.length) {
      row++
      at = 0
    }
    if (row === graph.rows) break
    at += ids.length
    documents.push(ids)
  }
  return documents
}
