#!/bin/sh
# A whole pipeline on one machine: all architectures at once, and an end that says how the container stands.
#
#   pipeline.sh ID ARCH...
#
# An architecture may have a containerfile of its own, Containerfile.ARCH. Ends with 0 when the container is complete, else with 1.
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
# each job has told the server how it ended: that, and not who ended first, is what counts
wait
leporello wait "$id" --timeout "${TIMEOUT:-60}"
