import type { IncomingMessage } from 'node:http'
import { type Exchange, exchange, type Patience } from './exchange.ts'
import { opening } from './host-rules.ts'
import type { Life } from './life.ts'
import { bare, type HttpLocation } from './location.ts'
import type { SourcePolicy } from './policy.ts'
import { checkedLookup, checkLiteral, type Resolve } from './reach.ts'
import { shownAddress, sourceError } from './refusals.ts'

/** What opening a tarball takes. */
export interface Opening {
  policy: SourcePolicy
  resolve: Resolve
  patience: Patience
  life: Life
  /** The most bytes to read. */
  maxBytes: number
}

interface HttpAsking extends Opening {
  method: Exchange['method']
  range?: string
}

const maxRedirects = 5

/** Returns the first answer that is not a redirect. Each redirect's address is checked like a registered one. */
export async function ask(location: HttpLocation, asking: HttpAsking): Promise<{ answer: IncomingMessage; url: URL }> {
  const { method, range, life, patience } = asking
  let { url, authorization } = location
  for (let redirects = 0; ; redirects++) {
    const answer = await exchange({
      method,
      url,
      // the stored bytes, without compression for the transfer
      headers: {
        'accept-encoding': 'identity',
        'user-agent': 'leporello',
        ...(authorization && { authorization }),
        ...(range && { range })
      },
      ...passage(url, asking),
      life,
      patience
    })
    if (!isRedirect(answer)) return { answer, url }
    answer.destroy()
    if (redirects === maxRedirects)
      throw sourceError('source_unavailable', `${shownAddress(location.url.href)} redirects more than ${maxRedirects} times`)
    const next = targetOf(answer, url)
    // the password is not meant for another host
    if (next.origin !== url.origin) authorization = undefined
    url = next
  }
}

/** Returns how to connect to a URL. Throws source_forbidden. */
function passage(url: URL, { policy, resolve }: Opening): Pick<Exchange, 'lookup' | 'what'> {
  const what = shownAddress(url.href)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const opened = policy.anywhere ? 'named' : opening(policy.hosts, { host: url.hostname, port, usual: url.port === '' })
  const entry = url.port === '' ? url.hostname : `${url.hostname}:${port}`
  const approach = { what, named: opened === 'named', remedy: `LEPORELLO_VERIFY_HOSTS with ${entry} in full, not as a pattern,` }
  if (!opened) {
    // do not advise an entry that would not help
    checkLiteral(url.hostname, { ...approach, named: true })
    throw sourceError('source_forbidden', `${what} is on a host that may not be read; LEPORELLO_VERIFY_HOSTS=${entry} would allow it`)
  }
  checkLiteral(url.hostname, approach)
  return { lookup: checkedLookup(resolve, approach), what }
}

const isRedirect = ({ statusCode }: IncomingMessage) => [301, 302, 303, 307, 308].includes(statusCode!)

function targetOf({ headers: { location } }: IncomingMessage, url: URL): URL {
  if (location === undefined || !URL.canParse(location, url)) {
    const message = `${shownAddress(url.href)} redirects to ${location === undefined ? 'nowhere' : shownAddress(JSON.stringify(location))}`
    throw sourceError('source_unavailable', message)
  }
  const next = new URL(location, url)
  if (next.protocol !== 'http:' && next.protocol !== 'https:') {
    const message = `${shownAddress(url.href)} redirects to ${shownAddress(next.href)}; only http and https are followed`
    throw sourceError('source_forbidden', message)
  }
  // ignore a password in a redirect
  return bare(next)
}
