#!/bin/sh
# The job of one machine: builds the image of one architecture, proves it, uploads it, and reports the outcome, however it ends.
# It does nothing if the current image was made from the same source, so it may be run again at any time.
#
#   build-one.sh ID ARCH [CONTAINERFILE]
#
# BUILD_IMAGE   the program that builds the tarball, called as `$BUILD_IMAGE ARCH CONTAINERFILE TARBALL`; default: build-image.sh next to this script
# INPUTS        what decides what the image is, as "commit=… base=sha256:…" (the plan's Kubernetes Jobs set it); default: the containerfile
# BUILD_URL     where this job's log is (Jenkins sets it)
# LEPORELLO_URL the server
set -eu

id=$1 arch=$2 containerfile=${3:-Containerfile}
build_image=${BUILD_IMAGE:-$(dirname "$0")/build-image.sh}

inputs=${INPUTS:-containerfile=sha256:$(sha256sum < "$containerfile" | cut -d ' ' -f 1)}
sources=
for input in $inputs; do sources="$sources $arch:$input"; done

# shellcheck disable=SC2086  # inputs hold no spaces
to_build=$(leporello plan "$id" $sources --format names)
if [ -z "$to_build" ]; then
  echo "$id $arch: reused, nothing to build"
  exit 0
fi

work=$(mktemp -d)
report() {
  # shellcheck disable=SC2046,SC2086
  leporello report "$id" "$arch" "$@" $(printf -- '--source %s ' $sources) ${BUILD_URL:+--log "$BUILD_URL"}
}
ended() {
  status=$?
  trap - EXIT
  if [ "$status" -ne 0 ]; then
    cat "$work/log" >&2 2> /dev/null || true
    report failed --reason "$(tail -n 1 "$work/log" 2> /dev/null || true)" || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap ended EXIT
trap 'echo "interrupted" >> "$work/log"; exit 143' INT TERM

report running
# the file's name becomes the last segment of its address, which workers cache it by
tarball=$work/$(echo "$id" | tr ':/' '--')-$arch.tar
"$build_image" "$arch" "$containerfile" "$tarball" > "$work/log" 2>&1
leporello push "$tarball" --id "$id" --arch "$arch" >> "$work/log" 2>&1
report succeeded
