#!/usr/bin/env python3
"""Stub of the XML API of Google Cloud Storage, by its documentation: one bucket in memory, generations, conditional puts.

It is no emulator of Google's: it shows that courant speaks this API, not that Google's service agrees with the stub.
`tests/stores/gcs_stub.py PORT BUCKET`
"""

import base64
import hashlib
import json
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

# Few, so that a list has several pages. Google sends up to 1,000.
PAGE_KEYS = 10
KEPT_HEADERS = ("content-type", "cache-control", "content-encoding")
# Claims of a self-signed token; Google rejects those that are valid for more than an hour.
MAX_TOKEN_SECONDS = 3600


class Bucket:
    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.objects = {}
        self.generation = 1_000_000

    def put(self, key, body, headers, condition):
        with self.lock:
            now = self.objects.get(key)
            if condition is not None and condition != (now["generation"] if now else 0):
                return None
            self.generation += 1
            self.objects[key] = {
                "body": body,
                "generation": self.generation,
                "headers": {name: headers[name] for name in KEPT_HEADERS if headers.get(name)},
                "etag": '"' + hashlib.md5(body).hexdigest() + '"',
                "modified": time.time(),
            }
            return self.objects[key]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket = None

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fail(self, status, code):
        body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{code}.</Message></Error>"
        self.reply(status, body.encode(), {"Content-Type": "application/xml; charset=UTF-8"})

    def has_token(self):
        """Checks the claims of the bearer token, not its signature."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        parts = token.split(".")
        if kind != "Bearer" or len(parts) != 3:
            return False
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        lifetime = claims["exp"] - claims["iat"]
        return claims["iss"] == claims["sub"] and 0 < lifetime <= MAX_TOKEN_SECONDS and claims["exp"] > time.time()

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = urlsplit(self.path)
        bucket, _, key = url.path.lstrip("/").partition("/")
        if not self.has_token():
            return self.fail(401, "AuthenticationRequired")
        if unquote(bucket) != self.bucket.name:
            return self.fail(404, "NoSuchBucket")
        key = unquote(key)
        if not key:
            return self.list_objects({name: values[0] for name, values in parse_qs(url.query).items()})
        if self.command == "PUT":
            condition = self.headers.get("x-goog-if-generation-match")
            written = self.bucket.put(key, body, self.headers, None if condition is None else int(condition))
            if written is None:
                return self.fail(412, "PreconditionFailed")
            return self.reply(200, b"", {"ETag": written["etag"], "x-goog-generation": written["generation"]})
        found = self.bucket.objects.get(key)
        if found is None:
            return self.fail(404, "NoSuchKey")
        if self.command == "DELETE":
            self.bucket.objects.pop(key, None)
            return self.reply(204)
        headers = {"ETag": found["etag"], "x-goog-generation": found["generation"], **found["headers"]}
        headers["Last-Modified"] = formatdate(found["modified"], usegmt=True)
        return self.reply(200, found["body"], headers)

    do_GET = do_HEAD = do_PUT = do_DELETE = handle_request

    def list_objects(self, query):
        with self.bucket.lock:
            keys = sorted(key for key in self.bucket.objects if key.startswith(query.get("prefix", "")))
            left = [key for key in keys if key > query.get("continuation-token", "")]
            page = left[:PAGE_KEYS]
            token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if len(left) > PAGE_KEYS else ""
            contents = "".join(
                f"<Contents><Key>{escape(key)}</Key><Generation>{found['generation']}</Generation>"
                f"<LastModified>{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(found['modified']))}</LastModified>"
                f"<ETag>{escape(found['etag'])}</ETag><Size>{len(found['body'])}</Size></Contents>"
                for key, found in ((key, self.bucket.objects[key]) for key in page)
            )
        text = f"<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>{token}{contents}</ListBucketResult>"
        self.reply(200, text.encode(), {"Content-Type": "application/xml; charset=UTF-8"})


Handler.bucket = Bucket(sys.argv[2])
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
