import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { PageFrame, UiPage } from './page-route.ts'

const sections = { catalogue: ['Catalogue', 'ui/'], channels: ['Channels', 'ui/channels'], releases: ['Releases', 'ui/releases'] } as const
/** What the navigation leads to. */
export type Section = keyof typeof sections

/** The frame of every page. */
export function layout({ title, section, main }: UiPage, frame: PageFrame): Markup {
  const { root, assets } = frame
  return html`<!doctype html>
<html lang="en" data-root="${exact(root)}" data-now="${frame.now.toISOString()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Leporello</title>
<link rel="stylesheet" href="${exact(assets)}pages.css">
<link rel="icon" type="image/svg+xml" href="${exact(assets)}icon.svg">
<script type="module" src="${exact(assets)}pages.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="${exact(root)}ui/"><img src="${exact(assets)}icon.svg" alt="" width="22" height="22">Leporello</a>
<nav aria-label="Main"><ul>
${Object.entries(sections).map(([name, [words, path]]) => html`<li><a href="${exact(root + path)}"${name === section && html` aria-current="page"`}>${words}</a></li>`)}
<li><a href="${exact(root)}docs">API</a></li>
</ul></nav>
${section !== 'catalogue' && searchForm(root)}
<p class="who">${whoIs(frame)}</p>
</header>
<main id="main" tabindex="-1">
${frame.done !== undefined && html`<p class="done" role="status">${frame.done}</p>`}
${main}
</main>
</body>
</html>
`
}

const searchForm = (root: string): Markup => html`<form class="find" role="search" action="${exact(root)}ui/" method="get">
<label class="unseen" for="find">Find containers</label><input id="find" type="search" name="q" placeholder="Find containers" maxlength="256">
</form>`

function whoIs({ root, path, identity, scopes, policy }: PageFrame): MarkupPart {
  const name =
    identity === null
      ? html`<a href="${exact(root)}ui/sign-in?${exact(String(new URLSearchParams({ to: path })))}">Sign in</a>`
      : html`<bdi>${identity}</bdi>`
  if (policy === 'read-only') return html`${name} <span class="tag">read-only</span>`
  const may = scopes.includes('register') ? 'may write' : scopes.includes('read') ? 'may read' : 'may not read'
  return html`${name} <span class="tag">${may}</span>`
}
