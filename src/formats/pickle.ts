/**
 * Python pickles as data. Nothing is imported and nothing is called: the few names that a file of weights
 * needs are on a list and stand for themselves, every other name is refused before anything is built from
 * it. What a pickle "constructs" becomes a {@link Built} record for the caller to interpret.
 * Format: CPython, Lib/pickletools.py. Opcodes that torch and numpy never write are refused.
 */

import { refuse } from '../core/errors.ts'

/** A name from the list, `module.name`. */
export class PickleGlobal {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** What calling `callee` with `args` would have made, had it been called. */
export class Built {
  readonly callee: string
  readonly args: readonly PickleValue[]
  constructor(callee: string, args: readonly PickleValue[]) {
    this.callee = callee
    this.args = args
  }
}

/** A persistent id: torch's reference to a storage. */
export class PersistentId {
  readonly id: PickleValue
  constructor(id: PickleValue) {
    this.id = id
  }
}

/** A Python tuple; lists are arrays, dicts are Maps, sets are Sets. */
export class Tuple {
  readonly items: readonly PickleValue[]
  constructor(items: readonly PickleValue[]) {
    this.items = items
  }
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | Tuple
  | Built
  | PickleGlobal
  | PersistentId

export interface PickleOptions {
  /** For messages. */
  readonly where: string
  /** Whether a global may be named; others are refused before anything is built. */
  readonly allows: (name: string) => boolean
}

const MAX_TEXT = 1 << 20
const MARK = Symbol('mark')
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const LATIN1 = new TextDecoder('latin1')
const CONVERT =
  'Save the weights alone (torch.save(model.state_dict(), ...)), or convert them to safetensors where you trust the file.'

/**
 * Reads one pickle from `start` on.
 *
 * @returns the value and where the pickle ends
 * @throws PalimpsestError `pickle-global` for a name that is not on the list, `pickle-opcode`,
 *   `pickle-malformed`
 */
export function readPickle(
  bytes: Uint8Array,
  options: PickleOptions,
  start = 0,
): { value: PickleValue; end: number } {
  return new Reader(bytes, options, start).run()
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #options: PickleOptions
  readonly #stack: (PickleValue | typeof MARK)[] = []
  readonly #memo = new Map<number, PickleValue>()
  #at: number

  constructor(bytes: Uint8Array, options: PickleOptions, start: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#options = options
    this.#at = start
  }

  run(): { value: PickleValue; end: number } {
    for (;;) {
      const op = this.#u8()
      if (op === 0x2e) return { value: this.#pop(), end: this.#at }
      this.#step(op)
    }
  }

  #step(op: number): void {
    const stack = this.#stack
    switch (op) {
      case 0x80: // PROTO
        if (this.#u8() > 5) throw this.#malformed('a protocol from 0 to 5')
        return
      case 0x95: // FRAME
        this.#need(8)
        this.#at += 8
        return
      case 0x28: // MARK
        stack.push(MARK)
        return
      case 0x4e: // NONE
        stack.push(null)
        return
      case 0x88: // NEWTRUE
        stack.push(true)
        return
      case 0x89: // NEWFALSE
        stack.push(false)
        return
      case 0x4b: // BININT1
        stack.push(this.#u8())
        return
      case 0x4d: // BININT2
        stack.push(this.#number(2, () => this.#view.getUint16(this.#at, true)))
        return
      case 0x4a: // BININT
        stack.push(this.#number(4, () => this.#view.getInt32(this.#at, true)))
        return
      case 0x8a: // LONG1
        stack.push(this.#long(this.#u8()))
        return
      case 0x47: // BINFLOAT
        stack.push(this.#number(8, () => this.#view.getFloat64(this.#at, false)))
        return
      case 0x58: // BINUNICODE
        stack.push(this.#text(this.#u32()))
        return
      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.#text(this.#u8()))
        return
      case 0x55: // SHORT_BINSTRING: Python 2's str
        stack.push(this.#text(this.#u8(), LATIN1))
        return
      case 0x43: // SHORT_BINBYTES
        stack.push(this.#take(this.#u8()).slice())
        return
      case 0x42: // BINBYTES
        stack.push(this.#take(this.#bounded(this.#u32())).slice())
        return
      case 0x7d: // EMPTY_DICT
        stack.push(new Map())
        return
      case 0x5d: // EMPTY_LIST
        stack.push([])
        return
      case 0x8f: // EMPTY_SET
        stack.push(new Set())
        return
      case 0x29: // EMPTY_TUPLE
        stack.push(new Tuple([]))
        return
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(new Tuple(this.#popMany(op - 0x84)))
        return
      case 0x74: // TUPLE
        stack.push(new Tuple(this.#popToMark()))
        return
      case 0x61: // APPEND
        this.#extend([this.#pop()])
        return
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.#extend(this.#popToMark())
        return
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2))
        return
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark())
        return
      case 0x71: // BINPUT
        this.#memo.set(this.#u8(), this.#peek())
        return
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#u32(), this.#peek())
        return
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#peek())
        return
      case 0x68: // BINGET
        stack.push(this.#recall(this.#u8()))
        return
      case 0x6a: // LONG_BINGET
        stack.push(this.#recall(this.#u32()))
        return
      case 0x63: // GLOBAL
        stack.push(this.#global(this.#line(), this.#line()))
        return
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2)
        if (typeof module !== 'string' || typeof name !== 'string') throw this.#malformed('two strings')
        stack.push(this.#global(module, name))
        return
      }
      case 0x51: // BINPERSID
        stack.push(new PersistentId(this.#pop()))
        return
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callee, args] = this.#popMany(2)
        if (!(callee instanceof PickleGlobal) || !(args instanceof Tuple))
          throw this.#malformed('a name and its arguments')
        stack.push(this.#build(callee.name, args.items))
        return
      }
      case 0x62: // BUILD: attributes of an object, such as the _metadata of an OrderedDict
        this.#popMany(1)
        this.#peek()
        return
      default:
        throw refuse('pickle-opcode', 'The pickle uses an instruction that no file of weights needs.', {
          where: `${this.#options.where}, byte ${this.#at - 1}`,
          expected: 'the instructions that torch.save writes for tensors',
          found: `opcode 0x${op.toString(16).padStart(2, '0')}`,
          fix: CONVERT,
        })
    }
  }

  /** An OrderedDict is the one class whose content the file sets item by item. */
  #build(callee: string, args: readonly PickleValue[]): PickleValue {
    if (callee !== 'collections.OrderedDict') return new Built(callee, args)
    const entries = args[0]
    const out = new Map<PickleValue, PickleValue>()
    if (Array.isArray(entries))
      for (const pair of entries) {
        const items = pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : []
        if (items.length !== 2) throw this.#malformed('pairs in an OrderedDict')
        out.set(items[0]!, items[1]!)
      }
    return out
  }

  #global(module: string, name: string): PickleGlobal {
    const full = `${module}.${name}`
    if (!this.#options.allows(full))
      throw refuse('pickle-global', 'The pickle names something that no file of weights needs.', {
        where: `${this.#options.where}, byte ${this.#at}`,
        found: full.slice(0, 200),
        expected: 'tensors, storages and plain Python data only',
        fix: `Nothing was executed. ${CONVERT}`,
      })
    return new PickleGlobal(full)
  }

  #extend(items: PickleValue[]): void {
    const target = this.#peek()
    if (Array.isArray(target)) for (const item of items) target.push(item)
    else if (target instanceof Set) for (const item of items) target.add(item)
    else throw this.#malformed('a list or set to add to')
  }

  #setItems(items: PickleValue[]): void {
    const target = this.#peek()
    if (!(target instanceof Map) || items.length % 2 !== 0) throw this.#malformed('a dict and pairs')
    for (let i = 0; i < items.length; i += 2) target.set(items[i]!, items[i + 1]!)
  }

  #pop(): PickleValue {
    const top = this.#stack.pop()
    if (top === undefined || top === MARK) throw this.#malformed('a value on the stack')
    return top as PickleValue
  }

  #popMany(n: number): PickleValue[] {
    const out: PickleValue[] = []
    for (let i = 0; i < n; i++) out.push(this.#pop())
    return out.reverse()
  }

  #popToMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK)
    if (at < 0) throw this.#malformed('a mark on the stack')
    const items = this.#stack.splice(at)
    return items.slice(1) as PickleValue[]
  }

  #peek(): PickleValue {
    const top = this.#stack.at(-1)
    if (top === undefined || top === MARK) throw this.#malformed('a value on the stack')
    return top as PickleValue
  }

  #recall(key: number): PickleValue {
    const value = this.#memo.get(key)
    if (value === undefined) throw this.#malformed(`a value remembered as ${key}`)
    return value
  }

  /** Little-endian two's complement. */
  #long(length: number): number | bigint {
    let value = 0n
    const bytes = this.#take(length)
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
    if (length > 0 && bytes[length - 1]! >= 128) value -= 1n << BigInt(8 * length)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end < 0 || end - this.#at > 1000) throw this.#malformed('a name on a line')
    const text = this.#text(end - this.#at)
    this.#at = end + 1
    return text
  }

  #text(length: number, decoder = UTF8): string {
    try {
      return decoder.decode(this.#take(this.#bounded(length)))
    } catch (error) {
      if (error instanceof TypeError) throw this.#malformed('text in UTF-8')
      throw error
    }
  }

  #bounded(length: number): number {
    if (length > MAX_TEXT) throw this.#malformed(`texts of at most ${MAX_TEXT} bytes`)
    return length
  }

  #take(length: number): Uint8Array {
    this.#need(length)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #number(length: number, read: () => number): number {
    this.#need(length)
    const value = read()
    this.#at += length
    return value
  }

  #u8(): number {
    this.#need(1)
    return this.#bytes[this.#at++]!
  }

  #u32(): number {
    return this.#number(4, () => this.#view.getUint32(this.#at, true))
  }

  #need(length: number): void {
    if (this.#at + length > this.#bytes.length) throw this.#malformed(`${length} more bytes`, 'the end')
  }

  #malformed(expected: string, found = 'something else'): Error {
    return refuse('pickle-malformed', 'The pickle is damaged.', {
      where: `${this.#options.where}, byte ${this.#at}`,
      expected,
      found,
      fix: 'Fetch the file again: the download or copy was cut or changed.',
    })
  }
}
