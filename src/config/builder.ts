/** The environment of a build job, under the names that container-builder's Jenkins jobs use. */
export type BuilderSettings = { MOZART_REST_URL: string | undefined; STORAGE_URL: string | undefined }

export const builderSettings = (environment: { [name: string]: string | undefined } = process.env): BuilderSettings => ({
  MOZART_REST_URL: environment['MOZART_REST_URL']?.trim() || undefined,
  STORAGE_URL: environment['STORAGE_URL']?.trim() || undefined
})
