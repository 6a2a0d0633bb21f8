import { homedir } from 'node:os'
import { join } from 'node:path'

/* What the environment of this process says to other programs. */

const given = (name: string): string | undefined => process.env[name]?.trim() || undefined

export type BuilderSettings = ReturnType<typeof builderSettings>

/** The environment of a build job, under the names that container-builder's Jenkins jobs use. */
export const builderSettings = () => ({ MOZART_REST_URL: given('MOZART_REST_URL'), STORAGE_URL: given('STORAGE_URL') })

/** The folder of docker's own configuration. */
export const dockerFolder = (): string => given('DOCKER_CONFIG') ?? join(given('HOME') ?? homedir(), '.docker')

/** The environment for git: that of this process, without what a git hook sets to name another repository. */
export function environmentOfGit(): NodeJS.ProcessEnv {
  const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE: ___, GIT_PREFIX: ____, ...environment } = process.env
  return environment
}
