import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { type Fault, faultPatienceMs, runFaults } from '../support/fault-run.ts'
import { type Leporello, ready, startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'
import { repeats } from '../support/speed.ts'

/* The embedded store and a directory of tarballs under faults, while everything is written. */

const hour = 3_600_000

t.test('embedded store and directory: nothing that was acknowledged is lost, and it recovers by itself', async (t) => {
  const scratch = await mkdtemp(join(tmpdir(), 'leporello-faults-'))
  t.teardown(() => rm(scratch, { recursive: true, force: true }))
  const disk = smallDisk(t, scratch)
  const clock = join(scratch, 'clock')
  await writeFile(clock, '0')
  process.env['CLOCK_FILE'] = clock
  process.env['NODE_OPTIONS'] = `--import=${pathToFileURL(join(projectFolder, 'build/test/support/clock.js'))}`
  const server = await startLeporello({ DATA: join(scratch, 'data'), ENGINE_PATIENCE_MS: String(faultPatienceMs), DELETE_GRACE: '0' })
  t.teardown(server.stop)
  await ready(server)

  const faults: Fault[] = [
    ...Array.from({ length: repeats(6, { least: 3 }) }, () => ({
      name: 'kill -9',
      begin: server.kill,
      end: server.restart,
      kills: server
    })),
    { name: 'restart', begin: server.restart, end: async () => {}, kills: server },
    paused(server),
    fileSizeBound(server),
    clockAhead({ clock, name: 'clock two hours ahead', ms: 2 * hour }),
    clockAhead({ clock, name: 'clock two hours back', ms: -2 * hour }),
    clockAhead({ clock, name: 'clock ten days ahead', ms: 240 * hour }),
    ...(disk ? [disk] : [])
  ]
  await runFaults(t, { name: 'embedded', servers: [server], faults, writers: 6 })
  t.comment(disk ? 'disk full: a file system of 48 MB' : 'disk full: by a bound on files, because nothing may be mounted here')
})

const paused = (server: Leporello): Fault => ({
  name: 'paused',
  begin: async () => process.kill(server.pid(), 'SIGSTOP'),
  end: async () => process.kill(server.pid(), 'SIGCONT')
})

/** The system takes no byte behind the first 4096 of any file, as on a disk that is full. */
const fileSizeBound = (server: Leporello): Fault => ({
  name: 'files bounded',
  begin: async () => execFileSync('prlimit', ['--pid', String(server.pid()), '--fsize=4096:unlimited']),
  end: async () => execFileSync('prlimit', ['--pid', String(server.pid()), '--fsize=unlimited:unlimited'])
})

interface ClockFault {
  clock: string
  name: string
  ms: number
}

function clockAhead({ clock, name, ms }: ClockFault): Fault {
  const set = (aheadMs: number) => writeFile(clock, String(aheadMs))
  return { name, begin: () => set(ms), end: () => set(0) }
}

const diskSize = 48 * 1024 * 1024

/** A file system of its own for the data, that can be filled; undefined where nothing may be mounted. */
function smallDisk(t: Test, scratch: string): Fault | undefined {
  const data = join(scratch, 'data')
  execFileSync('mkdir', [data])
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskSize}`, 'tmpfs', data], { stdio: 'ignore' }).status !== 0) return undefined
  t.teardown(() => spawnSync('umount', ['--lazy', data]))
  const ballast = join(data, 'ballast')
  return {
    name: 'disk full',
    // until there is no room
    begin: async () => spawnSync('sh', ['-c', 'cat /dev/zero > "$0"', ballast], { stdio: 'ignore' }),
    end: () => truncate(ballast, 0)
  }
}
