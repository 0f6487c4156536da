"""Installs and starts object stores for tests: each a program of its own on a free port of 127.0.0.1.

Everything is installed into one cache directory, except Debian's packages of Swift. Nothing is downloaded from elsewhere
than PyPI, the npm registry and Debian.
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

BUCKET = "courant-test"
# Swift and azurite need some seconds on a busy machine.
READY_SECONDS = 60
# Versions that were run. Another one may answer differently.
MOTO = "moto[server]==5.2.5"
AZURITE = "azurite@3.35.0"
# The account that azurite and the SDKs know without configuration; the key is published by Microsoft.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(method, url, body=None, headers=None):
    """Sends one request and returns status, headers and body, whatever the status is."""
    message = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(message, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def run_quietly(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"`{' '.join(map(str, command))}` failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


class Store:
    """One emulator: its programs, its bucket, and the settings by which courant reaches it."""

    name = ""
    # False if the store rejects a conditional put: then only one process may export.
    has_conditional_put = True

    def __init__(self, cache):
        self.cache = Path(cache)
        self.directory = self.cache / f"run-{self.name}-{os.getpid()}"
        self.port = free_port()
        self.processes = []

    def url(self, prefix="site"):
        raise NotImplementedError

    def environment(self):
        return {}

    def settings(self):
        """Lines for `[export]` beside `to`."""
        return ""

    def install(self):
        raise NotImplementedError

    def start(self):
        raise NotImplementedError

    def list_keys(self, prefix):
        raise NotImplementedError

    def read_object(self, key):
        """Returns headers and bytes of an object, or None."""
        raise NotImplementedError

    def spawn(self, *command, env=None):
        self.directory.mkdir(parents=True, exist_ok=True)
        log = open(self.directory / f"{len(self.processes)}.log", "ab")
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def wait_ready(self, is_ready):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if is_ready():
                    return
            except OSError:
                pass
            time.sleep(0.1)
        logs = "".join(log.read_text()[-1500:] for log in sorted(self.directory.glob("*.log")))
        self.stop()
        sys.exit(f"{self.name} is not ready after {READY_SECONDS} s\n{logs}")

    def pause(self):
        """Stops the store without closing its sockets: requests hang."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGSTOP)

    def resume(self):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGCONT)

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes = []
        shutil.rmtree(self.directory, ignore_errors=True)

    def venv(self, package):
        python = self.cache / "venv/bin/python"
        if not python.exists():
            run_quietly("python3", "-m", "venv", self.cache / "venv")
        marker = self.cache / ("installed-" + hashlib.sha256(package.encode()).hexdigest()[:12])
        if not marker.exists():
            run_quietly(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package)
            marker.touch()
        return self.cache / "venv"


class S3(Store):
    """Requests to any S3 server, signed by version 4."""

    access_key = "test-key"
    secret_key = "test-secret"
    region = "us-east-1"

    def url(self, prefix="site"):
        return f"s3://{BUCKET}/{prefix}"

    def environment(self):
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
        }

    def settings(self):
        return f'endpoint = "http://127.0.0.1:{self.port}"\npath_style = true\n'

    def signed(self, method, path, query="", body=b""):
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        host = f"127.0.0.1:{self.port}"
        digest = hashlib.sha256(body).hexdigest()
        path = quote(path, safe="/~-._")
        canonical = (
            f"{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{now}\n\n"
            f"host;x-amz-content-sha256;x-amz-date\n{digest}"
        )
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self.secret_key}".encode()
        for part in (now[:8], self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        headers = {
            # moto takes a body without a type for a form.
            "Content-Type": "application/octet-stream",
            "x-amz-date": now,
            "x-amz-content-sha256": digest,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, "
            f"SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}",
        }
        url = f"http://{host}{path}" + (f"?{query}" if query else "")
        return request(method, url, body or None, headers)

    def make_bucket(self):
        return self.signed("PUT", f"/{BUCKET}")[0] == 200

    def list_keys(self, prefix):
        import xml.etree.ElementTree as ET

        keys, token = [], ""
        while True:
            query = f"list-type=2&prefix={quote(prefix, safe='~-._')}"
            if token:
                query = f"continuation-token={quote(token, safe='~-._')}&" + query
            status, _, body = self.signed("GET", f"/{BUCKET}", query)
            if status != 200:
                raise RuntimeError(f"list: {status} {body[:300]}")
            root = ET.fromstring(body)
            space = root.tag.split("}")[0] + "}" if "}" in root.tag else ""
            keys += [key.text for key in root.iter(space + "Key")]
            token = root.findtext(space + "NextContinuationToken") or ""
            if not token:
                return keys

    def read_object(self, key):
        status, headers, body = self.signed("GET", f"/{BUCKET}/{key}")
        return (headers, body) if status == 200 else None

    def put_object(self, key, body):
        status, _, answer = self.signed("PUT", f"/{BUCKET}/{key}", body=body)
        if status != 200:
            raise RuntimeError(f"put: {status} {answer[:300]}")


class Moto(S3):
    """moto: S3 in one process in memory. Conditional puts, strong reads."""

    name = "moto"

    def install(self):
        self.venv(MOTO)

    def start(self):
        self.spawn(self.cache / "venv/bin/moto_server", "-H", "127.0.0.1", "-p", self.port)
        self.wait_ready(self.make_bucket)


class Swift(S3):
    """OpenStack Swift of Debian with its S3 API: checks signatures and clocks, and answers 501 to a conditional put."""

    name = "swift"
    has_conditional_put = False
    access_key = "test:tester"
    secret_key = "testing"
    packages = ["swift-proxy", "swift-account", "swift-container", "swift-object", "memcached"]

    def install(self):
        if shutil.which("swift-proxy-server"):
            return
        run_quietly("apt-get", "update", "-qq")
        run_quietly("apt-get", "install", "-y", "-qq", "--no-install-recommends", *self.packages)

    def start(self):
        here = self.directory
        here.mkdir(parents=True, exist_ok=True)
        memcached = free_port()
        self.spawn("memcached", "-l", "127.0.0.1", "-p", memcached, "-u", "root")
        for kind in ("account", "container", "object"):
            port = free_port()
            ring = here / f"{kind}.builder"
            run_quietly("swift-ring-builder", ring, "create", "4", "1", "1")
            run_quietly("swift-ring-builder", ring, "add", f"r1z1-127.0.0.1:{port}/disk", "1")
            run_quietly("swift-ring-builder", ring, "rebalance")
            (here / "node" / "disk").mkdir(parents=True, exist_ok=True)
            (here / f"{kind}.conf").write_text(
                f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 1\nuser = root\nmount_check = false\n"
                f"swift_dir = {here}\ndevices = {here}/node\ndisable_fallocate = true\n"
                f"[pipeline:main]\npipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n"
                f"auto_create_account_prefix = .\n"
            )
            self.spawn(f"swift-{kind}-server", here / f"{kind}.conf", "--verbose")
        (here / "proxy.conf").write_text(
            f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {self.port}\nworkers = 2\nuser = root\nswift_dir = {here}\n"
            "[pipeline:main]\n"
            "pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth bulk slo proxy-server\n"
            "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
            "[filter:catch_errors]\nuse = egg:swift#catch_errors\n[filter:gatekeeper]\nuse = egg:swift#gatekeeper\n"
            f"[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:{memcached}\n"
            "[filter:listing_formats]\nuse = egg:swift#listing_formats\n"
            f"[filter:s3api]\nuse = egg:swift#s3api\nlocation = {self.region}\n"
            "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin\n"
            "[filter:bulk]\nuse = egg:swift#bulk\n[filter:slo]\nuse = egg:swift#slo\n"
        )
        self.spawn("swift-proxy-server", here / "proxy.conf", "--verbose")
        self.wait_ready(self.make_bucket)


class Azurite(Store):
    """azurite: Azure's blob storage. Generations are ETags; deleting what is gone is an error."""

    name = "azurite"

    def url(self, prefix="site"):
        return f"az://{BUCKET}/{prefix}"

    def environment(self):
        return {"AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY}

    def settings(self):
        return f'endpoint = "http://127.0.0.1:{self.port}/{AZURE_ACCOUNT}"\n'

    def install(self):
        if not (self.cache / "npm/node_modules/.bin/azurite-blob").exists():
            (self.cache / "npm").mkdir(parents=True, exist_ok=True)
            run_quietly("npm", "install", "--prefix", self.cache / "npm", "--no-audit", "--no-fund", AZURITE)

    def start(self):
        self.spawn(
            self.cache / "npm/node_modules/.bin/azurite-blob",
            *("--blobHost", "127.0.0.1", "--blobPort", self.port),
            *("--inMemoryPersistence", "--skipApiVersionCheck", "--silent"),
        )
        self.wait_ready(lambda: self.signed("PUT", f"/{BUCKET}", {"restype": "container"})[0] in (201, 409))

    def signed(self, method, path, query=None):
        date = datetime.now(timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
        version = "2021-12-02"
        query = query or {}
        path = quote(path, safe="/~-._")
        resource = f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}{path}" + "".join(
            f"\n{name}:{value}" for name, value in sorted(query.items())
        )
        text = f"{method}\n" + "\n" * 11 + f"x-ms-date:{date}\nx-ms-version:{version}\n{resource}"
        key = hmac.new(base64.b64decode(AZURE_KEY), text.encode(), hashlib.sha256).digest()
        url = f"http://127.0.0.1:{self.port}/{AZURE_ACCOUNT}{path}"
        if query:
            url += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        headers = {
            "x-ms-date": date,
            "x-ms-version": version,
            "Authorization": f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(key).decode()}",
        }
        return request(method, url, None, headers)

    def list_keys(self, prefix):
        import xml.etree.ElementTree as ET

        keys, marker = [], ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix}
            if marker:
                query["marker"] = marker
            status, _, body = self.signed("GET", f"/{BUCKET}", query)
            if status != 200:
                raise RuntimeError(f"list: {status} {body[:300]}")
            root = ET.fromstring(body)
            keys += [blob.findtext("Name") for blob in root.iter("Blob")]
            marker = root.findtext("NextMarker") or ""
            if not marker:
                return keys

    def read_object(self, key):
        status, headers, body = self.signed("GET", f"/{BUCKET}/{key}")
        return (headers, body) if status == 200 else None


class Gcs(Store):
    """Google Cloud Storage: no emulator with the XML API is in a registry, so this is a stub of our own."""

    name = "gcs"

    def url(self, prefix="site"):
        return f"gs://{BUCKET}/{prefix}"

    def environment(self):
        return {"GOOGLE_SERVICE_ACCOUNT": str(self.directory / "key.json")}

    def settings(self):
        return f'endpoint = "http://127.0.0.1:{self.port}"\n'

    def install(self):
        pass

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        key = run_quietly("openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        account = {
            "type": "service_account",
            "client_email": "test@project.iam.gserviceaccount.com",
            "private_key_id": "test",
            "private_key": key,
        }
        (self.directory / "key.json").write_text(json.dumps(account))
        self.spawn(sys.executable, Path(__file__).with_name("gcs_stub.py"), self.port, BUCKET)
        self.wait_ready(lambda: self.list_keys("") == [])

    def authorized(self, path):
        now = int(time.time())
        claims = json.dumps({"iss": "test", "sub": "test", "iat": now, "exp": now + 60}).encode()
        token = "e30." + base64.urlsafe_b64encode(claims).decode().rstrip("=") + ".x"
        return request("GET", f"http://127.0.0.1:{self.port}{path}", None, {"Authorization": f"Bearer {token}"})

    def list_keys(self, prefix):
        import xml.etree.ElementTree as ET

        keys, token = [], ""
        while True:
            query = f"list-type=2&prefix={quote(prefix, safe='')}&continuation-token={quote(token, safe='')}"
            root = ET.fromstring(self.authorized(f"/{BUCKET}?{query}")[2])
            keys += [key.text for key in root.iter("Key")]
            token = root.findtext("NextContinuationToken") or ""
            if not token:
                return keys

    def read_object(self, key):
        status, headers, body = self.authorized(f"/{BUCKET}/{quote(key)}")
        return (headers, body) if status == 200 else None


STORES = {kind.name: kind for kind in (Moto, Swift, Azurite, Gcs)}
