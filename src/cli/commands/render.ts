import { attempt } from '../client/client-command.ts'
import { keysOf, renderFile } from '../client/inputs.ts'
import { type Command, exit, missing } from '../terminal/terminal.ts'

export const render: Command = {
  usage: 'render TEMPLATE [KEY=VALUE...] [--json]',
  description: `Fills the keys of a template such as "{{namespace}}/{{name_prefix}}nova-api:{{tag}}" and prints the file; comments, order and all else
stay as they are. TEMPLATE is a file, or - for standard input. {% if KEY == "value" %}, | default(...) and {% include 'file' %} are
understood; files are included from the folder of the template. No server is asked.

Exit status: 0 done, 64 a key that nobody gave, with its line and column, or anything else that is wrong with the template.`,
  options: { json: { type: 'boolean', help: 'print the file as the member text of a JSON object, and refusals as JSON' } },
  examples: [
    [
      'leporello render overcloud_containers.yaml.j2 namespace=docker.io/tripleo name_prefix=centos- name_suffix= tag=current',
      'print the list of these images'
    ]
  ],
  maxPositionals: 200,
  run: async ({ values, positionals: [file, ...assignments] }) =>
    attempt({ values, name: 'render' }, async () => {
      const text = renderFile(file ?? missing('expected a template'), keysOf(assignments))
      process.stdout.write(values['json'] === true ? `${JSON.stringify({ text })}\n` : text)
      return exit.done
    })
}
