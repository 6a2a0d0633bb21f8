export interface Copy {
  /** Undefined: from the build's context. */
  stage: string | undefined
  sources: string[]
  target: string
}

export interface Stage {
  from: string
  name: string | undefined
  copies: Copy[]
  /** What stands after an instruction's name, with joined lines. */
  all(instruction: string): string[]
  last(instruction: string): string | undefined
}

/** A Dockerfile's stages: as much of the format as ours uses. */
export function dockerfile(text: string): Stage[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): [name: string, rest: string] => [line.split(' ', 1)[0]!, line.slice(line.indexOf(' ') + 1)])
  const starts = lines.flatMap(([name], i) => (name === 'FROM' ? [i] : []))
  return starts.map((start, i) => toStage(lines.slice(start, starts[i + 1])))
}

function toStage(lines: [name: string, rest: string][]): Stage {
  const [, from, name] = /^(?:--platform=\S+ )?(\S+)(?: AS (\S+))?$/.exec(lines[0]![1])!
  const all = (instruction: string) => lines.filter(([name]) => name === instruction).map(([, rest]) => rest)
  return { from: from!, name, copies: all('COPY').map(toCopy), all, last: (instruction) => all(instruction).at(-1) }
}

function toCopy(rest: string): Copy {
  const words = rest.split(/\s+/)
  const paths = words.filter((word) => !word.startsWith('--'))
  const stage = words.find((word) => word.startsWith('--from='))?.slice('--from='.length)
  return { stage, sources: paths.slice(0, -1), target: paths.at(-1)! }
}
