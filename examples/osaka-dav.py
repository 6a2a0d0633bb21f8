#!/usr/bin/env python3
"""Lets osaka write to dav:// and davs:// again, on Python 3 and to any WebDAV server.

osaka puts through easywebdav 1.2.0, which is older than Python 3: it asks for `basestring`, and it makes `host:port:80` of a host that
has a port. This mends both, and then runs a program as if it had been started itself:

    python3 osaka-dav.py container-met.py container-hello:v1 v1 hello-v1.tar.gz dav://127.0.0.1:8888/storage/containers sha256:… URL

(Reading dav:// needs none of this, nor does `leporello container-met`.)
"""
import builtins
import os
import runpy
import sys


def mend_easywebdav():
    import easywebdav.client

    builtins.basestring = str
    connect = easywebdav.client.Client.__init__

    def with_port(self, host, port=0, *args, **kwargs):
        name, colon, digits = host.rpartition(":")
        if colon and digits.isdigit() and not port:
            host, port = name, int(digits)
        connect(self, host, port, *args, **kwargs)

    easywebdav.client.Client.__init__ = with_port


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: osaka-dav.py PROGRAM [ARGUMENT]...")
    mend_easywebdav()
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
