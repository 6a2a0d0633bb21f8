#!/bin/sh
# For pipelines in which a step before has built the image as ARCH.tar, as kaniko does: take-built.sh ARCH CONTAINERFILE TARBALL.
set -eu
if [ ! -s "$1.tar" ]; then
  echo "the step before has built no image for $1: its log says why"
  exit 1
fi
mv "$1.tar" "$3"
