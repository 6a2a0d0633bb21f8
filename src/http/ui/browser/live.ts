import { inWords } from './bring.ts'
import { morph } from './morph.ts'

const root = document.documentElement.dataset['root'] ?? './'
const kinds = ['record', 'expected', 'pending', 'build', 'test', 'verdict', 'state']
const settleMs = 300
const leastMs = 1500
const longestMs = 15_000
const pollMs = 3000

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const time = () => new Date().toLocaleTimeString('en-GB')

/** Keeps the page as the server has it: what happens there appears here by itself, as long as somebody looks. */
export function follow(): void {
  const main = document.querySelector('main')!
  const subject = main.querySelector<HTMLElement>('#container')?.dataset['container']
  const copy = createCopy(main)
  const events = listenFor(subject, copy)
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return events.leave()
    events.listen()
    void copy.refresh()
  })
  events.listen()
  if (subject !== undefined && main.querySelector('[data-poll]')) void pollUploads(subject, copy)
  const isFailed = () => main.querySelector('[data-status="503"]') !== null
  if (isFailed()) {
    const timer = setInterval(() => (isFailed() ? void copy.refresh() : clearInterval(timer)), pollMs)
  }
}

type Copy = ReturnType<typeof createCopy>

/** The page, as a copy of what the server has. */
function createCopy(main: Element) {
  const status = Object.assign(document.createElement('p'), { className: 'live' })
  status.setAttribute('role', 'status')
  document.querySelector('.top')?.append(status)
  let asOf = time()
  let due = false
  let refreshing = false
  let unsaid: string[] = []

  const say = (text: string, isAway = false) => {
    if (status.textContent !== text) status.textContent = text
    status.classList.toggle('away', isAway)
  }

  /** Fetches the page again, and takes over what differs. Several calls at once are one. */
  async function refresh(news?: string): Promise<void> {
    if (news !== undefined) unsaid.push(news)
    due = true
    if (refreshing) return
    refreshing = true
    while (due && !document.hidden) {
      await pause(settleMs)
      due = false
      const begun = performance.now()
      await takeOver()
      await pause(Math.max(leastMs, 5 * (performance.now() - begun)) - settleMs)
    }
    refreshing = false
  }

  async function takeOver(): Promise<void> {
    try {
      const reply = await fetch(location.href, { headers: { accept: 'text/html' } })
      if (reply.status >= 500) return away()
      if (!reply.ok) return
      const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html').querySelector('main')
      if (!fresh) return
      // the words about what was done a moment ago are no longer new
      fresh.querySelector('.done')?.remove()
      morph(main, fresh, flash)
      asOf = time()
      say(unsaid.length > 2 ? `${unsaid.length} changes` : unsaid.join('. '))
      unsaid = []
    } catch {
      away()
    }
  }

  const away = () =>
    say(`The server does not answer. This is how it was at ${asOf}; the page goes on by itself when the server is back.`, true)

  const isAway = () => status.classList.contains('away')

  return { refresh, takeOver, isAway }
}

/** Refreshes the page at each event about its subject, or about anything where it has none. */
function listenFor(subject: string | undefined, copy: Copy) {
  let since = document.documentElement.dataset['now'] ?? ''
  let source: EventSource | undefined
  let awayTimer: ReturnType<typeof setTimeout> | undefined
  let retryMs = 1000

  function listen(): void {
    if (document.hidden || source) return
    const wanted = new URLSearchParams({ kind: [...kinds, 'reading'].join(), ...(since !== '' && { since }) })
    source = new EventSource(`${root}api/v1/events?${wanted}`)
    for (const kind of kinds) source.addEventListener(kind, take)
    source.addEventListener('reading', (event) => showReadings(event, copy))
    source.addEventListener('open', () => {
      clearTimeout(awayTimer)
      awayTimer = undefined
      retryMs = 1000
      if (copy.isAway()) void copy.refresh()
    })
    source.addEventListener('error', () => {
      // another replica may answer at once; and who is only refused a stream (there are so many) still has a server
      awayTimer ??= setTimeout(copy.takeOver, 1500)
      // what is refused, the browser does not try again
      if (source?.readyState !== EventSource.CLOSED) return
      leave()
      setTimeout(listen, retryMs)
      retryMs = Math.min(2 * retryMs, longestMs)
    })
  }

  function take({ data, lastEventId }: MessageEvent<string>): void {
    since = lastEventId || since
    const { container, summary } = JSON.parse(data) as { container: string; summary: string }
    if (subject === undefined || container === subject) void copy.refresh(`${container}: ${summary}`)
  }

  function leave(): void {
    source?.close()
    source = undefined
  }

  return { listen, leave }
}

/** Shows how far images have been read. The page is fetched again where one of them begins or ends. */
function showReadings({ data }: MessageEvent<string>, copy: Copy): void {
  const { readings } = JSON.parse(data) as { readings: ReadingNews[] }
  const ended = new Set(document.querySelectorAll('.reading'))
  let begun = false
  for (const { container, architecture = '', read, size } of readings) {
    const of = (element: string) =>
      `[data-container="${CSS.escape(container)}"] ${element}[data-architecture="${CSS.escape(architecture)}"]`
    const place = document.querySelector(`${of('tr')}, ${of('td')}`)
    const label = place?.querySelector('.reading')
    if (place && !label) begun = true
    if (!label) continue
    ended.delete(label)
    label.querySelector('progress')!.value = read
    label.querySelector('small')!.textContent = `${inWords(read)}${size === null ? '' : ` of ${inWords(size)}`} read`
  }
  if (begun || ended.size > 0) void copy.refresh()
}

interface ReadingNews {
  container: string
  architecture?: string
  read: number
  size: number | null
}

/** Uploads are no events: their progress is asked for, where it is shown. */
async function pollUploads(subject: string, copy: Copy): Promise<void> {
  for (let last = ''; ; ) {
    await pause(pollMs)
    if (document.hidden) continue
    const reply = await fetch(`${root}api/v1/uploads?${new URLSearchParams({ id: subject })}`).catch(() => undefined)
    if (!reply?.ok) continue
    const text = await reply.text()
    if (text !== last && last !== '') void copy.refresh()
    last = text
  }
}

/** Draws the eye to what has changed, for those who do not mind. */
function flash(element: Element): void {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
  const wash = getComputedStyle(document.documentElement).getPropertyValue('--accent-wash')
  element.animate([{ backgroundColor: wash }, { backgroundColor: 'transparent' }], { duration: 2500, easing: 'ease-in' })
}
