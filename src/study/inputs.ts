/**
 * What a study gives to its models: labelled texts and prompts, read, checked, and turned into tokens with
 * the parts that count (content) told from the parts that do not (BOS, template, special tokens).
 */

import { readFile } from 'node:fs/promises'
import { nearest, refuse } from '../core/errors.ts'
import { explainFileError, hashFile } from '../core/files.ts'
import { type Matrix, matrix, row } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { type Domain, LOADINGS } from '../domain/index.ts'
import { type ChatTemplate, renderChat } from '../formats/chat-template.ts'
import { excerpt } from '../formats/excerpt.ts'
import { tokenOffsets } from '../formats/token-offsets.ts'
import { refuseDoubledBos, type Tokenizer } from '../formats/tokenizer.ts'
import type { ModelDescription } from '../model/load.ts'
import type { Study } from './schema.ts'
import { type Row, readTable } from './tables.ts'

/** Labelled texts. */
export interface LabelledTexts {
  readonly ids: readonly string[]
  readonly texts: readonly string[]
  /** 0 (pole A) or 1 (pole B). */
  readonly poles: Int8Array
  readonly groups: readonly string[]
  /** Topic and matched pair of each text, where they have any. */
  readonly topics: readonly string[] | undefined
  readonly pairs: readonly string[] | undefined
  readonly scores: Float64Array | undefined
  /** Fold of each text, where folds were given. */
  readonly folds: Int32Array | undefined
  /** Where they come from, for the manifest: path and SHA-256, or the domain. */
  readonly source: string
}

export interface Prompts {
  readonly ids: readonly string[]
  readonly texts: readonly string[]
  readonly issues: readonly string[]
  readonly loadings: readonly (string | undefined)[]
  /** Of each prompt one of the same form that has nothing to do with the domain, where there is one. */
  readonly controls: readonly (string | undefined)[]
  readonly source: string
}

/** The labelled texts of a study: its file, or the domain's statements (pairs, crossed, folds by issue). */
export async function readTexts(study: Study, domain: Domain): Promise<LabelledTexts> {
  if (study.texts === undefined) {
    const rows = domain.statements.flatMap((pair) => [
      { id: `${pair.id}/A`, text: pair.A, pole: 0, issue: pair.issue, pair: pair.id },
      { id: `${pair.id}/B`, text: pair.B, pole: 1, issue: pair.issue, pair: pair.id },
    ])
    return {
      ids: rows.map((r) => r.id),
      texts: rows.map((r) => r.text),
      poles: Int8Array.from(rows, (r) => r.pole),
      groups: rows.map((r) => r.issue),
      topics: undefined, // the groups are the topics: folds hold them out
      pairs: rows.map((r) => r.pair),
      scores: undefined,
      folds: undefined,
      source: `statements of the domain ${domain.name}`,
    }
  }
  const { file, text, pole, group, topic, pair, id, score, folds, limit } = study.texts
  const columns = [text, pole.column, group, ...[topic, pair, id, score].filter((c) => c !== undefined)]
  const rows = await readTable(file, { columns, limit })
  const where = (i: number): string => `${file}, row ${i + 1}`
  const cell = (row: Row, column: string, i: number): string => {
    const value = row.get(column)
    if (value === null || value === undefined || value.trim() === '')
      throw refuse(
        column === text ? 'text-empty' : 'table-cell',
        `The ${column === text ? 'text' : 'cell'} is empty.`,
        {
          where: `${where(i)}, column ${column}`,
          expected: 'a text',
          found: 'nothing',
          fix: 'Remove the row, or fill it.',
        },
      )
    return value
  }
  const poles = Int8Array.from(rows, (row, i) => {
    const value = cell(row, pole.column, i)
    if (value === pole.A) return 0
    if (value === pole.B) return 1
    const near = nearest(value, [pole.A, pole.B])
    throw refuse('pole-value', 'A row belongs to neither pole.', {
      where: `${where(i)}, column ${pole.column}`,
      expected: `${JSON.stringify(pole.A)} or ${JSON.stringify(pole.B)}`,
      found: JSON.stringify(value),
      fix:
        near.length > 0
          ? 'Correct the spelling, or remove the row.'
          : 'Remove rows of other values first, or correct the poles in the study file.',
    })
  })
  const groups = rows.map((row, i) => cell(row, group, i))
  return {
    ids: rows.map((row, i) => (id === undefined ? String(i) : cell(row, id, i))),
    texts: rows.map((row, i) => cell(row, text, i)),
    poles,
    groups,
    topics: topic === undefined ? undefined : rows.map((row, i) => cell(row, topic, i)),
    pairs: pair === undefined ? undefined : rows.map((row, i) => cell(row, pair, i)),
    scores:
      score === undefined
        ? undefined
        : Float64Array.from(rows, (row, i) => toNumber(cell(row, score, i), where(i))),
    folds: folds === undefined ? undefined : await readFolds(folds, groups),
    source: `${file} (sha256 ${await hashFile(file)})`,
  }
}

function toNumber(value: string, where: string): number {
  const number = Number(value)
  if (!Number.isFinite(number))
    throw refuse('table-cell', 'A score is not a number.', {
      where,
      expected: 'a finite number',
      found: value,
      fix: 'Remove the row, or leave texts.score out.',
    })
  return number
}

async function readFolds(path: string, groups: readonly string[]): Promise<Int32Array> {
  const malformed = (found: string): Error =>
    refuse('folds-unusable', 'The file of folds is not a JSON object.', {
      where: path,
      expected: '{ "GROUP": FOLD, ... }',
      found,
      fix: 'Write the fold of every group, counted from 0.',
    })
  let map: Record<string, unknown>
  try {
    map = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(error.message)
    throw explainFileError(error, path)
  }
  if (map === null || typeof map !== 'object' || Array.isArray(map)) throw malformed(excerpt(map))
  return Int32Array.from(groups, (g) => {
    const fold = map[g]
    if (!Number.isInteger(fold) || (fold as number) < 0)
      throw refuse('folds-unusable', 'A group has no fold.', {
        where: `${path}, group ${g}`,
        expected: 'an integer from 0 on',
        found: JSON.stringify(fold) ?? 'nothing',
        fix: 'Give every group of the texts a fold.',
      })
    return fold as number
  })
}

/** The prompts of a study: its own file, or the domain's. */
export async function readPrompts(study: Study, domain: Domain): Promise<Prompts> {
  if (study.prompts === undefined)
    return {
      ids: domain.prompts.map((p) => p.id),
      texts: domain.prompts.map((p) => p.text),
      issues: domain.prompts.map((p) => p.issue),
      loadings: domain.prompts.map((p) => p.loading),
      controls: domain.prompts.map((p) => p.control),
      source: `prompts of the domain ${domain.name}`,
    }
  const rows = await readTable(study.prompts, { columns: ['id', 'issue', 'text'] })
  const cells = (column: string): string[] =>
    rows.map((row, i) => {
      const value = row.get(column)
      if (value !== null && value !== undefined && value.trim() !== '') return value
      throw refuse(column === 'text' ? 'text-empty' : 'table-cell', `A prompt has no ${column}.`, {
        where: `${study.prompts}, row ${i + 1}, column ${column}`,
        expected: 'a text',
        found: 'nothing',
        fix: 'Remove the row, or fill it.',
      })
    })
  const ids = cells('id')
  const seen = new Set<string>()
  const twice = ids.findIndex((id) => seen.size === seen.add(id).size)
  if (twice >= 0)
    throw refuse('item-id', 'An id stands twice.', {
      where: `${study.prompts}, row ${twice + 1}`,
      expected: 'ids that differ',
      found: ids[twice]!,
      fix: 'Give every prompt an id of its own.',
    })
  return {
    ids,
    texts: cells('text'),
    issues: cells('issue'),
    loadings: rows.map((r, i) => {
      const loading = r.get('loading') ?? undefined
      if (loading === undefined || (LOADINGS as readonly string[]).includes(loading)) return loading
      throw refuse('table-cell', 'A prompt leans to neither pole.', {
        where: `${study.prompts}, row ${i + 1}, column loading`,
        expected: LOADINGS.join(', '),
        found: loading,
        fix: 'Correct it, or leave the cell empty.',
      })
    }),
    controls: rows.map((r) => r.get('control') ?? undefined),
    source: `${study.prompts} (sha256 ${await hashFile(study.prompts)})`,
  }
}

/** A text as tokens, with its content marked. */
export interface TokenizedText {
  readonly id: string
  readonly tokens: readonly number[]
  /** 1 for tokens of the text itself: no BOS, special or template tokens. */
  readonly content: Uint8Array
}

/**
 * Turns texts into tokens for a model: as they are (`raw`), or as the one user message of a chat that the
 * assistant is about to answer (`chat`, with the given model's template).
 *
 * @throws PalimpsestError `template-missing`, `text-no-content`, `doubled-bos`
 */
export async function tokenizeTexts(
  model: Pick<ModelDescription, 'tokenizer' | 'checkpoint'>,
  ids: readonly string[],
  texts: readonly string[],
  rendering: 'raw' | 'chat',
  template: ModelDescription['template'],
  date: string,
  signal?: AbortSignal,
): Promise<TokenizedText[]> {
  const { tokenizer } = model
  if (rendering === 'chat' && template === undefined)
    throw refuse('template-missing', 'Neither model has a chat template.', {
      where: model.checkpoint.path,
      expected: 'a chat template, for `render: chat`',
      found: 'none in the files of either',
      fix: 'Use `render: raw` in the study file.',
    })
  const out: TokenizedText[] = []
  const pace = pacer(signal)
  for (const [i, text] of texts.entries()) {
    await pace()
    const { tokens, content } = tokenizeText(
      tokenizer,
      text,
      rendering === 'raw' ? undefined : template,
      date,
    )
    if (!content.includes(1))
      throw refuse('text-no-content', 'A text has no content tokens.', {
        where: `text ${ids[i]}`,
        expected: 'at least one token that is not special',
        found: JSON.stringify(text.slice(0, 80)),
        fix: 'Remove the text: all of its tokens are special ones.',
      })
    out.push({ id: ids[i]!, tokens, content })
  }
  return out
}

/**
 * One text as tokens: as it is, or as the one user message of a chat where a template is given.
 *
 * @param date what a template that prints today's date sees
 * @param system a system message before it, where a template is given; it is no content
 * @throws PalimpsestError `doubled-bos`, `chat-template`
 */
export function tokenizeText(
  tokenizer: Tokenizer,
  text: string,
  template: ChatTemplate | undefined,
  date: string,
  system?: string,
): Omit<TokenizedText, 'id'> {
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: text },
  ]
  const chat =
    template === undefined
      ? undefined
      : renderChat(template, messages, {
          addGenerationPrompt: true,
          now: new Date(`${date}T12:00:00Z`),
        })
  const tokens =
    chat === undefined ? tokenizer.encode(text) : tokenizer.encode(chat.text, { addSpecialTokens: false })
  refuseDoubledBos(tokenizer, tokens)
  const content = new Uint8Array(tokens.length)
  if (chat === undefined) content.set(tokens.map((id) => (tokenizer.isSpecial(id) ? 0 : 1)))
  else {
    const offsets = tokenOffsets(tokenizer, chat.text, tokens)
    const { start, end } = chat.spans.at(-1)!
    for (let t = 0; t < tokens.length; t++) {
      // A word-level token begins with the space before it, which may still be the template's.
      const piece = chat.text.slice(offsets[t]!, offsets[t + 1]!)
      const from = offsets[t]! + (piece.trim() === '' ? 0 : piece.length - piece.trimStart().length)
      if (piece !== '' && from >= start && offsets[t + 1]! <= end && !tokenizer.isSpecial(tokens[t]!))
        content[t] = 1
    }
  }
  return { tokens, content }
}

/**
 * Mean over the used tokens of random embeddings: what words alone give a model that has learned nothing.
 * Every token id has a standard normal vector of its own, keyed by the seed.
 *
 * @param used 1 for the tokens of each text that are pooled
 * @returns [n texts, width]
 */
export async function randomEmbeddingPool(
  texts: readonly TokenizedText[],
  used: readonly Uint8Array[],
  width: number,
  seed: number,
  signal?: AbortSignal,
): Promise<Matrix> {
  const vectors = new Map<number, Float32Array>()
  const vectorOf = (id: number): Float32Array => {
    let v = vectors.get(id)
    if (v === undefined) {
      const rng = stream(seed, 'random-embeddings', id)
      v = Float32Array.from({ length: width }, () => rng.normal())
      vectors.set(id, v)
    }
    return v
  }
  const out = matrix(texts.length, width)
  const pace = pacer(signal)
  for (const [i, { tokens }] of texts.entries()) {
    await pace()
    const sum = row(out, i)
    let n = 0
    tokens.forEach((id, t) => {
      if (used[i]![t] === 0) return
      n++
      const v = vectorOf(id)
      for (let j = 0; j < width; j++) sum[j]! += v[j]!
    })
    for (let j = 0; j < width; j++) sum[j]! /= Math.max(1, n)
  }
  return out
}
