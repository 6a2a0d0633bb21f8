"""dav.py BASE: what osaka sends when it puts, looks at, gets and removes a tarball under dav://, through the packages that it uses.

Started by examples/osaka-dav.py, which makes easywebdav work. osaka itself is on no package index.
"""

import io
import re
import sys
import unittest
import urllib.parse

import easywebdav
import requests

import checks

BASE = sys.argv[1]
HOST = urllib.parse.urlparse(BASE).netloc
TARBALL = bytes(range(256)) * 20_000


def webdav():
    return easywebdav.connect(HOST, username=None, password=None, protocol="http", verify_ssl=False)


def put(path, content):
    """The folders, then the old one away, then the new one, then its size. What goes wrong before the upload is not looked at."""
    client = webdav()
    try:
        client.mkdirs(path.rpartition("/")[0])
        client.delete(path)
    except easywebdav.WebdavException:
        pass
    if content:
        client.upload(io.BytesIO(content), path)
    else:
        requests.put(BASE + path, "", timeout=300).raise_for_status()
    answer = requests.head(BASE + path, timeout=300)
    answer.raise_for_status()
    return int(answer.headers["Content-Length"])


def get(path):
    answer = requests.get(BASE + path, stream=True, timeout=300)
    answer.raise_for_status()
    return answer.raw.read()


class Osaka(unittest.TestCase):
    def test_a_tarball_is_put_into_folders_that_are_not_there_and_got_back(self):
        path = "/storage/products/containers/container-hello:v1.0.tar.gz"
        self.assertEqual(put(path, TARBALL), len(TARBALL))
        self.assertEqual(get(path), TARBALL)

    def test_a_tarball_is_put_over_another(self):
        path = "/storage/again/container.tar.gz"
        put(path, b"old")
        self.assertEqual(put(path, TARBALL), len(TARBALL))
        self.assertEqual(get(path), TARBALL)

    def test_a_tarball_is_put_from_a_file_by_its_name(self):
        webdav().upload(__file__, "/storage/by-name.py")
        with open(__file__, "rb") as this:
            self.assertEqual(get("/storage/by-name.py"), this.read())

    def test_a_file_without_bytes_is_put(self):
        self.assertEqual(put("/storage/lock/empty", b""), 0)

    def test_a_name_with_spaces_and_letters_of_any_kind_is_put(self):
        path = "/storage/odd/h\u00e9llo w\u00f6rld.tar"
        put(path, b"odd")
        self.assertEqual(get(path), b"odd")

    def test_what_is_there_exists_and_nothing_else_does(self):
        put("/storage/there/file", b"x")
        self.assertTrue(webdav().exists("/storage/there/file"))
        self.assertTrue(webdav().exists("/storage/there"))
        self.assertFalse(webdav().exists("/storage/there/other"))

    def test_a_folder_is_known_by_its_page_and_its_children_by_their_links(self):
        put("/storage/folder/a:1.tar", b"x")
        put("/storage/folder/b.tar", b"x")
        page = requests.get(BASE + "/storage/folder", timeout=300).text
        self.assertTrue(page.startswith('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'))
        links = re.findall(r'href\s*=\s*"([^"]+)"', page)
        children = [link for link in links if not link.startswith(("?", "/", "..", "https://", "#", "'"))]
        self.assertEqual([get("/storage/folder/" + child) for child in children], [b"x", b"x"])

    def test_a_folder_is_listed(self):
        put("/storage/listed/file.tar", b"12345")
        files = {file.name: file.size for file in webdav().ls("/storage/listed/")}
        self.assertEqual(files, {"/storage/listed/": 0, "/storage/listed/file.tar": 5})

    def test_a_file_is_removed_and_a_folder_when_it_is_empty(self):
        put("/storage/gone/file", b"x")
        client = webdav()
        with self.assertRaises(easywebdav.OperationFailed):
            client.rmdir("/storage/gone")
        client.delete("/storage/gone/file")
        client.rmdir("/storage/gone", safe=True)
        self.assertFalse(client.exists("/storage/gone/file"))
        self.assertFalse(client.exists("/storage/gone"))


checks.run(Osaka)
