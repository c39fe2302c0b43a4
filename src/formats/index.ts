/** Bytes on disk and on the Hub: checkpoints, tensors, tokenizers, chat templates, references. */
export {
  type ChatMessage,
  type ChatTemplate,
  chatTemplateFromGguf,
  loadChatTemplate,
} from './chat-template.ts'
export { type Checkpoint, hashCheckpoint, openCheckpoint } from './checkpoint.ts'
export { type GgufFile, openGguf } from './gguf.ts'
export {
  type Fetched,
  type FetchOptions,
  type FetchProgress,
  fetchReference,
  isHubRef,
  parseHubRef,
  resolveReference,
} from './hub.ts'
export { type HubSettings, hubSettings } from './hub-settings.ts'
export { openSafetensors, openSafetensorsIndex, readF32 } from './safetensors.ts'
export { loadTokenizer, type Tokenizer, tokenizerFromGguf } from './tokenizer.ts'
