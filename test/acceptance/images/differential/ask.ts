import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ImageReport } from '../../../../src/images/image-report.ts'
import { inspectImage } from '../../../../src/images/inspect-image.ts'
import { inChunks } from '../../../support/images.ts'
import type { Case } from './case.ts'
import { type Difference, differences } from './compare.ts'
import type { Answer, Loader } from './loader.ts'

/** What was asked, and what came of it. */
export interface Asked {
  question: Case
  report: ImageReport
  answers: { loader: string; answer: Exclude<Answer, 'late'> }[]
  /** Loaders that take it and have not answered: time was over. */
  left: Set<string>
}

export interface Asking {
  loaders: readonly Loader[]
  /** When no further question is asked. */
  until: number
}

const workers = 2
// asked of every loader first, so that each has answered something before time runs out
const atFirst = 8

/** Asks us and every loader, two at a time, one question after the other; what is left when the time is over is not asked. */
export async function ask(questions: readonly Case[], { loaders, until }: Asking): Promise<Asked[]> {
  const asked: Asked[] = []
  for (const question of questions) {
    const { report } = await inspectImage(inChunks(question.bytes), { claimed: question.machine, container: question.tag })
    const left = new Set(loaders.filter((loader) => loader.takes(question)).map(({ name }) => name))
    asked.push({ question, report, answers: [], left })
  }
  const tasks = asked.flatMap((one) => loaders.filter((loader) => loader.takes(one.question)).map((loader) => ({ loader, one })))
  const first = new Set(loaders.flatMap((loader) => tasks.filter((task) => task.loader === loader).slice(0, atFirst)))
  const ordered = [...first, ...tasks.filter((task) => !first.has(task))]
  let next = 0
  const work = async (worker: number) => {
    while (next < ordered.length && (next < first.size || Date.now() < until)) {
      const { loader, one } = ordered[next++]!
      const answer = await askOne(loader, { question: one.question, worker })
      if (answer === 'late') continue
      one.answers.push({ loader: loader.name, answer })
      one.left.delete(loader.name)
    }
  }
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)))
  return asked
}

async function askOne(loader: Loader, { question, worker }: { question: Case; worker: number }): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'asked-'))
  mkdirSync(join(folder, 'work'))
  try {
    const archive = join(folder, 'archive.tar')
    writeFileSync(archive, question.bytes)
    return await loader.load(question, { archive, folder: join(folder, 'work'), worker })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One thing that a loader and we say differently. */
export interface Disagreement {
  question: string
  loader: string
  difference: Difference
}

/** Differences with each loader, and what all loaders together see otherwise: where some take an archive and some refuse it, we may do either. */
export function disagreementsOf({ question, report, answers, left }: Asked): Disagreement[] {
  const found = answers.flatMap(({ loader, answer }) =>
    'refused' in answer
      ? []
      : differences(report, { question, loaded: answer.loaded }).map((difference) => ({ question: question.name, loader, difference }))
  )
  if (left.size > 0 || answers.length === 0) return found
  const together = (difference: Difference) => [...found, { question: question.name, loader: 'all', difference }]
  const refusals = answers.filter(({ answer }) => 'refused' in answer).length
  if (refusals === 0 && report.verdict === 'unreadable') return together('only we refuse it')
  const taken = ['match', 'mixed', 'no-binaries'].includes(report.verdict)
  return refusals === answers.length && taken ? together('only we take it') : found
}
