#!/usr/bin/env python3
"""A container with two architectures, from Python with requests: register, resolve, list, remove.

    python3 client.py http://127.0.0.1:8888/api/v0.1

Where a token is needed it is the password: http://ci:TOKEN@registry:8888/api/v0.1, or ~/.netrc.
"""
import json
import platform
import sys
import time

import requests


def register(mozart, ident, version, digest, urls):
    """As container-builder's container-met.py posts it; one name of each architecture is enough in `urls`."""
    form = {
        "name": ident,
        "version": version,
        "digest": digest,
        "url": urls.get("x86_64", ""),
        "urls": json.dumps(urls),
        "resource": "container",
    }
    return result_of(requests.post(f"{mozart}/container/add", data=form, timeout=30))


def image_for(mozart, ident, machine):
    """The URL of the image that a machine of this kind runs. A machine is named as platform.machine() names it."""
    answer = requests.get(f"{mozart}/container/resolve", params={"id": ident, "arch": machine}, timeout=30)
    return result_of(answer)["url"]


def is_listed(mozart, ident, patience=15):
    """On an engine a list lags behind by its refresh interval, 5 s under HySDS's templates; info and resolve never do."""
    until = time.monotonic() + patience
    while ident not in result_of(requests.get(f"{mozart}/container/list", timeout=30)):
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


def result_of(answer):
    """The `result` of Mozart's envelope; a refusal carries its reason in `message`."""
    if not answer.ok:
        raise SystemExit(f"{answer.status_code}: {answer.json()['message']}")
    return answer.json()["result"]


def main(mozart):
    ident = "container-python:v1.0.0"
    urls = {
        "x86_64": "s3://bucket/container-python-v1.0.0.tar.gz",
        "aarch64": "s3://bucket/container-python-v1.0.0-arm64.tar.gz",
    }
    print("registered", register(mozart, ident, "v1.0.0", "sha256:" + "0" * 64, urls))
    for machine in ("x86_64", "aarch64"):
        print(machine, image_for(mozart, ident, machine))
    print("this machine", image_for(mozart, ident, platform.machine()))
    print("listed", is_listed(mozart, ident))
    requests.get(f"{mozart}/container/remove", params={"id": ident}, timeout=30).raise_for_status()
    print("removed", ident)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8888/api/v0.1")
