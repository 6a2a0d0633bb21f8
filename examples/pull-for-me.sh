#!/bin/sh
# What a worker does: asks which image this machine runs, and fetches that one. Prints the file.
#   LEPORELLO_URL=http://127.0.0.1:8888 examples/pull-for-me.sh container-hello:v1.0.0 [FOLDER]
# A refusal goes to standard error in words, and the status is 1: there is no image for this machine, and no other one is taken.
set -eu
base=${LEPORELLO_URL:-http://127.0.0.1:8888}/api/v0.1
id=${1:?usage: pull-for-me.sh ID [FOLDER]}
folder=${2:-.}

if ! url=$(curl -sS --fail-with-body --get "$base/container/resolve" -d format=text \
  --data-urlencode "id=$id" --data-urlencode "arch=$(uname -m)"); then
  echo "$url" >&2
  exit 1
fi

file=$folder/$(basename "$url")
case $url in
  http://* | https://*) curl -sS --fail --location --retry 3 --output "$file.part" "$url" && mv "$file.part" "$file" ;;
  *)
    echo "$url is not http(s): fetch it with what your site has for it, such as osaka" >&2
    exit 1
    ;;
esac
echo "$file"
