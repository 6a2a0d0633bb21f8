"""registry.py BASE [ENGINE]: a builder, workers and operators against a registry; with ENGINE also programs that use the engine itself."""

import json
import sys
import unittest
from unittest import mock

import requests
from elasticsearch import Elasticsearch, NotFoundError

import checks
from hysds import Builder, mozart_call, worker_image

BASE = sys.argv[1]
ENGINE = sys.argv[2] if len(sys.argv) > 2 else None
DIGEST = "sha256:" + "1" * 64
AMD = "s3://bucket/products/container-two-v1.tar.gz"
ARM = "s3://bucket/products/container-two-v1-arm64.tar.gz"

ROOTS = {"v0.1": BASE + "/api/v0.1", "v0.2": BASE + "/api/v0.2", "bare": BASE, "slash": BASE + "/api/v0.1/"}


def documents(base=BASE):
    """elasticsearch-py as HySDS pins it; our own port answers the one path that operators read."""
    return Elasticsearch([base], timeout=600, max_retries=0)


def on_machine(name):
    return mock.patch("platform.machine", lambda: name)


class Pipeline(unittest.TestCase):
    def test_the_whole_builder_pipeline_works_under_every_address_that_it_may_be_given(self):
        for label, root in ROOTS.items():
            builder = Builder(root)
            container, job, io = ("%s-pipe:%s" % (kind, label) for kind in ("container", "job", "hysds-io"))
            self.assertFalse(builder.exists(container))
            self.assertEqual(builder.container_met(container, label, "a.tar.gz", DIGEST, "b-arm64.tar.gz").json()["result"], container)
            self.assertTrue(builder.exists(container))
            spec = {"command": "/run.sh", "params": [{"name": "n", "destination": "positional"}], "soft_time_limit": None, "disk_usage": "1GB"}
            self.assertTrue(builder.job_met(job, container, label, spec).json()["success"])
            self.assertTrue(builder.exists(job))
            self.assertFalse(builder.exists(io), "container/type must not exist")
            self.assertTrue(builder.io_met(io, job, label, {"component": "mozart", "label": "Pipe"}).json()["success"])

    def test_a_prefix_that_a_proxy_names_in_x_script_name_is_taken_away(self):
        builder = Builder(BASE + "/mozart/api/v0.1", headers={"X-Script-Name": "/mozart"})
        builder.container_met("container-prefix:v1", "v1", "p.tar.gz", DIGEST)
        self.assertTrue(builder.exists("container-prefix:v1"))
        self.assertTrue(Builder(BASE + "/api/v0.1", headers={"X-Script-Name": "/mozart"}).exists("container-prefix:v1"))
        self.assertEqual(requests.get(BASE + "/mozart/api/v0.1/container/list").status_code, 404)

    def test_a_job_specification_for_a_container_that_is_not_there_is_not_sent(self):
        with self.assertRaises(LookupError):
            Builder(ROOTS["v0.1"]).job_met("job-none:v1", "container-none:v1", "v1", {})

    def test_a_build_without_any_image_fails_at_raise_for_status(self):
        with self.assertRaises(requests.HTTPError) as raised:
            Builder(ROOTS["v0.1"]).container_met("container-empty:v1", "v1", "", DIGEST)
        self.assertEqual(raised.exception.response.status_code, 400)
        self.assertEqual(raised.exception.response.json()["success"], False)

    def test_a_rebuilt_hysds_io_keeps_the_accounts_that_were_allowed(self):
        builder = Builder(ROOTS["v0.1"])
        builder.container_met("container-acc:v1", "v1", "a.tar.gz", DIGEST)
        builder.job_met("job-acc:v1", "container-acc:v1", "v1", {"command": "x"})
        wiring = {"component": "mozart", "label": "L", "allowed_accounts": ["ada"]}
        builder.io_met("hysds-io-acc:v1", "job-acc:v1", "v1", wiring)
        builder.io_met("hysds-io-acc:v1", "job-acc:v1", "v1", {**wiring, "allowed_accounts": ["bob"]})
        builder.io_met("hysds-io-acc:v1", "job-acc:v1", "v1", {"component": "mozart", "label": "L"})
        self.assertEqual(mozart_call(BASE, "hysds_io/type", {"id": "hysds-io-acc:v1"})["allowed_accounts"], ["ada", "bob"])

    def test_a_container_only_for_arm_is_accepted_and_gives_x86_64_machines_a_name_that_fails(self):
        Builder(ROOTS["v0.1"]).container_met("container-armonly:v1", "v1", "", DIGEST, "only-arm64.tar.gz")
        document = mozart_call(BASE, "container/info", {"id": "container-armonly:v1"})
        with on_machine("aarch64"):
            self.assertEqual(worker_image(document), "s3://bucket/products/only-arm64.tar.gz")
        with on_machine("x86_64"):
            guard = worker_image(document)
        self.assertIn("/unavailable/", guard)
        answer = requests.get(guard, headers={"Accept": "application/json"})
        self.assertEqual(answer.status_code, 404)
        self.assertIn("arm64", answer.text)

    def test_a_specification_comes_back_with_every_value_as_it_was(self):
        builder = Builder(ROOTS["v0.1"])
        builder.container_met("container-exact:v1", "v1", "a.tar.gz", DIGEST)
        spec = {"z": None, "10": 1.0, "2": 1234567890123456789, "deep": {"list": ["\ud800", None, "ü"], "yes": True}, "a": ""}
        builder.job_met("job-exact:v1", "container-exact:v1", "v1", spec)
        stored = mozart_call(BASE, "job_spec/type", {"id": "job-exact:v1"})
        self.assertEqual(list(stored), ["container", "job-version", "resource", "z", "10", "2", "deep", "a", "id"])
        self.assertEqual({key: stored[key] for key in spec}, spec)
        self.assertIsInstance(stored["10"], float)


class Worker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Builder(ROOTS["v0.1"]).container_met("container-two:v1", "v1", "container-two-v1.tar.gz", DIGEST, "container-two-v1-arm64.tar.gz")

    def test_each_machine_finds_its_own_image_in_the_document(self):
        document = mozart_call(BASE, "container/info", {"id": "container-two:v1"})
        self.assertEqual(document["url"], AMD)
        for machine, url in {"x86_64": AMD, "AMD64": AMD, "aarch64": ARM, "arm64": ARM}.items():
            with on_machine(machine):
                self.assertEqual(worker_image(document), url, machine)

    def test_the_document_is_hysds_own_and_nothing_else_stands_in_it(self):
        document = mozart_call(BASE, "container/info", {"id": "container-two:v1"})
        self.assertEqual(list(document), ["id", "digest", "url", "version", "urls"])
        self.assertEqual(document["urls"], json.dumps({"x86_64": AMD, "amd64": AMD, "arm64": ARM, "aarch64": ARM}))

    def test_a_worker_that_asks_with_arch_is_given_its_own_image_or_a_refusal_that_says_what_there_is(self):
        def asked(arch):
            return requests.get(BASE + "/api/v0.1/container/info", params={"id": "container-two:v1", "arch": arch})

        self.assertEqual(asked("aarch64").json()["result"]["url"], ARM)
        self.assertEqual(asked("x86_64").json()["result"]["url"], AMD)
        refused = asked("riscv64")
        self.assertEqual(refused.status_code, 404)
        self.assertEqual(refused.json()["message"], "container-two:v1 has no image for riscv64; it has: amd64, arm64")

    def test_both_versions_answer_a_get_with_a_form_body(self):
        for version in ("v0.1", "v0.2"):
            self.assertEqual(mozart_call(BASE, "container/info", {"id": "container-two:v1"}, version)["url"], AMD)
        self.assertEqual(mozart_call(BASE, "container", {"id": "container-two:v1"}, "v0.2")["url"], AMD)

    def test_elasticsearch_py_reads_the_record_at_our_own_address(self):
        answer = documents().get(index="containers", id="container-two:v1")
        self.assertEqual((answer["_index"], answer["_id"], answer["found"]), ("containers", "container-two:v1", True))
        self.assertEqual(answer["_source"]["url"], AMD)
        with self.assertRaises(NotFoundError) as raised:
            documents().get(index="containers", id="container-nobody:v1")
        self.assertEqual(raised.exception.info["found"], False)


class BesideUs(unittest.TestCase):
    """HySDS's other programs use the engine directly, while we do."""

    engine = None

    @classmethod
    def setUpClass(cls):
        cls.engine = documents(ENGINE)

    def test_what_another_program_writes_is_seen_at_once(self):
        for n in range(50):
            self.engine.index(index="containers", id="container-other:v1", body={"id": "container-other:v1", "url": "s3://b/%d" % n, "n": n})
            self.assertEqual(mozart_call(BASE, "container/info", {"id": "container-other:v1"})["n"], n)

    def test_what_another_program_deletes_is_gone_at_once(self):
        Builder(ROOTS["v0.1"]).container_met("container-gone:v1", "v1", "a.tar.gz", DIGEST)
        self.engine.delete(index="containers", id="container-gone:v1")
        self.assertFalse(Builder(ROOTS["v0.1"]).exists("container-gone:v1"))

    def test_what_we_write_another_program_sees_at_once_and_byte_for_byte(self):
        for n in range(50):
            url = "s3://bucket/products/n%d.tar.gz" % n
            Builder(ROOTS["v0.2"]).container_met("container-ours:v1", "v1", "n%d.tar.gz" % n, DIGEST)
            source = self.engine.get(index="containers", id="container-ours:v1")["_source"]
            self.assertEqual(source, {"id": "container-ours:v1", "digest": DIGEST, "url": url, "version": "v1", "urls": json.dumps({"x86_64": url, "amd64": url})})

    def test_a_record_of_another_program_with_fields_that_are_not_hysds_own_is_left_as_it_is(self):
        body = {"extra": [{"a": None}, {"b": 1.0}], "id": "container-hand:v1", "url": None, "version": "v1", "created": "2020-01-01"}
        self.engine.index(index="containers", id="container-hand:v1", body=body)
        self.assertEqual(mozart_call(BASE, "container/info", {"id": "container-hand:v1"}), body)
        asked = requests.get(BASE + "/api/v0.1/container/resolve", params={"id": "container-hand:v1", "arch": "arm64"})
        self.assertEqual(asked.status_code, 404)
        self.assertEqual(self.engine.get(index="containers", id="container-hand:v1")["_source"], body)

    def test_a_worker_that_reads_the_engine_gets_its_own_image(self):
        Builder(ROOTS["v0.1"]).container_met("container-direct:v1", "v1", "d.tar.gz", DIGEST, "d-arm64.tar.gz")
        document = self.engine.get(index="containers", id="container-direct:v1")["_source"]
        for machine, name in {"x86_64": "d.tar.gz", "aarch64": "d-arm64.tar.gz"}.items():
            with on_machine(machine):
                self.assertEqual(worker_image(document), "s3://bucket/products/" + name)

    def test_the_list_holds_what_both_wrote_after_a_refresh(self):
        self.engine.index(index="containers", id="container-listed:a", body={"id": "container-listed:a"})
        Builder(ROOTS["v0.1"]).container_met("container-listed:b", "b", "a.tar.gz", DIGEST)
        self.engine.indices.refresh(index="containers")
        listed = mozart_call(BASE, "container/list", {})
        self.assertEqual(len(listed), len(set(listed)))
        self.assertLessEqual({"container-listed:a", "container-listed:b"}, set(listed))

    def test_a_job_specification_that_we_wrote_is_found_by_the_queries_of_sds_pkg(self):
        builder = Builder(ROOTS["v0.1"])
        builder.container_met("container-query:v1", "v1", "a.tar.gz", DIGEST)
        builder.job_met("job-query:v1", "container-query:v1", "v1", {"command": "x"})
        self.engine.indices.refresh(index="job_specs")
        found = self.engine.search(index="job_specs", body={"query": {"term": {"container.keyword": "container-query:v1"}}})
        self.assertEqual([hit["_id"] for hit in found["hits"]["hits"]], ["job-query:v1"])


checks.run(Pipeline, Worker, *([BesideUs] if ENGINE else []))
