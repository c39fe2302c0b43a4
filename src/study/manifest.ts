/** `manifest.json`: what a run's numbers came from, so that somebody else can get them again. */

import { cpus } from 'node:os'
import { join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import { packageVersion } from '../core/version.ts'
import type { Prepared } from './prepare.ts'
import type { PreregistrationRecord } from './results.ts'

/**
 * Writes the manifest of a finished run.
 *
 * @throws PalimpsestError `disk-full`, `file-permission`
 */
export async function writeManifest(
  run: string,
  p: Prepared,
  command: readonly string[],
  started: Date,
  preregistration?: PreregistrationRecord,
): Promise<void> {
  const { key } = p.models.all[0]!
  const steered = p.steered === undefined ? [] : [p.steered.dictionary]
  const dictionaries = p.dictionaries.length > 0 ? p.dictionaries : steered
  const manifest = {
    format: 1,
    palimpsest: packageVersion(),
    node: process.version,
    engine: key.engine,
    device: key.device,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    platform: `${process.platform} ${process.arch}`,
    command: command.join(' '),
    started: started.toISOString(),
    finished: new Date().toISOString(),
    seed: p.study.seed,
    ...(preregistration === undefined ? {} : { preregistration }),
    date_in_templates: p.study.date,
    study: hashJson(p.study),
    domain: { name: p.domain.name, hash: p.domain.hash },
    texts: p.texts.source,
    prompts: p.prompts.source,
    ...(dictionaries.length === 0
      ? {}
      : {
          dictionaries: dictionaries.map(({ ref, path, of, site, rule, hash, facts }) => ({
            ref,
            path,
            of,
            site,
            format: facts.format,
            rule,
            hash,
          })),
        }),
    models: p.models.all.map((m) => ({
      role: m.role,
      path: m.path,
      ...(m.adapter === undefined ? {} : { adapter: m.adapter }),
      hash: m.key.hash,
      stored_as: m.storedAs,
      precision: m.key.precision,
      tokenizer: m.description.tokenizer.hash,
    })),
  }
  await atomicWrite(join(run, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`)
}
