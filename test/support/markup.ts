/** Strict checks of HTML that a lenient parser would repair in silence. */

const VOID = new Set(['meta', 'br', 'hr'])
const ATTRIBUTE = /\s+([\w:-]+)(?:="([^"<]*)")?/y
const ENTITY = /&(?!(?:amp|lt|gt|quot|#39|nbsp|#160);)/

interface Tag {
  readonly name: string
  readonly closing: boolean
  readonly self: boolean
  readonly attributes: readonly string[]
}

/** The tags of a document and what lies between them; anything that is not exactly a tag is a fault. */
function scan(html: string): { tags: Tag[]; faults: string[] } {
  const tags: Tag[] = []
  const faults: string[] = []
  const text = html.replace(/^<!doctype html>/, '').replace(/<style>[^<]*<\/style>/g, '')
  const around = (at: number) => JSON.stringify(text.slice(Math.max(0, at - 40), at + 40))
  const words = (from: number, to: number) => {
    const piece = text.slice(from, to)
    if (piece.includes('>') || ENTITY.test(piece)) faults.push(`unescaped text near ${around(from)}`)
  }
  let end = 0
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', end)) {
    words(end, at)
    const head = /^<(\/?)([a-zA-Z][\w-]*)/.exec(text.slice(at, at + 60))
    if (head === null) {
      faults.push(`stray bracket near ${around(at)}`)
      end = at + 1
      continue
    }
    const attributes: string[] = []
    ATTRIBUTE.lastIndex = end = at + head[0].length
    for (let m = ATTRIBUTE.exec(text); m !== null; m = ATTRIBUTE.exec(text)) {
      attributes.push(m[1]!)
      if (ENTITY.test(m[2] ?? '')) faults.push(`unescaped attribute near ${around(end)}`)
      end = ATTRIBUTE.lastIndex
    }
    const close = /^\s*(\/?)>/.exec(text.slice(end, end + 8))
    if (close === null) faults.push(`a tag that does not end near ${around(at)}`)
    end += close?.[0].length ?? 0
    tags.push({ name: head[2]!, closing: head[1] === '/', self: close?.[1] === '/', attributes })
  }
  words(end, text.length)
  return { tags, faults }
}

/** What is wrong with a document: unbalanced tags, stray brackets and ampersands, unquoted attributes. */
export function markupFaults(html: string): string[] {
  const { tags, faults } = scan(html)
  const open: string[] = []
  for (const tag of tags) {
    if (tag.self || VOID.has(tag.name)) continue
    if (!tag.closing) open.push(tag.name)
    else if (open.pop() !== tag.name) faults.push(`</${tag.name}> closes another element`)
    if (new Set(tag.attributes).size < tag.attributes.length)
      faults.push(`<${tag.name}> repeats an attribute`)
  }
  if (open.length > 0) faults.push(`left open: ${open.join(' ')}`)
  return faults
}

/** Names of all elements and of all attributes. */
export function vocabulary(html: string): { elements: Set<string>; attributes: Set<string> } {
  const { tags } = scan(html)
  return {
    elements: new Set(tags.map((t) => t.name)),
    attributes: new Set(tags.flatMap((t) => t.attributes)),
  }
}
