#!/bin/sh
# Registers a container with images for two architectures, asks for each machine's image, and lists what there is.
#   LEPORELLO_URL=http://127.0.0.1:8888 examples/register.sh container-hello:v1.0.0
# Where a token is needed it is the password: LEPORELLO_URL=http://ci:TOKEN@registry:8888
set -eu
base=${LEPORELLO_URL:-http://127.0.0.1:8888}/api/v0.1
id=${1:-container-hello:v1.0.0}
bucket=s3://bucket/containers
name=$(echo "$id" | tr : -)

# as container-builder posts it: a form; `urls` is JSON in a string, and a name of each architecture is enough
curl -sS --fail-with-body "$base/container/add" \
  --data-urlencode "name=$id" \
  --data-urlencode "version=${id##*:}" \
  --data-urlencode "digest=sha256:0000000000000000000000000000000000000000000000000000000000000000" \
  --data-urlencode "url=$bucket/$name.tar.gz" \
  --data-urlencode "urls={\"amd64\": \"$bucket/$name.tar.gz\", \"arm64\": \"$bucket/$name-arm64.tar.gz\"}"

for machine in x86_64 aarch64; do
  printf '%s: ' "$machine"
  curl -sS --fail-with-body --get "$base/container/resolve" -d format=text --data-urlencode "id=$id" -d "arch=$machine"
done

# on an engine a list lags behind by its refresh interval, 5 s under HySDS's templates; what was asked above never does
curl -sS --fail-with-body "$base/container/list"
