import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { FrozenRelease, ReleasedContainer } from '../../domain/releases/release.ts'
import { exact, html, type Markup } from './html.ts'
import { mark, verdictMark } from './marks.ts'
import type { DeclarePage, PageFrame } from './page-route.ts'
import { breadcrumb, commandMarkup, digestMarkup, idMarkup, quantity, shellWord, sizeInWords, timeMarkup, whoDid } from './texts.ts'
import { containerWay, releaseWay } from './ways.ts'

/** Frozen releases. The page of one is what testers are sent. */
export function releasePages(page: DeclarePage, { releases }: Pick<Catalogue, 'releases'>): void {
  page('/releases', async ({ frame }) => {
    const all = await releases.list()
    const main = html`<h1>Releases</h1>
<p class="fine">A release is a set that is frozen with its digests, under a name that never means anything else.</p>
${all.length === 0 ? noReleases(frame.url) : releaseTable(all, frame)}`
    return { title: 'Releases', section: 'releases', main }
  })

  page('/releases/:name', async ({ params, frame }) => {
    const release = await releases.read(params.name)
    return { title: `Release ${release.name}`, section: 'releases', main: releaseBody(release, frame) }
  })
}

const noReleases = (url: string): Markup => html`<section class="notice"><h2>Nothing is frozen yet</h2>
<p>Freeze what a channel means now, and send testers the link.</p>
${commandMarkup({ title: 'For example', command: `leporello release 2026.1 --from current-passed-ci --url ${shellWord(url)}` })}</section>`

function releaseTable(releases: readonly FrozenRelease[], frame: PageFrame): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Releases"><table class="releases"><caption class="unseen">Releases, the newest first</caption>
<thead><tr><th scope="col">Release</th><th scope="col" class="number">Images</th><th scope="col">Frozen</th><th scope="col">By</th><th scope="col">From</th><th scope="col">Why</th></tr></thead>
<tbody>${releases.map((release) => html`<tr data-release="${exact(release.name)}"><th scope="row"><a href="${exact(releaseWay(release.name, frame))}"><bdi>${exact(release.name)}</bdi></a></th><td class="number">${release.set.length}</td><td>${timeMarkup(release.created, frame.now)}</td><td>${whoDid(release.by)}</td><td><bdi>${release.from.channel}</bdi></td><td>${release.by.reason}</td></tr>`)}</tbody></table></div>`
}

function releaseBody({ name, created, by, from, set }: FrozenRelease, frame: PageFrame): Markup {
  const link = `${frame.url}/api/v1/releases/${encodeURIComponent(name)}`
  return html`${breadcrumb([[`${frame.root}ui/releases`, 'Releases']])}
<div id="release" data-release="${exact(name)}">
<h1><bdi>${exact(name)}</bdi> <small>release</small></h1>
<p class="standing"><span>${quantity(set.length, 'image')}</span> <span>frozen ${timeMarkup(created, frame.now)} by ${whoDid(by)}</span>${from.channel !== undefined && html` <span>from <bdi>${exact(from.channel)}</bdi></span>`}</p>
${by.reason && html`<p class="lead">${by.reason}</p>`}
<p>It never means anything else: <a href="${exact(releasePath(name, frame))}" class="frozen"><code>${exact(link)}</code></a></p>
<section aria-labelledby="commands" class="commands"><h2 id="commands">For testers</h2>
${[
  { title: 'Pull exactly these images, for this machine', command: `curl -fsS ${shellWord(`${link}?format=sh`)} | sh` },
  { title: 'References by digest, one a line', command: `curl -f ${shellWord(`${link}?format=text`)}` }
].map(commandMarkup)}
<p class="fine">Also as ${formats.map(([format, words], i) => html`${i > 0 && ', '}<a href="${exact(`${releasePath(name, frame)}?format=${format}`)}">${words}</a>`)}.</p></section>
<section aria-labelledby="set"><h2 id="set">What is in it</h2>
<div class="wide" tabindex="0" role="region" aria-label="The table of images"><table class="set-table"><caption class="unseen">Each image of each architecture, as it was when it was frozen</caption>
<thead><tr><th scope="col">Image</th><th scope="col">Architecture</th><th scope="col">Stood</th><th scope="col">Tested</th><th scope="col" class="number">Size</th><th scope="col">Manifest</th><th scope="col">Tarball</th></tr></thead>
<tbody>${set.map((container) => rowsOf(container, frame))}</tbody></table></div></section></div>`
}

const formats = [
  ['json', 'JSON'],
  ['yaml', 'an image list'],
  ['heat', 'a Heat environment'],
  ['text', 'text'],
  ['sh', 'a shell script']
] as const

const releasePath = (name: string, { root }: PageFrame): string => `${root}api/v1/releases/${encodeURIComponent(name)}`

/** Returns one row for each image of a container; the container's name spans them. */
const rowsOf = ({ id, origin, images }: ReleasedContainer, frame: PageFrame): Markup[] =>
  Object.entries(images).map(
    ([architecture, { verdict, test, size, manifest, sha256 }], i, all) =>
      html`<tr data-container="${exact(id)}" data-architecture="${architecture}">
${i === 0 && html`<th scope="rowgroup" rowspan="${all.length}"><a href="${exact(containerWay(origin, frame))}">${idMarkup(origin)}</a></th>`}
<td>${architecture}</td><td>${verdictMark({ verdict, status: 'present' })}</td><td>${test === null ? html`<span class="none">–</span>` : mark(test)}</td><td class="number">${sizeInWords(size)}</td><td>${digestMarkup(manifest)}</td><td>${digestMarkup(sha256)}</td></tr>
`
  )
