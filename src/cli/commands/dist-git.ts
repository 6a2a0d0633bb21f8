import type { ChannelContainerfiles, PromotionSummary } from '../../schemas.ts'
import { type Api, itemPages, pathOf } from '../client/api.ts'
import { clientCommand, output, textOf } from '../client/client-command.ts'
import { writeFolders } from '../client/dist-git-folders.ts'
import { type GitRepository, openRepository } from '../client/git-repository.ts'
import { complain, counted, harmless, missing, misuse } from '../terminal/terminal.ts'

/** Which promotion a commit has, in its message. */
const trailer = 'Leporello-Promotion'

export const distGit = clientCommand({
  usage: 'dist-git --channel CHANNEL --into DIR [--push] [--url URL] [--json]',
  description: `Writes the Containerfiles that the images of a channel were built from into a git repository, one folder an image, and commits them: one
commit for each promotion since the last time, with its reason and its author, and none where nothing changed. DIR is an empty folder, or a
repository that this command made; one with other commits or with changes is refused. Files of other names are left alone. An image without a
known Containerfile is left out, with the reason on standard error, and keeps the folder that it has. It needs git.`,
  options: {
    channel: { type: 'string', help: 'the channel' },
    into: { type: 'string', help: 'the folder of the repository' },
    push: { type: 'boolean', help: 'push the branch to origin afterwards' }
  },
  examples: [
    ['leporello dist-git --channel current-passed-ci --into ./containerfiles', 'bring the repository up to date'],
    ['leporello dist-git --channel current-passed-ci --into ./containerfiles --push', 'and push it']
  ],
  run: async ({ api, values, json }) => {
    const channel = textOf(values, 'channel') ?? missing('--channel is missing')
    const into = textOf(values, 'into') ?? missing('--into is missing')
    const numbers = await promotions(api, channel)
    const repository = await openRepository(into)
    const done = await committedBefore(repository, channel, numbers.at(-1)!)
    const commits: number[] = []
    let leftOut: ChannelContainerfiles['left_out'] = []
    for (const number of numbersSince(numbers, done)) {
      const set = await api.ask<ChannelContainerfiles>({ path: pathOf`/api/v1/channels/${channel}/containerfiles`, query: { number } })
      if (await commitSet(api, repository, set)) commits.push(number)
      leftOut = set.left_out
    }
    for (const { id, reason } of leftOut) complain(harmless(`left out: ${id}: ${reason}`))
    if (values['push'] === true && (await repository.hasCommits())) await repository.push()
    const line = commits.length === 0 ? 'nothing changed' : `${counted(commits.length, 'commit')}, up to promotion ${numbers.at(-1)}`
    output(json, { value: { channel, folder: repository.folder, commits, left_out: leftOut }, line: `${channel}: ${line}` })
  }
})

/** Returns the numbers of the promotions that the server remembers, the oldest first. */
async function promotions(api: Api, channel: string): Promise<number[]> {
  const numbers: number[] = []
  const request = { path: pathOf`/api/v1/channels/${channel}/history`, query: {}, most: Number.POSITIVE_INFINITY }
  for await (const page of itemPages<PromotionSummary>(api, request)) numbers.push(...page.map(({ number }) => number))
  return numbers.reverse()
}

/** The last one is looked at again: a build may have reported since. In a new repository it is the only one. */
const numbersSince = (numbers: readonly number[], done: number | undefined): readonly number[] =>
  done === undefined ? numbers.slice(-1) : numbers.filter((number) => number > done || number === numbers.at(-1))

/** Returns the number of the promotion that was committed last. */
async function committedBefore(repository: GitRepository, channel: string, newest: number): Promise<number | undefined> {
  const { folder } = repository
  const value = await repository.lastTrailer(trailer)
  const [, of, digits] = /^(\S+) (\d+)$/.exec(value ?? '') ?? []
  if (of === undefined) {
    if (!(await repository.hasCommits())) return undefined
    throw misuse(`${folder} is a git repository that dist-git did not make; expected an empty folder, or one that it made`)
  }
  if (of !== channel) throw misuse(`${folder} is the repository of the channel ${of}; expected another folder for ${channel}`)
  if (Number(digits) <= newest) return Number(digits)
  throw misuse(`${folder} has promotion ${digits} of ${channel}, but this server's last is ${newest}; it belongs to another server`)
}

async function commitSet(api: Api, repository: GitRepository, set: ChannelContainerfiles): Promise<boolean> {
  const read = (digest: string) => api.text({ path: pathOf`/api/v1/containerfiles/${digest}` })
  const paths = await writeFolders(set, { root: repository.folder, committed: await repository.files(), read })
  if (paths.length === 0) return false
  const { channel, number, at, by, reason } = set.promotion
  const subject = `${channel}: ${reason?.replace(/\s+/g, ' ').trim() || `promotion ${number}`}`
  await repository.commit({ paths, message: `${subject}\n\n${trailer}: ${channel} ${number}\n`, author: authorOf(by), at })
  return true
}

/** Who moved the channel, in git's form. Nobody's address is known but one that is the name itself. */
function authorOf({ identity, agent, address, face }: PromotionSummary['by']): string {
  const name = (identity ?? agent ?? address ?? face).replace(/[<>\p{Cc}]/gu, ' ').trim() || face
  return `${name} <${/^\S+@\S+$/.test(name) ? name : ''}>`
}
