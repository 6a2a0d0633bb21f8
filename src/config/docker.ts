import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder of docker's own configuration. */
export const dockerFolder = (environment: { [name: string]: string | undefined } = process.env): string =>
  environment['DOCKER_CONFIG']?.trim() || join(environment['HOME']?.trim() || homedir(), '.docker')
