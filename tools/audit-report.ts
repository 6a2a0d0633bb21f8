/** What `npm audit --json` said: how many packages have faults of each severity, or why nobody knows. */
export type AuditReport = { serious: number; minor: number; words: string } | { unknown: string }

interface AuditAnswer {
  message?: unknown
  vulnerabilities?: Record<string, { severity: string }>
}

const severe: ReadonlySet<string> = new Set(['high', 'critical'])

/** Reads the answer of `npm audit --json`, which has no list of vulnerabilities when its endpoint did not answer. */
export function readAudit(text: string): AuditReport {
  const answer = parsed(text)
  if (!answer?.vulnerabilities) return { unknown: String(answer?.message ?? (text.trim() || 'npm said nothing')) }
  const found = Object.entries(answer.vulnerabilities)
  const serious = found.filter(([, { severity }]) => severe.has(severity)).length
  return { serious, minor: found.length - serious, words: found.map(([name, { severity }]) => `${name} (${severity})`).join(', ') }
}

function parsed(text: string): AuditAnswer | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
