import { readFileSync } from 'node:fs'

/*
 * A clock that a test can set. A program that loads this first (NODE_OPTIONS=--import=…) reads from the file that CLOCK_FILE names, again and
 * again, how many milliseconds its clock is ahead. Timers do not change, as they do not when a machine's clock is set.
 */

let aheadMs = 0
const RealDate = Date
const now = () => RealDate.now() + aheadMs

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now()] : given, made),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name))
})

setInterval(() => {
  aheadMs = Number(readFileSync(process.env['CLOCK_FILE']!, 'utf8'))
}, 20).unref()
