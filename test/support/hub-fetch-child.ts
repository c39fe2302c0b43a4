/** A process of its own that fetches a reference, for tests that kill it. */
import { fetchReference } from '../../src/formats/hub.ts'

const { path, files } = await fetchReference(process.argv[2]!, {
  onProgress: ({ fileBytes }) => process.stdout.write(`${fileBytes}\n`),
  onNote: (text) => process.stdout.write(`note ${text}\n`),
})
process.stdout.write(`done ${JSON.stringify({ path, fetched: files.filter((f) => f.fetched).length })}\n`)
