import { parseArchitecture } from '../../domain/architecture.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { misuse } from './api-error.ts'

/** What images are built from, by architecture; `*` stands for all. */
export interface BuildInputs {
  [architecture: string]: { [input: string]: string }
}

/** Parses inputs such as `commit=9c0e1f2` and `arm64:base=sha256:0d5a`. */
export function sourcesOf(texts: readonly string[]): BuildInputs {
  // without a prototype, as the names are foreign
  const sources: BuildInputs = Object.create(null)
  for (const text of texts) {
    const [, name, input, value] = /^(?:([\w./-]+):)?([A-Za-z0-9][\w.-]*)=(.+)$/s.exec(text) ?? []
    if (input === undefined || value === undefined) {
      throw misuse(`${JSON.stringify(maskSecrets(text))} is not an input; expected one as commit=9c0e1f2 or arm64:base=sha256:0d5a`)
    }
    const architecture = name === undefined ? '*' : parseArchitecture(name)
    sources[architecture] = { ...sources[architecture], [input]: value }
  }
  return sources
}
