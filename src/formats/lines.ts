/** Lines of text files, plain or gzipped, one at a time, so that memory does not grow with the file. */

import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { PalimpsestError, refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'

/** Longest line, in characters. */
export const MAX_LINE = 10_000_000

export interface Line {
  readonly line: string
  /** From 1. */
  readonly number: number
}

/**
 * The lines of a file (`.gz` is unpacked). Only `\n` and `\r\n` end a line: Node's readline also breaks at
 * U+2028 and U+2029, which may stand inside a JSON string.
 *
 * @throws PalimpsestError `table-row` for a line that is too long, and for a file that is cut or damaged;
 *   `file-missing`, `file-permission`
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const file = createReadStream(path)
  const source = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  file.on('error', (error) => source.destroy(error))
  const decoder = new TextDecoder()
  let rest = ''
  let number = 0
  const next = (text: string): Line => ({
    line: text.endsWith('\r') ? text.slice(0, -1) : text,
    number: ++number,
  })
  try {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      const searched = rest.length
      rest += decoder.decode(chunk, { stream: true })
      let from = 0
      for (let end = rest.indexOf('\n', searched); end >= 0; end = rest.indexOf('\n', from)) {
        yield next(rest.slice(from, end))
        from = end + 1
      }
      rest = rest.slice(from)
      if (rest.length > MAX_LINE)
        throw refuse('table-row', 'A line is impossibly long.', {
          where: `${path}, line ${number + 1}`,
          expected: `at most ${MAX_LINE} characters`,
          found: `more than ${MAX_LINE} without a line break`,
          fix: 'Check that the file is a table with line breaks, and not one document.',
        })
    }
    rest += decoder.decode()
    if (rest !== '') yield next(rest)
  } catch (error) {
    const explained = explainFileError(error, path)
    if (explained instanceof PalimpsestError) throw explained
    throw refuse('table-row', 'The file cannot be read to its end.', {
      where: `${path}, after line ${number}`,
      expected: 'a whole file',
      found: (error as Error).message,
      fix: 'The file is damaged or cut: make or fetch it again.',
    })
  } finally {
    source.destroy()
    file.destroy()
  }
}
