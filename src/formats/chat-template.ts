// TEMPORARY (lead): helper 2 replaces this file.
export interface ChatTemplate {
  readonly source: string
  readonly text: string
}
export async function loadChatTemplate(_f: string): Promise<ChatTemplate | undefined> {
  return undefined
}
export function chatTemplateFromGguf(_kv: unknown): ChatTemplate | undefined {
  return undefined
}
