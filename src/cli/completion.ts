import { type Command, complain, exit, say } from './command.ts'
import { commands } from './commands.ts'

export const completion: Command = {
  usage: 'completion bash|zsh|fish',
  description: 'Prints the completion of this very program for a shell: its commands and their options.',
  options: { json: { type: 'boolean', help: 'the commands and their options as JSON, for other shells' } },
  examples: [
    { command: 'source <(leporello completion bash)', does: 'complete in this shell; in ~/.bashrc: in every one' },
    { command: 'leporello completion zsh > "$fpath[1]/_leporello"', does: 'the same for zsh' },
    { command: 'leporello completion fish > ~/.config/fish/completions/leporello.fish', does: 'the same for fish' }
  ],
  maxPositionals: 1,
  run: async ({ values, positionals: [shell] }) => {
    const words = await known()
    if (values['json'] === true) return told(JSON.stringify(words, null, 2))
    const script = shell === undefined ? undefined : scripts[shell]
    if (script) return told(script(words))
    complain(`leporello: expected a shell: ${Object.keys(scripts).join(', ')}\nTry: leporello completion --help`)
    return exit.usage
  }
}

interface Known {
  name: string
  summary: string
  options: { name: string; help: string; value: boolean }[]
}

/** As the commands say themselves. */
const known = (): Promise<Known[]> =>
  Promise.all(
    [...commands].map(async ([name, { summary, load }]) => {
      const { options } = await load()
      const own = Object.entries(options).map(([option, { help, type }]) => ({ name: option, help, value: type === 'string' }))
      return { name, summary, options: [...own, { name: 'help', help: 'how it is used', value: false }] }
    })
  )

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const named = (options: Known['options']) => options.map(({ name }) => `--${name}`).join(' ')

const scripts: Record<string, (words: Known[]) => string> = {
  bash: (words) => `_leporello() {
  local word=\${COMP_WORDS[COMP_CWORD]} options
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${words.map(({ name }) => name).join(' ')} --help --version' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${words.map(({ name, options }) => `    ${name}) options='${named(options)}' ;;`).join('\n')}
    *) return ;;
  esac
  if [ "\${word:0:1}" = - ]; then COMPREPLY=($(compgen -W "$options" -- "$word")); fi
}
complete -o bashdefault -o default -F _leporello leporello`,

  zsh: (words) => `#compdef leporello
_leporello() {
  local -a commands
  commands=(
${words.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${words
  .map(
    ({ name, options }) =>
      `    ${name}) _arguments ${options.map((option) => quoted(`--${option.name}${option.value ? '=' : ''}[${bracketed(option.help)}]${option.value ? ':value:_files' : ''}`)).join(' ')} '*:argument:_files' ;;`
  )
  .join('\n')}
  esac
}
if [ "$funcstack[1]" = _leporello ]; then _leporello "$@"; else compdef _leporello leporello; fi`,

  fish: (words) =>
    words
      .flatMap(({ name, summary, options }) => [
        `complete -c leporello -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(summary)}`,
        ...options.map(
          (option) =>
            `complete -c leporello -n '__fish_seen_subcommand_from ${name}' -l ${option.name}${option.value ? ' -r' : ''} -d ${fishQuoted(option.help)}`
        )
      ])
      .join('\n')
}

/** Within `[…]` of zsh's _arguments. */
const bracketed = (help: string) => help.replace(/[[\]\\]/g, '\\$&')
const fishQuoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`

function told(text: string): number {
  say(text)
  return exit.done
}
