import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { projectFolder } from '../test/support/project.ts'

export interface Load {
  url: string
  /** A script of benchmarks/wrk/ and its arguments. */
  script: 'get' | 'write' | 'manifest'
  args: string[]
  headers?: Record<string, string>
  connections: number
  seconds: number
  /** Whose CPU to count. */
  pid?: number | undefined
}

export interface Figures {
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Of the process named, per request, all threads. */
  cpuMsPerRequest: number
}

/** Puts a load on a server with wrk and measures it. Any answer but 2xx fails the benchmark. */
export async function load({ url, script, args, headers = {}, connections, seconds, pid }: Load): Promise<Figures> {
  const before = pid ? cpuMs(pid) : 0
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', `${projectFolder}/benchmarks/wrk/${script}.lua`]
  const sent = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const said = await run('wrk', [...options, ...sent, url, '--', ...args])
  const cpu = pid ? cpuMs(pid) - before : 0
  if (/Non-2xx|Socket errors/.test(said)) throw new Error(`a load must not meet errors:\n${said}`)
  const requests = Number(/(\d+) requests in/.exec(said)![1])
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(said)![1]),
    p50Ms: milliseconds(said, '50%'),
    p99Ms: milliseconds(said, '99%'),
    cpuMsPerRequest: cpu / requests
  }
}

/** User and system time of a process so far. Linux counts in ticks of 10 ms. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Resident memory of a process now, and the most it ever had, in MB. */
export function memoryMb(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)![1])
  return { now: Math.round(kb('VmRSS') / 1024), peak: Math.round(kb('VmHWM') / 1024) }
}

/** Runs a program to its end and answers what it printed. */
export function run(command: string, args: string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(command === 'wrk' ? new Error('the benchmarks need wrk on the PATH (Debian: apt-get install wrk)', { cause: error }) : error)
    )
    child.once('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`${command} ended with ${code}:\n${said}`))))
  })
}

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

function milliseconds(said: string, percentile: string): number {
  const [, number, unit] = new RegExp(`^\\s+${percentile}\\s+([\\d.]+)(us|ms|s)`, 'm').exec(said)!
  return Number(number) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's']
}
