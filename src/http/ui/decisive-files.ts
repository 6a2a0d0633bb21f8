import type { Report } from '../../domain/image/facts.ts'
import type { ImageReport } from '../../schemas.ts'
import { html, type Markup, type MarkupPart } from './html.ts'

type DecisiveFile = ImageReport['images'][number]['decisive'][number]

/** A stored report, which an earlier version may have written: what it lacks counts as empty. */
const reportedImages = (report: Report | null | undefined): ImageReport['images'] => (report?.images ?? []) as ImageReport['images']

const shown = 3

/** The files that decided what an image is for, with their paths: the first few, and the others where somebody asks. */
export function decisiveList(report: Report | null | undefined): MarkupPart {
  const files = reportedImages(report).flatMap(({ decisive }) => decisive ?? [])
  if (files.length === 0) return undefined
  const [first, others] = [files.slice(0, shown), files.slice(shown)]
  return html`<ul class="files">${first.map(fileItem)}</ul>
${others.length > 0 && html`<details><summary>${others.length} more</summary><ul class="files">${others.map(fileItem)}</ul></details>`}`
}

const fileItem = (file: DecisiveFile): Markup => html`<li>${fileMarkup(file)}</li>`

/** `entrypoint /app/hello: amd64 executable, loaded by /lib64/ld-linux-x86-64.so.2` */
export function fileMarkup({ role, named, path, kind, architecture, type, interpreter }: DecisiveFile): Markup {
  const way = path === null || path === named ? html`<code>${named}</code>` : html`<code>${named}</code> → <code>${path}</code>`
  const what = kind === 'elf' ? [architecture, type].filter(Boolean).join(' ') : kind === 'absent' ? 'is not there' : kind
  const by = interpreter && html`, ${kind === 'script' ? 'run by' : 'loaded by'} <code>${interpreter}</code>`
  return html`${role && html`<small>${role}</small> `}${way}: ${what}${by}`
}
