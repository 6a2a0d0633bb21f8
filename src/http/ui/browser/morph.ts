/** What tells an element apart from its siblings. */
const keyOf = (node: Node): string | undefined => {
  if (!(node instanceof HTMLElement)) return undefined
  const { container, architecture, entry, upload, code } = node.dataset
  const name = node.id || (container ?? entry ?? upload ?? (architecture === undefined ? undefined : `${code ?? ''} ${architecture}`))
  return name === undefined || name === '' ? undefined : `${node.nodeName} ${name}`
}

/**
 * Makes an element of the page like a fresh one, and leaves alone what is the same: focus, scroll position and what is open stay; forms are
 * never touched, because people have filled them in. Calls changed with each element whose data-state is another one, and each new one that has one.
 */
export function morph(current: Element, fresh: Element, changed: (element: Element) => void): void {
  if (current instanceof HTMLFormElement || current.isEqualNode(fresh)) return
  if (current.getAttribute('data-state') !== fresh.getAttribute('data-state')) changed(current)
  morphAttributes(current, fresh)
  morphChildren(current, fresh, changed)
}

function morphAttributes(current: Element, fresh: Element): void {
  for (const name of current.getAttributeNames()) if (!fresh.hasAttribute(name) && name !== 'open') current.removeAttribute(name)
  for (const name of fresh.getAttributeNames()) {
    const value = fresh.getAttribute(name)!
    if (name !== 'open' && current.getAttribute(name) !== value) current.setAttribute(name, value)
  }
}

function morphChildren(current: Element, fresh: Element, changed: (element: Element) => void): void {
  const keyed = new Map([...current.childNodes].flatMap((node) => (keyOf(node) === undefined ? [] : [[keyOf(node)!, node] as const])))
  let place = current.firstChild
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted)
    const found = key === undefined ? alike(place, wanted) : keyed.get(key)
    if (!found) {
      const added = document.importNode(wanted, true)
      current.insertBefore(added, place)
      if (added instanceof Element && added.matches('[data-state]')) changed(added)
      continue
    }
    if (found === place) place = place.nextSibling
    else current.insertBefore(found, place)
    if (found instanceof Element) morph(found, wanted as Element, changed)
    else if (found.nodeValue !== wanted.nodeValue) found.nodeValue = wanted.nodeValue
  }
  while (place) {
    const next = place.nextSibling
    place.remove()
    place = next
  }
}

/** The node at a place, if it may become the wanted one. */
const alike = (place: ChildNode | null, wanted: Node): ChildNode | undefined =>
  place && keyOf(place) === undefined && place.nodeName === wanted.nodeName ? place : undefined
