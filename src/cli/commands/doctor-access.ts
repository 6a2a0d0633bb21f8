import { type Diagnosis, diagnosis } from '../../domain/container/diagnosis.ts'
import { tokenCommand } from '../../domain/policy.ts'
import type { AccessReport } from '../../schemas.ts'
import type { Api } from '../client/api.ts'

const wrong = diagnosis('wrong', null)
const note = diagnosis('note', null)

/** Checks which identity the server sees, what it and anonymous clients may do, and whether the token is valid. `words` describe what passed. */
export async function checkAccess(api: Api): Promise<{ findings: Diagnosis[]; words: string; mayRead: boolean }> {
  const { status, value } = await api.answer({ path: '/api/v1/access', statuses: [404] })
  // a version that knew no tokens
  if (status === 404) return { findings: [], words: 'everybody may read', mayRead: true }
  const report = value as AccessReport
  const { scopes, policy } = report
  const mayRead = report.rejected === null && scopes.includes('read')
  const isOpen = policy === 'open' && !/^(localhost|127\..*|\[::1\])$/.test(new URL(api.url).hostname)
  const findings: Diagnosis[] = []
  if (report.rejected !== null) findings.push(rejected(api, report.rejected))
  else if (!mayRead) findings.push(closed(api))
  if (isOpen) findings.push(open(api))
  return { findings, words: wordsOf(report), mayRead }
}

const rejected = ({ url }: Api, why: string) =>
  wrong('token_invalid', {
    message: `${url} does not accept the token that was presented: ${why}`,
    meaning: 'Every request with it is refused, also one that needs no token.',
    advice: `Make another one on the server, and set LEPORELLO_TOKEN: ${tokenCommand('register')}`
  })

const closed = ({ url }: Api) =>
  wrong('token_needed', {
    message: `${url} tells nothing without a token (LEPORELLO_POLICY is none)`,
    meaning: 'Workers and builders that have none are refused.',
    advice: `Make one on the server, and set LEPORELLO_TOKEN: ${tokenCommand('read')}`
  })

const open = ({ url }: Api) =>
  note('open_to_all', {
    message: `everybody who reaches ${url} may replace and remove every image (LEPORELLO_POLICY is open)`,
    meaning: 'Whoever may replace an image decides what the cluster runs.',
    advice: `Make tokens for those who write (${tokenCommand('register')}), and set LEPORELLO_POLICY=read.`
  })

function wordsOf({ policy, identity, scopes, match, expires }: AccessReport): string {
  const anonymous = { open: 'do everything', read: 'read', none: 'do nothing', 'read-only': 'read, and nobody may write' }[policy]
  if (identity === null) return `everybody may ${anonymous}; no token was presented`
  const names = match === null ? '' : `; it may change ${match.join(', ')}`
  return `everybody may ${anonymous}; ${identity.replace(':', ' ')} may: ${scopes.join(', ')}${names}${expires === null ? '' : `; until ${expires}`}`
}
