import { misuse } from '../client/api-error.ts'
import { attempt } from '../client/client-command.ts'
import { keysOf, renderFile } from '../client/templates.ts'
import { type Command, exit } from '../terminal/command.ts'

export const render: Command = {
  usage: 'render TEMPLATE [KEY=VALUE...] [--json]',
  description: `Fills the keys of a template such as "{{namespace}}/{{name_prefix}}nova-api:{{tag}}" and prints the file; comments, order and all else
stay as they are. TEMPLATE is a file, or - for standard input. {% if KEY == "value" %}, | default(...) and {% include 'file' %} are
understood; files are included from the folder of the template. No server is asked.

Exit status: 0 done, 64 a key that nobody gave, with its line and column, or anything else that is wrong with the template.`,
  options: { json: { type: 'boolean', help: 'print the file as the member text of a JSON object, and refusals as JSON' } },
  examples: [
    {
      command: 'leporello render overcloud_containers.yaml.j2 namespace=docker.io/tripleo name_prefix=centos- name_suffix= tag=current',
      does: 'print the list of these images'
    }
  ],
  maxPositionals: 200,
  run: async ({ values, positionals: [file, ...assignments] }) =>
    attempt({ values, name: 'render' }, async () => {
      if (file === undefined) throw misuse('expected a template')
      const text = renderFile(file, keysOf(assignments))
      process.stdout.write(values['json'] === true ? `${JSON.stringify({ text })}\n` : text)
      return exit.done
    })
}
