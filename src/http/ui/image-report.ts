import type { Report } from '../../domain/image/facts.ts'
import type { ImageReport } from '../../schemas.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { PageFrame } from './page-route.ts'
import { digestMarkup, factList, idMarkup, quantity, sizeInWords, timeMarkup } from './texts.ts'
import { containerWay } from './ways.ts'

type ReportedImage = ImageReport['images'][number]

/** What is wrong with the archive. */
export function problemList({ problems, problemsOmitted }: ImageReport): MarkupPart {
  if (!problems || problems.length === 0) return undefined
  return html`<section aria-labelledby="problems" class="reasons"><h2 id="problems">Problems</h2><ul>
${problems.map(({ code, message }) => html`<li class="bad" data-code="${code}"><p>${message}</p></li>`)}
${problemsOmitted > 0 && html`<li class="bad"><p>and ${problemsOmitted} more</p></li>`}</ul></section>`
}

/** What reading the bytes found: of each image in the archive, mostly one. */
export function reportSections(report: ImageReport, frame: PageFrame): Markup {
  const { base } = report as ImageReport & { base?: { container: string; by: string; missing: string[] } | null }
  const builtOn =
    base &&
    html`<section aria-labelledby="on"><h2 id="on">Built on</h2><p><a href="${exact(containerWay(base.container, frame))}">${idMarkup(base.container)}</a> <small>found by ${base.by}</small>${base.missing.length > 0 && html`, which has no image for ${base.missing.join(', ')}`}</p></section>`
  return html`${builtOn}${report.images.map((image) => imageSections(image, frame))}`
}

const imageSections = (image: ReportedImage, frame: PageFrame): Markup => html`<section aria-label="Contents">
<h2>Decisive files</h2>${decisiveList({ images: [image], problems: [] }) ?? html`<p class="none">No program decides.</p>`}
${configuration(image, frame)}
${census(image)}
${layerTable(image)}
</section>`

function configuration({ config, base, tags, manifest }: ReportedImage, frame: PageFrame): MarkupPart {
  if (!config) return html`<h2>Configuration</h2><p class="none">The archive holds none.</p>`
  const line = (words: readonly string[] | undefined) => words && words.length > 0 && html`<code>${words.join(' ')}</code>`
  return html`<h2>Configuration</h2>${factList([
    ['platform', [config.os, config.architecture, config.variant].filter(Boolean).join('/')],
    ['entry point', line(config.entrypoint)],
    ['command', line(config.command)],
    ['user', config.user],
    ['working directory', config.workingDirectory && html`<code>${config.workingDirectory}</code>`],
    ['search path', config.path && html`<code>${config.path}</code>`],
    ['created', config.created && timeMarkup(config.created, frame.now)],
    ['author', config.author],
    ['base', base && html`<bdi>${base.name}</bdi> ${base.digest && digestMarkup(base.digest)}`],
    ['tags in the archive', tags?.join(', ')],
    ['manifest', manifest?.derived && 'made from the configuration and layers, as the archive holds none']
  ])}
${labelList(config.labels)}`
}

function labelList(labels: Readonly<Record<string, string>> | undefined): MarkupPart {
  const entries = Object.entries(labels ?? {})
  if (entries.length === 0) return undefined
  return html`<details class="labels"><summary>${quantity(entries.length, 'label')}</summary>${factList(entries.map(([name, value]) => [html`<bdi>${name}</bdi>`, html`<bdi>${value}</bdi>`] as never))}</details>`
}

/** How many programs and libraries there are for which machines, each with some paths. */
function census({ census }: ReportedImage): MarkupPart {
  if (!census) return undefined
  const { files, machines = [], foreign, strays, wrongLibraries } = census
  return html`<h2>Programs and libraries</h2>
<div class="wide" tabindex="0" role="region" aria-label="Programs and libraries"><table class="census"><caption class="unseen">Programs and libraries by the machines that they are for</caption>
<thead><tr><th scope="col">For</th><th scope="col" class="number">Files</th><th scope="col">Such as</th></tr></thead>
<tbody>${machines.map(({ architecture, files, samples }) => html`<tr data-architecture="${architecture}"><th scope="row">${architecture}</th><td class="number">${files}</td><td>${paths(samples)}</td></tr>`)}</tbody></table></div>
<p class="fine">Of ${files} files in all.</p>
${sampled('Not for this architecture', strays)}
${sampled('Libraries for another architecture', wrongLibraries)}
${foreign && foreign.files > 0 && html`<h3>Foreign, and known to be harmless</h3><ul class="files">${foreign.listed.map(({ path, architecture, why }) => html`<li><code>${path}</code>: ${architecture} <small>${why}</small></li>`)}</ul>`}`
}

const sampled = (title: string, found: { files: number; samples: string[] } | undefined): MarkupPart =>
  found !== undefined && found.files > 0 && html`<h3>${title} (${found.files})</h3><p>${paths(found.samples)}</p>`

const paths = (samples: readonly string[]): MarkupPart => samples.map((path, i) => html`${i > 0 && ', '}<code>${path}</code>`)

function layerTable({ layers = [] }: ReportedImage): MarkupPart {
  if (layers.length === 0) return undefined
  return html`<h2>Layers</h2><div class="wide" tabindex="0" role="region" aria-label="Layers"><table class="layers"><caption class="unseen">Layers, the lowest first</caption>
<thead><tr><th scope="col" class="number">#</th><th scope="col">Made by</th><th scope="col" class="number">Packed</th><th scope="col" class="number">Unpacked</th><th scope="col">Digest</th><th scope="col">Unpacked digest</th></tr></thead>
<tbody>${layers.map((layer, i) => html`<tr><td class="number">${i + 1}</td><td><code>${layer.createdBy ?? layer.name}</code></td><td class="number">${sizeInWords(layer.size)}</td><td class="number">${sizeInWords(layer.unpackedSize)}</td><td>${digestMarkup(layer.digest)}</td><td>${digestMarkup(layer.diffId ?? layer.configuredDiffId)}</td></tr>`)}</tbody></table></div>`
}

type DecisiveFile = ImageReport['images'][number]['decisive'][number]

/** A stored report. An earlier version may have written it, so members that it lacks count as empty. */
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
