// Compiles src/ for `npm start`, unless nothing changed since it last did. JavaScript, because it runs before anything is compiled.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const program = 'build/src/main.js'
/** Its modification time is when the last compilation began. */
const stamp = 'build/.compiled'
const sources = ['src', 'tsconfig.json', 'tsconfig.src.json', 'package-lock.json']

/** When a file, or anything in a folder, last changed: by its inode, so that renames, removals and copies with an old time count. */
function changedAt(path) {
  const stats = statSync(path)
  const within = stats.isDirectory() ? readdirSync(path).map((name) => changedAt(join(path, name))) : []
  return Math.max(stats.ctimeMs, ...within)
}

const isCurrent = existsSync(program) && existsSync(stamp) && Math.max(...sources.map(changedAt)) < statSync(stamp).mtimeMs

if (!isCurrent) {
  const begun = new Date()
  // `npm run build` compiles incrementally: where it did, it has to go on, because it does not notice what others write into build/
  const project = existsSync('build/.tsbuildinfo') ? 'tsconfig.json' : 'tsconfig.src.json'
  console.error('Leporello is being compiled, as after every change: 2 to 20 seconds …')
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', project], { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
  console.error(`Compiled in ${((Date.now() - begun) / 1000).toFixed(1)} s.`)
  chmodSync(program, 0o755)
  writeFileSync(stamp, '')
  utimesSync(stamp, begun, begun)
}
