import type { ContainerView } from '../../catalogue/lists/image-views.ts'
import { tagNameOf } from '../../domain/oci/names.ts'
import { html, type Markup } from './html.ts'
import { commandMarkup, type ShellCommand, shellWord } from './texts.ts'

/** Returns the shell commands that a container's page suggests. `url` is the address by which the browser reached this server. */
export function containerCommands(view: ContainerView, url: string): Markup {
  return html`<section aria-labelledby="commands" class="commands"><h2 id="commands">What to type</h2>
${registryCommands(view, url)}
${urlCommands(view, url).map(commandMarkup)}
</section>`
}

/** `/v2/` stands at the root of the host, whatever the prefix is. */
function registryCommands(view: ContainerView, url: string): Markup {
  const name = tagNameOf(view.id)
  if ('why' in name) return html`<p class="fine">No registry client can pull it: ${name.why}.</p>`
  const { host, protocol } = new URL(url)
  const isPlain = protocol === 'http:'
  const reference = `${host}/${name.repository}:${name.tag}`
  const commands: ShellCommand[] = [
    { title: 'docker', command: `docker pull ${reference}` },
    { title: 'podman', command: `podman pull ${isPlain ? '--tls-verify=false ' : ''}${reference}` },
    {
      title: 'skopeo, all architectures',
      command: `skopeo copy --all ${isPlain ? '--src-tls-verify=false ' : ''}docker://${reference} dir:${name.repository.replaceAll('/', '-')}-${name.tag}`
    }
  ]
  return html`${commands.map(commandMarkup)}`
}

/** A name that a terminal would not show as it is must not be copied into one. */
const isPrintable = (id: string): boolean => !/[\p{Cc}\p{Cf}]/u.test(id)

function urlCommands({ id, images }: ContainerView, url: string): ShellCommand[] {
  const path = `${url}/api/v1/containers/${encodeURIComponent(id)}`
  // an exclamation mark would be history to an interactive shell
  const query = `id=${encodeURIComponent(id).replaceAll('!', '%21')}&format=text&arch=$(uname -m)`
  const architecture = Object.keys(images)[0]
  const download = architecture && `curl -fLOJ ${shellWord(`${path}/images/${architecture.replace('/', '-')}/download`)}`
  return [
    { title: 'Which image this machine runs', command: `curl -f "${url}/api/v0.1/container/resolve?${query}"` },
    ...(download ? [{ title: `The tarball for ${architecture}`, command: download }] : []),
    ...(isPrintable(id) ? clientCommands(`${shellWord(id)} --url ${shellWord(url)}`) : [])
  ]
}

const clientCommands = (subject: string): ShellCommand[] => [
  { title: 'All of this in a terminal', command: `leporello show ${subject}` },
  { title: 'Wait until it is complete', command: `leporello wait ${subject}` }
]
