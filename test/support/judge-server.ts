/** An OpenAI-compatible endpoint on 127.0.0.1, for tests: it answers as it is told, and misbehaves on demand. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SeenRequest {
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: { readonly model: string; readonly messages: readonly { role: string; content: string }[] }
}

type Handler = (request: IncomingMessage, response: ServerResponse, seen: SeenRequest) => void

/** A body of chat completions. */
export function completion(
  content: unknown,
  more: { finish_reason?: string; refusal?: string } = {},
): string {
  const { finish_reason = 'stop', ...message } = more
  return JSON.stringify({
    choices: [{ index: 0, finish_reason, message: { role: 'assistant', content, ...message } }],
    usage: { prompt_tokens: 100, completion_tokens: 7, total_tokens: 107 },
  })
}

export class JudgeServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = []
  /** What is said about a question. */
  say: (seen: SeenRequest) => string = () => '{"answer": "1"}'
  readonly #faults: Handler[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const seen = { headers: request.headers, text, body: JSON.parse(text) }
        this.requests.push(seen)
        const fault = this.#faults.shift()
        if (fault !== undefined) fault(request, response, seen)
        else response.writeHead(200, { 'content-type': 'application/json' }).end(completion(this.say(seen)))
      })
    })
  }

  static async start(): Promise<JudgeServer> {
    const server = new JudgeServer()
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  /** The next requests go wrong, one each. */
  fault(...handlers: Handler[]): void {
    this.#faults.push(...handlers)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Handler =>
  (_, response) =>
    response.writeHead(code, headers).end(body)
export const silence: Handler = () => {}
export const cut: Handler = (request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
  response.write('{"choices": [', () => request.socket.destroy())
}
/** An answer of this content, whatever the server says otherwise. */
export const content =
  (...args: Parameters<typeof completion>): Handler =>
  (_, response) =>
    response.writeHead(200).end(completion(...args))
