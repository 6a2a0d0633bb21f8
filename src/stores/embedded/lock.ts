import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { CatalogueError } from '../../domain/errors.ts'
import { openDatabase, sqliteCode } from './driver.ts'

/**
 * Locks a data directory for this process, or throws store_unavailable with the holder's name. The operating system holds the lock, on a
 * small database of its own, so it ends with its holder, even by kill -9. The holder.json next to it is for people.
 */
export function holdDirectory(data: string): { release(): void } {
  const lock = openDatabase(join(data, 'lock.db'), { busyMs: 0 })
  const holder = join(data, 'holder.json')
  try {
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    if (sqliteCode(error) !== 'SQLITE_BUSY') throw error
    const message = `${data} is in use by ${describeHolder(holder)}; the embedded store serves one process: stop that one, choose another LEPORELLO_DATA, or use Elasticsearch or OpenSearch for several`
    throw new CatalogueError('store_unavailable', message, { cause: error })
  }
  introduce(holder)
  return {
    release: () => {
      rmSync(holder, { force: true })
      lock.close()
    }
  }
}

function introduce(file: string): void {
  try {
    writeFileSync(file, `${JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() })}\n`)
  } catch {
    // reading and removing still work on a full disk, and the lock holds without this file
  }
}

function describeHolder(file: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(file, 'utf8'))
    return `process ${pid} on ${host}, since ${since}`
  } catch {
    return 'another process'
  }
}
