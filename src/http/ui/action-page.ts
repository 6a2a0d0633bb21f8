import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import type { ActionCall } from './action-route.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { UiPage } from './page-route.ts'
import { breadcrumb } from './texts.ts'
import { catalogueWay } from './ways.ts'

/** What is asked before something is done. */
export interface ActionQuestion {
  title: string
  heading: Markup
  /** The page that it is about, and its name. */
  back: { href: string; words: MarkupPart }
  /** The page above that one; default the catalogue. */
  above?: { href: string; words: string }
  /** What it would do; absent while too little was said. */
  effects?: readonly MarkupPart[]
  /** Why it would be refused: then there is nothing to confirm. */
  refusal?: readonly string[]
  /** What people fill in. */
  inputs?: Markup
  /** The button that does it. */
  submit: string
  /** What the form carries along: names and values. */
  carried?: Readonly<Record<string, string>>
  /** Whether something is taken away. */
  isRemoval?: boolean
}

/** The page that asks. Its form goes back to its own address. */
export function questionPage(question: ActionQuestion, { texts, frame }: Pick<ActionCall, 'texts' | 'frame'>): UiPage {
  const { title, heading, back, above = { href: catalogueWay(frame), words: 'Catalogue' }, effects, refusal = [] } = question
  const mayConfirm = effects !== undefined && refusal.length === 0
  return {
    title,
    main: html`${breadcrumb([
      [above.href, above.words],
      [back.href, back.words]
    ])}
<h1>${heading}</h1>
${refusal.length > 0 && html`<section class="refused" role="alert"><h2>This would be refused</h2><ul>${refusal.map((reason) => html`<li>${reason}</li>`)}</ul></section>`}
${mayConfirm && html`<section class="effects" aria-labelledby="effects"><h2 id="effects">What this does</h2><ul>${effects.filter(Boolean).map((effect) => html`<li>${effect}</li>`)}</ul></section>`}
${question.inputs && html`<form class="action" method="post">${question.inputs}<p><button type="submit"${mayConfirm && html` class="plain"`}>Show what it would do</button></p></form>`}
${mayConfirm && confirmForm(question, texts['reason'])}
<p><a href="${exact(back.href)}">Leave it as it is</a></p>`
  }
}

const confirmForm = ({ carried = {}, submit, isRemoval }: ActionQuestion, reason = ''): Markup => html`<form class="action" method="post">
${Object.entries(carried).map(([name, value]) => html`<input type="hidden" name="${name}" value="${exact(value)}">`)}
<input type="hidden" name="confirm" value="yes">
<label>Why <small>(for the history)</small> <input name="reason" value="${reason}" maxlength="1000" autocomplete="off"></label>
<p><button type="submit"${isRemoval && html` class="removal"`}>${submit}</button></p>
</form>`

/** What a channel or release that names a container means for its removal: a refusal, unless it is asked for all the same. */
export async function holdersRefusal(
  holders: Catalogue['holders'],
  { params, texts }: ActionCall
): Promise<Pick<ActionQuestion, 'refusal' | 'inputs' | 'carried'>> {
  try {
    await holders.checkUnnamed(params.id)
    return {}
  } catch (error) {
    if (!isCatalogueError(error, 'container_named')) throw error
    if (texts['force'] === 'yes') return { carried: { force: 'yes' } }
    const inputs = html`<label class="check"><input type="checkbox" name="force" value="yes"> Remove it all the same: what names it then names nothing</label>`
    return { refusal: [error.message], inputs }
  }
}
