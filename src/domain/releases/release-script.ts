import { repositoryOf } from '../image/storage.ts'
import { maskSecrets } from '../secrets.ts'
import type { FrozenRelease, ReleasedContainer, ReleasedImage } from './release.ts'

/** Quotes a text for a POSIX shell. */
const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`

/**
 * Writes a POSIX shell script that pulls exactly the images of a release: by digest with docker or podman, or else the tarballs with curl,
 * whose SHA-256 it checks. Everything is in one function, so that a script that was cut off on its way does nothing.
 */
export function releaseScript(release: FrozenRelease): string {
  const lines = release.set.flatMap((container) => [
    `  container ${quoted(container.id)} ${quoted(Object.keys(container.images).join(' '))}`,
    ...imageLines(release, container)
  ])
  return `${head(release)}\nmain() {\n${lines.join('\n')}\n${tail}`
}

function imageLines({ registry }: FrozenRelease, { id, images }: ReleasedContainer): string[] {
  return Object.entries(images).map(([architecture, image]) => {
    const { manifest, sha256, digest } = image
    const reference = manifest === null ? '' : `${registry}/${repositoryOf(id)}@${manifest}`
    const config = digest !== null && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : ''
    const values = [architecture, id, reference, sha256 ?? '', config, ...tarballOf(image)]
    return `  image ${values.map(quoted).join(' ')}`
  })
}

/** Returns the URL of a tarball, or '' and why curl cannot get it. Everyone who may read the release gets the script, so it shows no secret. */
function tarballOf({ url, sha256 }: ReleasedImage): [url: string, problem: string] {
  if (!/^https?:/.test(url)) return ['', `its tarball is at ${maskSecrets(url)}, which curl does not get`]
  if (maskSecrets(url) !== url) return ['', `the URL of its tarball has a secret: ${maskSecrets(url)}`]
  return sha256 === null ? ['', 'the SHA-256 of its tarball is not known, as nobody read it'] : [url, '']
}

const head = ({ name, insecure }: FrozenRelease): string => `#!/bin/sh
# Pulls the images of release ${name}, and nothing else. Usage: sh FILE [ARCHITECTURE [DIRECTORY]]
# ARCHITECTURE: amd64, arm64, ...; default: this machine's. DIRECTORY: for tarballs, where there is neither docker nor podman.
# Exit status: 0 every image is there, with its digest; 1 not all of them, with a line for each on standard error.
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
  if [ -z "$engine" ] && command -v "$program" >/dev/null 2>&1 && "$program" info </dev/null >/dev/null 2>&1; then engine=$program; fi
done
# docker has its own list of registries without https
${insecure ? 'if [ "$engine" = podman ]; then plain=--tls-verify=false; else plain=; fi' : 'plain='}
pulled=0
failed=0

sum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

fail() {
  echo "$1: $2" >&2
  failed=$((failed + 1))
}

# ID IMAGE: some ids are no names for an engine
named() {
  if "$engine" tag "$2" "$1" </dev/null >/dev/null 2>&1; then echo "$1: $2"; else echo "$1: $2, which $engine does not tag so"; fi
}

# ID ARCHITECTURES
container() {
  case " $2 " in
    *" $wanted "*) ;;
    *) fail "$1" "it has no image for $wanted; it has: $2" ;;
  esac
}

# ARCHITECTURE ID REFERENCE SHA256 CONFIG URL PROBLEM
image() {
  [ "$1" = "$wanted" ] || return 0
  why=
  if [ -n "$engine" ]; then
    if [ -z "$3" ]; then
      why="$engine cannot pull it by digest, as nobody read it; "
    elif said=$("$engine" pull -q $plain "$3" </dev/null 2>&1); then
      named "$2" "$3"
      pulled=$((pulled + 1))
      return 0
    else
      why="$engine pull $3 failed: $said; "
    fi
  fi
  if [ -n "$7" ]; then fail "$2" "$why$7"; return 0; fi
  mkdir -p "$directory" || exit 1
  file=$directory/$4.tar
  if [ ! -f "$file" ] || [ "$(sum "$file")" != "$4" ]; then
    if ! said=$(curl -fsSL --netrc-optional --retry 3 -o "$file.part" "$6" </dev/null 2>&1); then
      rm -f "$file.part"
      fail "$2" "\${why}curl could not get $6: $said"
      return 0
    fi
    found=$(sum "$file.part")
    if [ "$found" != "$4" ]; then
      fail "$2" "\${why}the tarball has the SHA-256 $found, expected $4"
      rm -f "$file.part"
      return 0
    fi
    mv "$file.part" "$file"
  fi
  if [ -z "$engine" ]; then
    echo "$2: $file"
  elif said=$("$engine" load -q -i "$file" </dev/null 2>&1); then
    if [ -n "$5" ]; then named "$2" "$5"; else echo "$2: $said"; fi
    rm -f "$file"
  else
    fail "$2" "\${why}$engine load of its tarball failed: $said"
    return 0
  fi
  pulled=$((pulled + 1))
}
`

const tail = `}
main
echo "$pulled pulled, $failed failed" >&2
[ "$failed" -eq 0 ]
`
