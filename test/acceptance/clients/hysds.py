"""
What HySDS's programs send and do with the answers, written anew after reading them: container-builder's container-met.py, job-met.py,
io-met.py and utils.py, hysds_commons' mozart_utils.py, and the worker's choice of an image. Only what reaches the network.
"""

import json
import os
import platform
import warnings

import requests

warnings.filterwarnings("ignore")


class Builder:
    """container-builder on Jenkins: knows one REST URL and never a timeout."""

    def __init__(self, rest_url, storage="s3://bucket/products", headers=None):
        self.rest_url, self.storage, self.headers = rest_url, storage, headers or {}

    def _url(self, path):
        return os.path.join(self.rest_url, path)

    def _post(self, path, data):
        answer = requests.post(self._url(path), data=data, headers=self.headers, verify=False)
        answer.raise_for_status()
        return answer

    def container_met(self, name, version, product, digest, product_arm64=None):
        """Registers a container; the images are at the storage already."""
        url = os.path.join(self.storage, product) if product else ""
        arm64 = os.path.join(self.storage, product_arm64) if product_arm64 else ""
        fields = {"name": name, "version": version, "url": url, "resource": "container", "digest": digest}
        urls = {}
        if url:
            urls.update(x86_64=url, amd64=url)
        if arm64:
            urls.update(arm64=arm64, aarch64=arm64)
        if urls:
            fields["urls"] = json.dumps(urls)
        return self._post("container/add", fields)

    def exists(self, item):
        kind, route = ("container", "info") if item.startswith("container") else ("job_spec", "type") if item.startswith("job") else ("container", "type")
        answer = requests.get("%s?id=%s" % (self._url("%s/%s" % (kind, route)), item), headers=self.headers, verify=False)
        return answer.ok

    def job_met(self, spec_id, container, version, spec):
        if not self.exists(container):
            raise LookupError("no container %s" % container)
        whole = {"container": container, "job-version": version, "resource": "jobspec", **spec, "id": spec_id}
        return self._post("job_spec/add", {"spec": json.dumps(whole)})

    def io_met(self, io_id, job_spec, version, wiring):
        if not self.exists(job_spec):
            raise LookupError("no job specification %s" % job_spec)
        whole = {"job-specification": job_spec, "job-version": version, "resource": "hysds-io-specification", **wiring, "id": io_id}
        # a GET with a form body, as requests sends it
        known = requests.get(self._url("hysds_io/type"), data={"id": io_id}, headers=self.headers, verify=False)
        if known.status_code != 404:
            known.raise_for_status()
            accounts = set(whole.get("allowed_accounts", []) + known.json()["result"].get("allowed_accounts", []))
            if accounts:
                whole["allowed_accounts"] = sorted(accounts)
        return self._post("hysds_io/add", {"spec": json.dumps(whole)})


def mozart_call(mozart_url, method, data, version="v0.1"):
    """hysds_commons: a GET with a form body, and the answer's result."""
    answer = requests.get(os.path.join(mozart_url, "api", version, method), data=data, verify=False)
    answer.raise_for_status()
    return answer.json()["result"]


def worker_image(document):
    """The URL that an unmodified worker downloads on this machine: its own in `urls`, else `url`."""
    urls = document.get("urls") or {}
    if isinstance(urls, str):
        urls = json.loads(urls)
    return urls.get(platform.machine().lower(), document.get("url"))
