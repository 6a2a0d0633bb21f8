/* Written by `npm run generate` from schemas/*.json: change those. */

/**
 * By file name.
 */
export interface Schemas {
  'config.json': Settings
  'engine-document.json': EngineDocument
  'guard-parameters.json': GuardParameters
  'health.json': Health
  'id-parameter.json': IdParameter
  'live-report.json': LiveReport
  'openapi-document.json': OpenApiDocument
  'pretty-parameter.json': PrettyParameter
  'ready-report.json': ReadyReport
  'refusal.json': Refusal
  'unavailable-report.json': UnavailableReport
  'version-report.json': VersionReport
}
/**
 * Every setting. In the environment: LEPORELLO_ and the name in capitals (enginePatienceMs is LEPORELLO_ENGINE_PATIENCE_MS). In the JSON file that LEPORELLO_CONFIG names: either spelling.
 */
export interface Settings {
  /**
   * The address to listen on; 0.0.0.0 or :: for all.
   */
  host: string
  /**
   * The port to listen on; 0 takes a free one.
   */
  port: number
  /**
   * Where this service is reached from outside: guard URLs begin with it. Default: what it listens on, and on a wildcard address the host that the request names.
   */
  publicUrl?: string
  /**
   * A path prefix under which everything stands, for a proxy that does not strip it.
   */
  prefix: string
  /**
   * The directory of the embedded store, and of tarballs unless OBJECTS_DIR says otherwise.
   */
  data: string
  /**
   * The least important log lines to write.
   */
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /**
   * Who may do what. open: everybody everything, as Mozart allows. read-only: nobody may write, for switching a cluster over.
   */
  policy: 'open' | 'read-only'
  /**
   * The most that the embedded store's file may take; a write beyond it is refused. Default: what the disk holds.
   */
  dataLimit?: number
  /**
   * The largest request body that is taken into memory. It must hold a form with a specification of 8 MiB, percent-encoded.
   */
  bodyLimit: number
  /**
   * The commit that this program was built from, shown by /version. Set by the container image's build.
   */
  commit?: string
  /**
   * Where documents are. embedded: a file of this machine. elasticsearch: Elasticsearch 7.10 and later, or OpenSearch.
   */
  store: 'embedded' | 'elasticsearch'
  /**
   * The nodes of Elasticsearch or OpenSearch. Credentials in the URL are used as ENGINE_USERNAME and ENGINE_PASSWORD.
   *
   * @minItems 1
   */
  engineUrl?: [string, ...string[]]
  /**
   * The user for basic authentication.
   */
  engineUsername?: string
  /**
   * The password for basic authentication.
   */
  enginePassword?: string
  /**
   * An API key of the engine, instead of user name and password.
   */
  engineApiKey?: string
  /**
   * A file with the certificate, in PEM, that the engine's certificate is checked against.
   */
  engineCa?: string
  /**
   * Do not check the engine's certificate.
   */
  engineInsecure: boolean
  /**
   * How long an operation on the store waits and retries before it is answered 503. 60000 rides over an engine's restart.
   */
  enginePatienceMs: number
  /**
   * The index of containers.
   */
  indexContainers: string
  /**
   * The index of job specs.
   */
  indexJobSpecs: string
  /**
   * The index of hysds-ios.
   */
  indexHysdsIos: string
  /**
   * Architectures that get a guard URL in every record with urls that lacks them, so that unmodified workers fail at download instead of running another architecture's image.
   */
  guard: string[]
  /**
   * The architectures that a container shall have when nothing else says so.
   */
  expected: string[]
  /**
   * An old Mozart to which requests for unknown paths are passed through.
   */
  legacyMozartUrl?: string
  /**
   * Where tarballs are. local: a directory. s3: a bucket; its keys come from the environment as the AWS SDK finds them (AWS_ACCESS_KEY_ID and so on).
   */
  objects: 'local' | 's3'
  /**
   * The directory of tarballs. Default: objects in DATA.
   */
  objectsDir?: string
  /**
   * The S3 server, where it is not AWS.
   */
  s3Endpoint?: string
  /**
   * The bucket of tarballs.
   */
  s3Bucket?: string
  /**
   * The bucket's region.
   */
  s3Region?: string
  /**
   * What every key begins with.
   */
  s3Prefix?: string
  /**
   * Address the bucket in the path, as most S3 servers other than AWS need.
   */
  s3PathStyle: boolean
  /**
   * Which images are read to prove what they are. own: those that are stored here. all: also those registered by URL, from VERIFY_HOSTS, VERIFY_BUCKETS and VERIFY_ROOTS.
   */
  verify: 'off' | 'own' | 'all'
  /**
   * Hosts from which images may be read over http(s) and dav.
   */
  verifyHosts: string[]
  /**
   * Buckets from which images may be read.
   */
  verifyBuckets: string[]
  /**
   * Local directories from which images may be read.
   */
  verifyRoots: string[]
  /**
   * For clients: the server that commands speak to.
   */
  url: string
  /**
   * For clients: what they prove themselves with.
   */
  token?: string
}
/**
 * As Elasticsearch and OpenSearch answer; they may add members.
 */
export interface EngineDocument {
  _index: string
  _id: string
  _version?: number
  _seq_no?: number
  _primary_term?: number
  found: boolean
  /**
   * The document, byte for byte as it was stored.
   */
  _source?: {
    [k: string]: unknown
  }
  [k: string]: unknown
}
export interface GuardParameters {
  /**
   * Percent-encoded.
   */
  id: string
  /**
   * Percent-encoded.
   */
  architecture: string
  [k: string]: unknown
}
export interface Health {
  ok: boolean
  /**
   * In words, when not ok.
   */
  reason?: string
}
export interface IdParameter {
  /**
   * Percent-encoded.
   */
  id: string
  [k: string]: unknown
}
export interface LiveReport {
  live: boolean
}
export interface OpenApiDocument {
  openapi: string
  info: {
    [k: string]: unknown
  }
  paths: {
    [k: string]: unknown
  }
  [k: string]: unknown
}
export interface PrettyParameter {
  /**
   * Indented, for people. Its name alone is enough.
   */
  pretty?: string
  [k: string]: unknown
}
export interface ReadyReport {
  ready: boolean
  /**
   * By what was checked.
   */
  checks: {
    [k: string]: Health
  }
}
export interface Refusal {
  /**
   * What is wrong, and what was expected.
   */
  message: string
  [k: string]: unknown
}
export interface UnavailableReport {
  message: string
  container: string
  /**
   * As it stands in the address.
   */
  architecture: string
  /**
   * The architectures that the container has images for.
   */
  available: string[]
}
export interface VersionReport {
  version: string
  /**
   * What the program was built from; null when nobody said so.
   */
  commit: string | null
  store: 'embedded' | 'elasticsearch'
  /**
   * Name and version; null while the engine does not answer.
   */
  engine: string | null
}
