"""HTTP client with one connection for many requests."""
import gzip
import re
import socket
import time


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def text(self):
        coded = self.fields.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if coded else self.body).decode()


class Connection:
    def __init__(self, port, timeout=120):
        self.address = ("127.0.0.1", port), timeout
        self._open()

    def _open(self):
        self.socket = socket.create_connection(*self.address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left, self.is_used = b"", False

    def get(self, path, **fields):
        """Sends a request. Names of header fields have underscores: `if_none_match`."""
        was_used, self.is_used = self.is_used, True
        try:
            return self._get(path, fields)
        except ConnectionError:
            # A server may close an idle connection. Like any client, this retries once on a new one.
            if not was_used or self.left:
                raise
            self.close()
            self._open()
            return self._get(path, fields)

    def _get(self, path, fields):
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        fields = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        return Answer(status, fields, self._body(status, fields))

    def _body(self, status, fields):
        if status in (204, 304):
            return b""
        if "content-length" in fields:
            return self._exactly(int(fields["content-length"]))
        parts = []
        while size := int(self._until(b"\r\n"), 16):
            parts.append(self._exactly(size))
            self._exactly(2)
        self._exactly(2)
        return b"".join(parts)

    def _until(self, end):
        while end not in self.left:
            self._more()
        head, _, self.left = self.left.partition(end)
        return head

    def _exactly(self, length):
        if len(self.left) >= length:
            body, self.left = self.left[:length], self.left[length:]
            return body
        # Received in place: copies of fifty megabytes would count as time of the server.
        body = bytearray(length)
        body[: len(self.left)] = self.left
        room = memoryview(body)[len(self.left) :]
        self.left = b""
        while room:
            read = self.socket.recv_into(room)
            if not read:
                raise ConnectionError("the server closed the connection")
            room = room[read:]
        return body

    def _more(self):
        part = self.socket.recv(1 << 16)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.left += part

    def close(self):
        self.socket.close()


def connect(port, patience=120):
    """Connects as soon as the port is open."""
    end = time.monotonic() + patience
    while True:
        try:
            return Connection(port)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.001)


def free_port():
    """Returns a free port, for servers that do not report theirs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def titles(feed):
    """Returns the titles of the items of an RSS feed, in its order."""
    return re.findall(r"<item>\s*<title>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</title>", feed)
