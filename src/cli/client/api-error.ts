import { maskSecrets } from '../../domain/secrets.ts'
import type { Problem } from '../../schemas.ts'
import { exit } from '../terminal/command.ts'
import { unreachable } from './http-client.ts'

/** A refusal in the server's words (`status`, and `problem` from a Leporello), or no answer at all (`code` is `unreachable`). */
export type ApiError = Error & { code?: string; status?: number; problem?: Problem }

/** The error for a command line that cannot be right. */
export const misuse = (problem: string): ApiError => Object.assign(new Error(problem), { code: 'LEPORELLO_USAGE' })

/** The answer may be our problem document, Mozart's envelope, or the page of a proxy. */
export function answeredRefusal(status: number, { text, what }: { text: string; what: string }): ApiError {
  try {
    const said = JSON.parse(text) as Partial<Problem> & { message?: string }
    if (typeof said.code === 'string') return Object.assign(new Error(said.detail), { problem: said as Problem, status })
    if (typeof said.message === 'string' && said.message !== '') return Object.assign(new Error(said.message), { status })
  } catch {
    // not JSON: the page of a proxy, say
  }
  return Object.assign(new Error(`${what} was answered ${status}: ${maskSecrets(text.trim().slice(0, 200))}`), { status })
}

/** Returns the exit status for an error. */
export function statusOf({ code, status }: ApiError): number {
  if (code === 'LEPORELLO_USAGE') return exit.usage
  const away = status !== undefined && status >= 502 && status <= 504
  return code === unreachable || away ? exit.unreachable : exit.wrong
}
