import { repositoryOf } from '../image/storage.ts'
import type { FrozenRelease } from './release.ts'

/** Quotes a text for a POSIX shell. */
const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`

/**
 * Writes a POSIX shell script that pulls exactly the images of a release: by digest with docker or podman, or else the tarballs with curl,
 * whose SHA-256 it checks.
 */
export function releaseScript(release: FrozenRelease): string {
  const lines = release.set.flatMap(({ id, images }) =>
    Object.entries(images).map(([architecture, { url, manifest, sha256, digest }]) => {
      const reference = manifest === null ? '' : `${release.registry}/${repositoryOf(id)}@${manifest}`
      const config = digest !== null && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : ''
      const values = [architecture, id, reference, /^https?:/.test(url) ? url : '', sha256 ?? '', config]
      return `image ${values.map(quoted).join(' ')}`
    })
  )
  return `${head(release)}\n${lines.join('\n')}\n${tail}`
}

const head = ({ name }: FrozenRelease): string => `#!/bin/sh
# Pulls the images of release ${name}, and nothing else. Usage: sh FILE [ARCHITECTURE [DIRECTORY]]
# ARCHITECTURE: amd64, arm64, ...; default: this machine's. DIRECTORY: for tarballs, where there is neither docker nor podman.
set -u
case "$(uname -m)" in
  x86_64) machine=amd64 ;;
  aarch64) machine=arm64 ;;
  armv7l) machine=arm/v7 ;;
  *) machine=$(uname -m) ;;
esac
wanted=\${1:-$machine}
directory=\${2:-${quoted(name)}}
engine=
for program in docker podman; do
  if [ -z "$engine" ] && command -v "$program" >/dev/null 2>&1 && "$program" info >/dev/null 2>&1; then engine=$program; fi
done
pulled=0
failed=0

sum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

fail() {
  echo "$1: $2" >&2
  failed=$((failed + 1))
}

# ARCHITECTURE ID REFERENCE URL SHA256 CONFIG
image() {
  [ "$1" = "$wanted" ] || return 0
  if [ -n "$engine" ] && [ -n "$3" ] && "$engine" pull -q "$3" >/dev/null 2>&1; then
    "$engine" tag "$3" "$2" && echo "$2: $3" && pulled=$((pulled + 1))
    return 0
  fi
  if [ -z "$4" ]; then fail "$2" "it cannot be pulled by digest, and has no http URL"; return 0; fi
  if [ -z "$5" ]; then fail "$2" "the SHA-256 of its tarball is not known"; return 0; fi
  mkdir -p "$directory" || exit 1
  file=$directory/$5.tar
  if [ ! -f "$file" ] || [ "$(sum "$file")" != "$5" ]; then
    if ! curl -fsSL --retry 3 -o "$file.part" "$4"; then rm -f "$file.part"; fail "$2" "curl could not get $4"; return 0; fi
    if [ "$(sum "$file.part")" != "$5" ]; then
      fail "$2" "the tarball has the SHA-256 $(sum "$file.part"), expected $5"
      rm -f "$file.part"
      return 0
    fi
    mv "$file.part" "$file"
  fi
  if [ -n "$engine" ]; then
    if ! "$engine" load -q -i "$file" >/dev/null; then fail "$2" "$engine could not load it"; return 0; fi
    if [ -n "$6" ] && "$engine" tag "$6" "$2" 2>/dev/null; then echo "$2: $6"; else echo "$2: loaded from $file"; fi
    rm -f "$file"
  else
    echo "$2: $file"
  fi
  pulled=$((pulled + 1))
}
`

const tail = `
echo "$pulled pulled, $failed failed" >&2
if [ "$failed" -gt 0 ]; then exit 1; fi
if [ "$pulled" -eq 0 ]; then echo "the release has no image for $wanted" >&2; exit 1; fi
`
