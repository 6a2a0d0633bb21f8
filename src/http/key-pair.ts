import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { createSecureContext } from 'node:tls'

/** The paths of two PEM files: the certificate, with those of its authorities below it, and its private key. */
export type KeyPairFiles = { cert: string; key: string }

/** What is in them. */
export type KeyPair = { cert: string; key: string }

interface KeyPairWatch {
  files: KeyPairFiles
  /** What the server uses now. */
  pair: KeyPair
  everyMs?: number | undefined
  onRenewed(): void
  /** Called when the files are of no use, and again when the reason is another. The server keeps the pair before. */
  onRefused(error: Error): void
}

/** Throws when a file cannot be read, or the two do not belong together. */
export async function readKeyPair({ cert, key }: KeyPairFiles): Promise<KeyPair> {
  const pair = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
  try {
    // for an empty file it makes a context without a certificate, which refuses every connection
    if (!/BEGIN CERTIFICATE/.test(pair.cert) || !/PRIVATE KEY/.test(pair.key)) throw new Error('one of them holds nothing of the kind')
    createSecureContext(pair)
    return pair
  } catch (error) {
    const why = (error as Error).message.replace(/^error:[^:]*:[^:]*::/, '')
    throw new Error(`${cert} and ${key} are not a certificate and its private key in PEM, without a passphrase: ${why}`)
  }
}

/** Gives the server the pair anew when the files change. It polls: no event tells of a changed Kubernetes Secret. Returns how to stop. */
export function watchKeyPair(server: Server, { files, pair, everyMs = 10_000, onRenewed, onRefused }: KeyPairWatch): () => void {
  let seen = textOf(pair)
  const look = async () => {
    const found = await readKeyPair(files).catch((error: Error) => error)
    const text = found instanceof Error ? found.message : textOf(found)
    if (text === seen) return
    seen = text
    if (found instanceof Error) return onRefused(found)
    const tls = server as TlsServer
    tls.setSecureContext(found)
    onRenewed()
  }
  const timer = setInterval(look, everyMs).unref()
  return () => clearInterval(timer)
}

const textOf = ({ cert, key }: KeyPair): string => `${cert}\n${key}`
