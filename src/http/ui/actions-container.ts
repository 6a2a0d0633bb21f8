import type { Catalogue } from '../../catalogue/catalogue.ts'
import { parseArchitecture, uniqueInTableOrder } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { RecordChange } from '../../schemas.ts'
import { holdersRefusal } from './action-page.ts'
import { type ActionCall, seenRevision, type UiAction } from './action-route.ts'
import { html, type Markup } from './html.ts'
import { idMarkup } from './texts.ts'
import { containerWay } from './ways.ts'

type ContainerActions = Pick<Catalogue, 'edits' | 'specsNaming' | 'building' | 'history' | 'holders'>

/** What people do with a whole container. */
export const containerActions = (parts: ContainerActions): UiAction[] => [removal(parts), expectation(parts), restoring(parts)]

const removal = ({ edits, holders, specsNaming }: ContainerActions): UiAction => ({
  path: '/containers/:id/remove',
  action: 'container:delete',
  async ask(call) {
    const { id } = call.params
    const [{ before }, specs, named] = await Promise.all([
      edits.apply({ ...call.change, id, edits: [{ op: 'delete' }] }),
      specsNaming(id),
      holdersRefusal(holders, call)
    ])
    const architectures = [...before!.record.images.keys()].join(', ')
    const effects = [
      html`The container is removed${architectures !== '' && `, with its images for ${architectures}`}. No machine finds it any more.`,
      'Its tarballs are removed after a while, unless another container names them.',
      'Its history stays, and can bring it back.',
      specs.length > 0 && html`These job specifications name it: <bdi>${specs.join(', ')}</bdi>.`
    ]
    const carried = { seen: seenRevision(before!.revision), ...named.carried }
    return { ...about('Remove', call), effects, ...named, carried, submit: 'Remove the container', isRemoval: true }
  },
  async act({ params: { id }, texts, change, frame }) {
    if (texts['force'] !== 'yes') await holders.checkUnnamed(id)
    await edits.apply({ ...change, id, edits: [{ op: 'delete' }] })
    return { to: containerWay(id, frame), done: 'removed' }
  }
})

const expectation = ({ building }: ContainerActions): UiAction => ({
  path: '/containers/:id/expect',
  action: 'container:write',
  async ask(call) {
    const { id } = call.params
    const now = await building.expected(id)
    const said = call.texts['architectures']
    const inputs = html`<label>Architectures <small>(between spaces; leave it empty to have the rules of this server decide)</small>
<input name="architectures" value="${said ?? (call.request.method === 'POST' ? '' : now.architectures.join(' '))}" maxlength="1000" autocomplete="off" spellcheck="false"></label>`
    if (call.request.method !== 'POST') return { ...about('Expect architectures of', call), inputs, submit: '' }
    const wanted = await building.expect({ ...call.change, id, architectures: namesIn(said) })
    const effects = [
      html`Expected so far: <b>${now.architectures.join(', ') || 'nothing'}</b>.`,
      html`Expected from now on: <b>${wanted.architectures.join(', ') || 'nothing'}</b>${namesIn(said) === null && ', as the rules say'}.`,
      wanted.unchanged ? 'That is what is expected already.' : 'The container is complete once there is an image for each of them.'
    ]
    const carried = { architectures: said ?? '', seen: seenRevision(now.revision) }
    return { ...about('Expect architectures of', call), inputs, effects, carried, submit: 'Expect these' }
  },
  async act({ params: { id }, texts, change, frame }) {
    const { unchanged } = await building.expect({ ...change, id, architectures: namesIn(texts['architectures']) })
    return { to: containerWay(id, frame), done: unchanged ? 'unchanged' : 'expected' }
  }
})

/** Null leaves it to the rules. */
function namesIn(said = '') {
  const names = said.split(/[\s,]+/).filter(Boolean)
  return said.trim() === '' ? null : uniqueInTableOrder(names.map(parseArchitecture))
}

const restoring = ({ history }: ContainerActions): UiAction => ({
  path: '/containers/:id/restore',
  action: 'container:write',
  async ask(call) {
    const { id } = call.params
    const revision = revisionIn(call)
    const [{ from, changes }, { warnings, unchanged }] = await Promise.all([
      history.compare(id, { from: 'current', to: revision }),
      history.restore({ ...call.change, id, revision })
    ])
    const effects = unchanged
      ? ['It means the same already: nothing would be written.']
      : [...changes.map(changeMarkup), ...warnings.map(({ message }) => html`<b>Note:</b> ${message}.`)]
    const carried = { revision, seen: seenRevision(from) }
    return { ...about('Restore', call), effects, carried, submit: 'Register it as it was' }
  },
  async act(call) {
    const { id } = call.params
    const { unchanged } = await history.restore({ ...call.change, id, revision: revisionIn(call) })
    return { to: containerWay(id, call.frame), done: unchanged ? 'unchanged' : 'restored' }
  }
})

const changeMarkup = ({ kind, what, architecture, before, after, message }: RecordChange): Markup =>
  what === 'container'
    ? html`The container is registered again.`
    : html`<span title="${message}">${architecture === null ? what : `image for ${architecture}`}, ${kind}</span>: ${before !== null && html`<del><code>${before}</code></del>`} ${after !== null && html`<ins><code>${after}</code></ins>`}`

function revisionIn({ texts }: ActionCall): string {
  if (texts['revision'] !== undefined) return texts['revision']
  throw new CatalogueError('parameter_missing', 'a revision is needed; choose one in the history of the container')
}

function about(verb: string, { params: { id }, frame }: ActionCall) {
  return { title: `${verb} ${id}`, heading: html`${verb} ${idMarkup(id)}`, back: { href: containerWay(id, frame), words: idMarkup(id) } }
}
