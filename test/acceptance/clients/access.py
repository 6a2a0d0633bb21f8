"""access.py BASE TOKEN READER: unmodified clients of a server that asks for a token; READER is a token that may only read.

Started by examples/osaka-dav.py, which makes easywebdav work.
"""

import io
import os
import sys
import tempfile
import unittest
import urllib.parse
from unittest import mock

import easywebdav
import requests
from elasticsearch import Elasticsearch

import checks
from hysds import Builder, mozart_call

BASE, TOKEN, READER = sys.argv[1:4]
HOST = urllib.parse.urlparse(BASE).netloc
DIGEST = "sha256:" + "1" * 64


def with_token(token, path="", user="ci"):
    return "http://%s:%s@%s%s" % (user, token, HOST, path)


def refusal(call):
    try:
        call()
    except requests.HTTPError as error:
        return error.response
    raise AssertionError("it was not refused")


class Access(unittest.TestCase):
    def test_a_builder_whose_address_has_the_token_registers_everything(self):
        for user in ("ci", "anybody", ""):
            builder = Builder(with_token(TOKEN, "/api/v0.1", user or "x"))
            builder.container_met("container-url:v1", "v1", "a.tar.gz", DIGEST, "b-arm64.tar.gz")
            self.assertTrue(builder.exists("container-url:v1"))
            builder.job_met("job-url:v1", "container-url:v1", "v1", {"command": "/run.sh", "params": []})
            builder.io_met("hysds-io-url:v1", "job-url:v1", "v1", {"component": "mozart", "label": "Url"})

    def test_a_builder_without_one_is_told_what_to_do(self):
        answer = refusal(lambda: Builder(BASE + "/api/v0.1").container_met("container-none:v1", "v1", "a.tar.gz", DIGEST))
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.headers["WWW-Authenticate"], 'Basic realm="leporello"')
        self.assertEqual((answer.json()["success"], answer.json()["result"]), (False, None))
        for words in ('scope "register"', "~/.netrc", "leporello token new NAME --scope register"):
            self.assertIn(words, answer.json()["message"])

    def test_a_token_that_may_only_read_is_told_what_it_lacks(self):
        builder = Builder(with_token(READER, "/api/v0.1"))
        answer = refusal(lambda: builder.container_met("container-read:v1", "v1", "a.tar.gz", DIGEST))
        self.assertEqual(answer.status_code, 403)
        self.assertIn('the token "reader" lacks the scope "register"', answer.json()["message"])

    def test_a_netrc_file_is_enough(self):
        with tempfile.NamedTemporaryFile("w", suffix="netrc") as file:
            file.write("machine %s login ci password %s\n" % (HOST.partition(":")[0], TOKEN))
            file.flush()
            with mock.patch.dict(os.environ, NETRC=file.name):
                builder = Builder(BASE + "/api/v0.1")
                builder.container_met("container-netrc:v1", "v1", "a.tar.gz", DIGEST)
                self.assertTrue(builder.exists("container-netrc:v1"))
                self.assertEqual(mozart_call(BASE, "container/info", {"id": "container-netrc:v1"})["version"], "v1")

    def test_elasticsearch_py_reads_a_record_at_our_own_address(self):
        Builder(with_token(TOKEN, "/api/v0.1")).container_met("container-es:v1", "v1", "a.tar.gz", DIGEST)
        client = Elasticsearch([with_token(READER)], timeout=600, max_retries=0)
        self.assertEqual(client.get(index="containers", id="container-es:v1")["_source"]["version"], "v1")

    def test_osaka_puts_a_tarball_with_credentials_and_a_worker_gets_it(self):
        client = easywebdav.connect(HOST, username="ci", password=TOKEN, protocol="http", verify_ssl=False)
        client.mkdirs("/storage/products/containers")
        client.upload(io.BytesIO(b"bytes"), "/storage/products/containers/hello.tar.gz")
        path = "/storage/products/containers/hello.tar.gz"
        self.assertEqual(requests.get(with_token(READER, path), timeout=300).content, b"bytes")
        self.assertEqual(requests.get(BASE + path, timeout=300).status_code, 401)

    def test_osaka_without_credentials_puts_nothing(self):
        client = easywebdav.connect(HOST, username=None, password=None, protocol="http", verify_ssl=False)
        with self.assertRaises(easywebdav.WebdavException):
            client.upload(io.BytesIO(b"bytes"), "/storage/stranger.tar.gz")
        self.assertEqual(requests.get(with_token(READER, "/storage/stranger.tar.gz"), timeout=300).status_code, 404)


checks.run(Access)
