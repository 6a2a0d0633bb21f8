import { own } from '../../domain/own.ts'
import { loadCommands } from '../commands.ts'
import { type Command, complain, exit, say } from '../terminal/terminal.ts'

export const completion: Command = {
  usage: 'completion bash|zsh|fish',
  description: `Prints a script with which a shell completes the commands of this program and their options.

Exit status: 0 done, 64 unknown shell.`,
  options: { json: { type: 'boolean', help: 'print the commands and their options as JSON, for other shells' } },
  examples: [
    ['source <(leporello completion bash)', 'complete in this shell; put it into ~/.bashrc for every shell'],
    ['leporello completion zsh > "$fpath[1]/_leporello"', 'the same for zsh'],
    ['leporello completion fish > ~/.config/fish/completions/leporello.fish', 'the same for fish']
  ],
  maxPositionals: 1,
  completes: [['bash', 'zsh', 'fish']],
  run: async ({ values, positionals: [shell] }) => {
    const words = await completedCommands()
    const script = shell === undefined ? undefined : own(scripts, shell)
    const text = values['json'] === true ? JSON.stringify(words, null, 2) : script?.(words)
    if (text !== undefined) {
      say(text)
      return exit.done
    }
    complain(`leporello: expected a shell: ${Object.keys(scripts).join(', ')}\nTry: leporello completion --help`)
    return exit.usage
  }
}

type CompletedCommand = Awaited<ReturnType<typeof completedCommands>>[number]

/** `arguments` has the values of each argument, the last list for all further arguments. */
async function completedCommands() {
  return (await loadCommands()).map(({ name, summary, command: { options, completes = [] } }) => {
    const own = Object.entries(options).map(([name, { help, type, choices = [] }]) => ({ name, help, value: type === 'string', choices }))
    return { name, summary, options: [...own, { name: 'help', help: 'print its help', value: false, choices: [] }], arguments: completes }
  })
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const named = (options: CompletedCommand['options']) => options.map(({ name }) => `--${name}`).join(' ')

/** Lines of a shell's `case`: the values of each option and argument where they are known. */
const choicesOf = ({ name, options, arguments: places }: CompletedCommand): string[] => [
  ...options
    .filter(({ choices }) => choices.length > 0)
    .map((option) => `    '${name} --${option.name}') choices='${option.choices.join(' ')}' ;;`),
  ...places.flatMap((choices, at) =>
    choices.length === 0
      ? []
      : `    '${name} ${at + 1}'${at === places.length - 1 ? ` | '${name} '[0-9]*` : ''}) choices='${choices.join(' ')}' ;;`
  )
]

const scripts: Record<string, (words: CompletedCommand[]) => string> = {
  // bash splits words at colons, which ids contain: so this splits the line by itself
  bash: (words) => `_leporello() {
  local word=\${COMP_WORDS[COMP_CWORD]} line=\${COMP_LINE-"\${COMP_WORDS[*]}"} before=() options= choices= place at=1 i
  read -ra before <<< "\${line:0:\${COMP_POINT-\${#line}}}"
  COMPREPLY=()
  place=\${#before[@]}
  if [ -n "$word" ]; then place=$((place - 1)); fi
  if [ "$place" -le 1 ]; then
    COMPREPLY=($(compgen -W '${words.map(({ name }) => name).join(' ')} --help --version' -- "$word"))
    return
  fi
  for ((i = 2; i < place; i++)); do
    if [ "\${before[i]:0:1}" != - ]; then at=$((at + 1)); fi
  done
  case \${before[1]} in
${words.map(({ name, options }) => `    ${name}) options='${named(options)}' ;;`).join('\n')}
    *) return ;;
  esac
  if [ "\${before[place - 1]:0:1}" = - ]; then at=\${before[place - 1]}; fi
  case "\${before[1]} $at" in
${words.flatMap(choicesOf).join('\n')}
  esac
  if [ "\${word:0:1}" = - ]; then choices=$options; fi
  COMPREPLY=($(compgen -W "$choices" -- "$word"))
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
    ({ name, options, arguments: places }) =>
      `    ${name}) _arguments ${options.map((option) => quoted(`--${option.name}${option.value ? '=' : ''}[${bracketed(option.help)}]${option.value ? `:value:${option.choices.length > 0 ? `(${option.choices.join(' ')})` : '_files'}` : ''}`)).join(' ')} ${argumentsOf(places)} ;;`
  )
  .join('\n')}
  esac
}
if [ "$funcstack[1]" = _leporello ]; then _leporello "$@"; else compdef _leporello leporello; fi`,

  fish: (words) =>
    words
      .flatMap(({ name, summary, options, arguments: places }) => [
        ...(places.at(-1) ?? []).map((choice) => `complete -c leporello -n '__fish_seen_subcommand_from ${name}' -a ${fishQuoted(choice)}`),
        `complete -c leporello -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(summary)}`,
        ...options.map(
          (option) =>
            `complete -c leporello -n '__fish_seen_subcommand_from ${name}' -l ${option.name}${option.choices.length > 0 ? ` -xa ${fishQuoted(option.choices.join(' '))}` : option.value ? ' -r' : ''} -d ${fishQuoted(option.help)}`
        )
      ])
      .join('\n')
}

/** Arguments for zsh's _arguments. */
function argumentsOf(places: CompletedCommand['arguments']): string {
  const all = places.length === 0 ? [[]] : places
  const valuesOf = (choices: readonly string[]) => (choices.length > 0 ? `(${choices.join(' ')})` : '_files')
  return all.map((choices, at) => quoted(`${at === all.length - 1 ? '*' : at + 2}:argument:${valuesOf(choices)}`)).join(' ')
}

/** Within `[…]` of zsh's _arguments. */
const bracketed = (help: string) => help.replace(/[[\]\\]/g, '\\$&')
const fishQuoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`
