/** Finding what JSON.parse hides: a key that stands twice in an object. */

/**
 * The first key that occurs twice at the top level of a JSON object, or undefined. The text must be valid
 * JSON (parse it first). Keys are compared after unescaping.
 */
export function duplicateKey(json: string): string | undefined {
  const seen = new Set<string>()
  let depth = 0
  let expectsKey = false
  for (let i = 0; i < json.length; i++) {
    const c = json[i]
    if (c === '"') {
      const end = stringEnd(json, i)
      if (depth === 1 && expectsKey) {
        const key = JSON.parse(json.slice(i, end + 1)) as string
        if (seen.has(key)) return key
        seen.add(key)
        expectsKey = false
      }
      i = end
    } else if (c === '{' || c === '[') {
      depth++
      expectsKey = depth === 1
    } else if (c === '}' || c === ']') depth--
    else if (c === ',' && depth === 1) expectsKey = true
  }
  return undefined
}

/** Index of the quote that closes the string opened at `start`. */
function stringEnd(json: string, start: number): number {
  let i = start + 1
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1
  return i
}
