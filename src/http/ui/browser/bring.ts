import { begunUploads, type UploadProgress, uploadInPieces } from './upload.ts'

/** Sends the tarball of a form in pieces instead, and takes files that are dropped on the page. */
export function bring(form: HTMLFormElement): void {
  const api = form.dataset['uploads']!
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement
  const display = createDisplay(form)
  let running: AbortController | undefined

  const cut = begunUploads(api, field('id').value)
  if (cut.length > 0) {
    display.say(`${cut.join(', ')} was cut off. Choose or drop the file again: it goes on where it stopped.`)
    form.closest('details')?.setAttribute('open', '')
  }

  function setRunning(controller: AbortController | undefined): void {
    running = controller
    display.setRunning(controller !== undefined)
  }

  async function send(file: File): Promise<void> {
    const controller = new AbortController()
    setRunning(controller)
    const names = ['id', 'architecture', 'version'] as const
    const claim = Object.fromEntries(names.map((name) => [name, field(name).value.trim()]))
    const report = (progress: UploadProgress) => display.show(progress, file.size)
    try {
      const proven = await uploadInPieces({ api, file, claim, reason: field('reason').value, signal: controller.signal, report })
      display.say(`${proven.verdict === 'match' ? 'Proven' : 'Read'}: ${proven.summary}. It is the image for ${proven.architecture}.`)
      field('file').value = ''
    } catch (error) {
      display.say(controller.signal.aborted ? 'Paused. It goes on where it stopped.' : `Refused: ${(error as Error).message}`)
    } finally {
      setRunning(undefined)
    }
  }

  form.addEventListener('submit', (event) => {
    const [file] = field('file').files ?? []
    // what only asks what a tarball is goes the way of a plain form
    if (!file || field('dryRun').checked) return
    event.preventDefault()
    if (!running) void send(file)
  })
  display.stop.addEventListener('click', () => running?.abort())

  takeDrops((files) => {
    if (running) return false
    const file = files[0]!
    form.closest('details')?.setAttribute('open', '')
    field('file').files = files
    if (field('id').value === '') field('id').value = idFor(file.name)
    display.say(`${file.name}, ${inWords(file.size)}, for ${field('id').value}. Nothing has been sent yet.`)
    form.scrollIntoView({ block: 'nearest' })
    display.submit.focus()
    return true
  })
}

/** Shows an upload's progress below its form. */
function createDisplay(form: HTMLFormElement) {
  const submit = form.querySelector<HTMLButtonElement>('button[type=submit]')!
  const status = Object.assign(document.createElement('p'), { className: 'sending' })
  status.setAttribute('role', 'status')
  const bar = Object.assign(document.createElement('progress'), { hidden: true })
  bar.setAttribute('aria-label', 'How much has arrived')
  const stop = Object.assign(document.createElement('button'), { type: 'button', className: 'plain', textContent: 'Pause', hidden: true })
  form.append(bar, status, stop)
  const say = (text: string) => {
    status.textContent = text
  }

  return {
    submit,
    stop,
    say,

    show(progress: UploadProgress, size: number): void {
      bar.max = size
      bar.value = progress.sent
      const amount = `${inWords(progress.sent)} of ${inWords(size)}`
      const tenth = Math.floor((10 * progress.sent) / size)
      if (progress.state === 'cut') say(`Cut off at ${amount}. It goes on by itself in ${Math.round(progress.againMs / 1000)} s.`)
      else if (progress.state === 'proving') say('All of it has arrived; its bytes are being read.')
      else if (tenth !== Number(status.dataset['tenth'])) {
        // a screen reader need not hear of every percent
        status.dataset['tenth'] = String(tenth)
        say(`${amount} has arrived.`)
      }
    },

    setRunning(isRunning: boolean): void {
      bar.hidden = stop.hidden = !isRunning
      submit.disabled = isRunning
      submit.textContent = isRunning ? 'On its way' : 'Bring it'
    }
  }
}

/** Passes on files that are dropped anywhere on the page. The browser opens anything else. */
function takeDrops(take: (files: FileList) => boolean): void {
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    document.body.classList.add('dropping')
  })
  document.addEventListener('dragleave', ({ relatedTarget }) => relatedTarget ?? document.body.classList.remove('dropping'))
  document.addEventListener('drop', (event) => {
    document.body.classList.remove('dropping')
    const { files } = event.dataTransfer!
    if (files.length > 0 && take(files)) event.preventDefault()
  })
}

/** The id that a file's name suggests: `hello-v1.2.tar.gz` is of `hello:v1.2`. */
function idFor(name: string): string {
  const [, stem = name] = /^(.*?)(?:\.(?:tar|tgz|gz|zst|oci))*$/i.exec(name) ?? []
  return stem.replace(/[-_]((?:v?\d)[\w.]*)$/, ':$1')
}

export const inWords = (bytes: number): string => {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`
}
