/** `fetch`: a model or dictionary from the Hugging Face Hub, into the cache that Python's library uses too. */

import { fetchReference } from '../../formats/hub.ts'
import type { Command } from '../command.ts'
import { bytes } from '../style.ts'

export const fetch: Command = {
  name: 'fetch',
  summary: 'Fetches a model or dictionary from the Hugging Face Hub into its standard cache.',
  configure(command) {
    command
      .argument('<ref>', 'hf:org/name, hf:org/name@revision or hf:org/name[@revision]:path/inside')
      .addHelpText(
        'after',
        `
Only the files that are needed are fetched; a download that was cut goes on where it ended, and every file is
checked against its checksum. HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE count.

Examples:
  palimpsest fetch hf:HuggingFaceTB/SmolLM2-135M
  palimpsest fetch hf:bartowski/SmolLM2-135M-Instruct-GGUF:SmolLM2-135M-Instruct-Q8_0.gguf`,
      )
  },
  async run(context, [ref]) {
    using progress = context.progress(`Fetching ${ref}`, 'bytes')
    const fetched = await fetchReference(ref!, {
      signal: context.signal,
      onNote: context.note,
      onProgress: (p) => progress.update(p.bytes, p.totalBytes),
    })
    progress[Symbol.dispose]()
    const fresh = fetched.files.filter((f) => f.fetched)
    context.answer(
      { ref, ...fetched },
      `${fetched.path}\n${fresh.length} of ${fetched.files.length} files fetched, ${bytes(fetched.bytes)} in all, commit ${fetched.commit}`,
    )
  },
}
