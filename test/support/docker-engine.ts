import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runWith } from './oci-clients.ts'
import { endProgram, eventually, type Program, runProgram } from './processes.ts'

/** A real Docker engine and the containerd below it, with everything they keep in a scratch folder. */
export interface DockerEngine {
  /** What a program needs in its environment, so that its `docker` asks this engine, with no credentials of the user. */
  environment: NodeJS.ProcessEnv
  docker(...args: string[]): string
  /** The command line of containerd, in a namespace of its own. */
  ctr(...args: string[]): string
  stop(): Promise<void>
}

// Neither has to touch the machine's network, or mount anything for images; 127.0.0.1 is an insecure registry to it anyway.
const engineFlags = '--iptables=false --ip6tables=false --bridge=none --ip-forward=false --ip-masq=false --userland-proxy=false'

export async function startDockerEngine(): Promise<DockerEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'dkr-'))
  const at = (name: string) => join(folder, name)
  const started: Program[] = []
  const environment = {
    ...process.env,
    // Debian has both daemons and runc in /usr/sbin
    PATH: `${process.env['PATH']}:/usr/sbin`,
    DOCKER_HOST: `unix://${at('d.sock')}`,
    DOCKER_CONFIG: at('config')
  }
  const run = runWith(environment)
  const engine = {
    environment,
    docker: (...args: string[]) => run('docker', ...args),
    ctr: (...args: string[]) => run('ctr', '-a', at('c.sock'), '-n', 'test', ...args),
    async stop() {
      for (const program of started.reverse()) await endProgram(program)
      // a container on the host's network leaves a mount
      const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '')
      for (const mount of mounts.filter((one) => one.startsWith(`${folder}/`)).reverse()) run('umount', '-l', mount)
      await rm(folder, { recursive: true, force: true })
    }
  }
  const start = async (command: string[], answers: () => void) => {
    const program = runProgram(command, { env: environment, cwd: folder })
    started.push(program)
    await eventually(
      async () => {
        if (!program.running()) return program
        answers()
        return program
      },
      { what: `${command[0]} answers` }
    )
    if (!program.running()) throw new Error(`${command[0]} ended while starting:\n${program.output()}`)
  }

  try {
    await writeFile(
      at('ctr.toml'),
      `version = 2\nroot = "${at('croot')}"\nstate = "${at('cstate')}"\n[grpc]\n  address = "${at('c.sock')}"\n`
    )
    await start(['containerd', '-c', at('ctr.toml')], () => engine.ctr('version'))
    const places = ['-H', environment.DOCKER_HOST, '--pidfile', at('d.pid'), '--exec-root', at('x'), '--data-root', at('data')]
    await start(['dockerd', ...engineFlags.split(' '), ...places, '--containerd', at('c.sock')], () => engine.docker('version'))
  } catch (error) {
    await engine.stop()
    throw error
  }
  return engine
}
