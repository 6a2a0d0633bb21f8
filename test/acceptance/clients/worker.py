"""
worker.py NAME RECORD CACHE: what a worker does before a job, with a real docker on PATH. It pulls the image NAME through CONTAINER_REGISTRY, or
loads it from the URL that RECORD, the JSON of container/info, has for this machine. Prints what docker says of the image.

Written anew after reading hysds (containers/) and osaka. With HYSDS_SOURCES, a folder with checkouts of hysds and osaka, their own files do it,
unchanged; only what those import beside them (Celery's application, the log, osaka's clients of clouds) is stood in for here.
"""

import json
import logging
import os
import subprocess
import sys
import types

import requests

from hysds import worker_image

LOCK = ".osaka.locked.json"


def docker(*parameters):
    return subprocess.check_output(["docker", *parameters])


def download(url, path):
    """osaka's transfer: asks for the lock of an unfinished upload, and reads what is there to see whether it is a folder, before it reads."""
    with requests.Session() as session:
        session.head(url + LOCK)
        for _ in range(2):
            session.get(url, stream=True).close()
        size = int(session.get(url, stream=True).headers["content-length"])
        answer = session.get(url, stream=True)
        answer.raise_for_status()
        with open(path, "wb") as file:
            for chunk in iter(lambda: answer.raw.read(1 << 20), b""):
                file.write(chunk)
    assert os.path.getsize(path) == size, "%s has %d bytes" % (url, size)


def ensure_image_loaded(name, record, cache):
    registry = os.environ["CONTAINER_REGISTRY"]
    try:
        docker("pull", os.path.join(registry, name))
        docker("tag", os.path.join(registry, name), name)
    except subprocess.CalledProcessError as error:
        print("not from %s: %s" % (registry, error), file=sys.stderr)
    try:
        return json.loads(docker("inspect", name))[0]
    except subprocess.CalledProcessError:
        url = worker_image(record)
        file = os.path.join(cache, os.path.basename(url))
        download(url, file)
        docker("load", "-i", file)
        return json.loads(docker("inspect", name))[0]


def own_worker(sources):
    """Their own `ensure_image_loaded`."""
    for project in ("osaka", "hysds"):
        sys.path.insert(0, os.path.join(sources, project))
    del sys.modules["hysds"]  # ours

    class Configuration(dict):
        WORKER_MOUNT_BLACKLIST = ()

    registry = Configuration(CONTAINER_REGISTRY=os.environ["CONTAINER_REGISTRY"])
    beside = {
        "hysds.celery": {"app": types.SimpleNamespace(conf=registry)},
        "hysds.log_utils": {"logger": logging.getLogger("hysds")},
        "hysds.utils": {"datetime_iso_naive": lambda: "2026-01-01T00:00:00.000000"},
        **{"osaka.storage.%s" % name: {} for name in ("webdav", "s3", "az", "gs", "ftp")},
    }
    for name, members in beside.items():
        sys.modules[name] = module = types.ModuleType(name)
        vars(module).update(members)
    import osaka.storage

    for name in ("webdav", "s3", "az", "gs", "ftp"):
        setattr(osaka.storage, name, sys.modules["osaka.storage.%s" % name])
    from hysds.containers.docker import Docker

    return lambda name, record, cache: Docker().ensure_image_loaded(name, record["url"], cache, record["urls"])


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    name, record, cache = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
    sources = os.environ.get("HYSDS_SOURCES")
    load = own_worker(sources) if sources else ensure_image_loaded
    print(json.dumps(load(name, record, cache)))
