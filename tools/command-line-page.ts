import { commands } from '../src/cli/commands.ts'
import { helpOf } from '../src/cli/help.ts'
import { withSection } from './section.ts'

/** docs/command-line.md with every command's help. */
export async function commandLinePage(): Promise<string> {
  const entries = [...commands]
  const overview = entries.map(([name, { summary }]) => `| [\`${name}\`](#${name}) | ${summary.replaceAll('|', '\\|')} |`)
  const helps = await Promise.all(entries.map(async ([name, { load }]) => `## ${name}\n\n\`\`\`text\n${helpOf(await load())}\n\`\`\`\n`))
  return withSection('docs/command-line.md', {
    name: 'commands',
    text: `| command | what it does |\n|---|---|\n${overview.join('\n')}\n\n${helps.join('\n')}`
  })
}
