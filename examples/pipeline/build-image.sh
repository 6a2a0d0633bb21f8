#!/bin/sh
# Builds the tarball of one architecture: build-image.sh ARCH CONTAINERFILE TARBALL. On a machine of that architecture nothing is emulated.
set -eu
docker buildx build --platform "linux/$1" --file "$2" --output "type=docker,dest=$3" "${CONTEXT:-.}"
