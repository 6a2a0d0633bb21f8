/** What pages do beyond being read. They are complete without it. */

/** Selects that are left open would make addresses longer than views are. */
for (const form of document.querySelectorAll<HTMLFormElement>('form[method=get]')) {
  form.addEventListener('formdata', ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === '') formData.delete(name)
  })
}

export {}
