#!/bin/sh
# A whole pipeline on one machine: builds all architectures at once, and ends with the container's state.
#
#   pipeline.sh ID ARCH...
#
# An architecture may have its own containerfile, Containerfile.ARCH. The exit status is 0 if the container is complete, and 1 otherwise.
set -eu

id=$1
shift
here=$(dirname "$0")

leporello expect "$id" "$@"
for arch in "$@"; do
  containerfile=Containerfile.$arch
  [ -e "$containerfile" ] || containerfile=Containerfile
  "$here/build-one.sh" "$id" "$arch" "$containerfile" &
done
# each job has reported its outcome to the server: that decides, not which job ended first
wait
leporello wait "$id" --timeout "${TIMEOUT:-60}"
