import type { Diagnosis } from '../../domain/container/diagnosis.ts'
import { harmless, type Paint, say } from '../terminal/terminal.ts'

export type DoctorReport = ReturnType<typeof createDoctorReport>

/** More findings are printed, but not kept for --json. */
const maxFindings = 10_000
/** More notes of one code are counted, not printed. */
const shownNotes = 5

/** Collects the findings of all checks. Prints problems at once, notes and passed checks at the end. */
export function createDoctorReport({ paint, quiet }: { paint: Paint; quiet: boolean }) {
  const found = { findings: [] as Diagnosis[], passed: [] as string[], wrong: false }
  const notes = new Map<string, Diagnosis[]>()
  const print = (lines: string[]) => {
    if (!quiet) for (const line of lines) say(line)
  }

  /** Adds the findings of a check; `well` is the line to print when there are none. */
  function add(outcome: Diagnosis | readonly Diagnosis[] | undefined, well?: string): void {
    const findings = [outcome ?? []].flat()
    if (findings.length === 0 && well !== undefined) found.passed.push(well)
    for (const finding of findings) {
      if (found.findings.length < maxFindings) found.findings.push(finding)
      if (finding.severity === 'wrong') print(linesOf(paint('WRONG', 'red'), [finding], paint))
      else notes.set(finding.code, [...(notes.get(finding.code) ?? []), finding])
    }
    found.wrong ||= findings.some(({ severity }) => severity === 'wrong')
  }

  /** Prints the notes, grouped by code, and the checks that passed. */
  function end(): void {
    for (const folded of notes.values()) print(linesOf(paint('note ', 'yellow'), folded, paint))
    print(found.passed.map((well) => `${paint('ok   ', 'green')}  ${harmless(well)}`))
  }

  return { add, end, found }
}

/** Findings of one code as one paragraph: what each is about, then once what it means and what to do. */
function linesOf(label: string, findings: readonly Diagnosis[], paint: Paint): string[] {
  const [{ code, meaning, advice }] = findings as [Diagnosis]
  const left = findings.length - shownNotes
  return [
    ...findings.slice(0, shownNotes).map(({ container, architecture, message }, at) => {
      const about = [container, architecture, code].filter((part) => part !== null).join('  ')
      return `${at === 0 ? label : '     '}  ${paint(harmless(about), 'bold')}: ${harmless(message)}`
    }),
    ...(left > 0 ? [`       and ${left} more (--json lists all)`] : []),
    `       ${harmless(meaning)}`,
    `       To do: ${harmless(advice)}`
  ]
}
