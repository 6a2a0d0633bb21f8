import { bring } from './bring.ts'
import { follow } from './live.ts'

/** What pages do beyond being read. They are complete without it. */

/** Selects that are left open would make addresses longer than views are. */
for (const form of document.querySelectorAll<HTMLFormElement>('form[method=get]')) {
  form.addEventListener('formdata', ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === '') formData.delete(name)
  })
}

const brought = document.querySelector<HTMLFormElement>('form[data-bring]')
if (brought) bring(brought)

const asked = document.querySelectorAll<HTMLFormElement>('form.action:not([data-bring])')
for (const form of asked) {
  form.addEventListener('submit', () => {
    // after the form was read, so that its button is part of it
    setTimeout(() => {
      for (const button of form.querySelectorAll('button')) button.disabled = true
      const bar = document.createElement('progress')
      bar.setAttribute('aria-label', 'It is being done')
      form.append(bar)
    })
  })
}
// what a page asks must not change under whoever reads it
if (asked.length === 0) follow()
