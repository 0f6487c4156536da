"""Runs courant and Hugo as child processes. Each is a context manager, and stops at the end of its block."""
import os
import pathlib
import re
import shutil
import subprocess
import threading

from . import http

HUGO = pathlib.Path(__file__).resolve().parents[1] / "beside-hugo" / "hugo"


class Server:
    """Child process that is stopped at the end of the block."""

    def __init__(self, command, **more):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def memory(self, name="VmRSS"):
        """Returns a memory value of /proc, in MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(rf"^{name}:\s+(\d+) kB", status.read(), re.M).group(1)) / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Courant(Server):
    """Instance of courant. It is ready when it prints its port, after the first generation is published. With
    `is_awaited` the port is known at once, and the caller waits by requests. `before` is a command that runs it.
    Its log is always read, so that it never blocks on the pipe."""

    def __init__(self, binary, config, log=os.devnull, before=(), listen="127.0.0.1:0", is_awaited=False):
        if is_awaited:
            self.port = http.free_port()
            listen = f"127.0.0.1:{self.port}"
        command = [*before, binary, "--config", str(config), "--listen", listen]
        super().__init__(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            self.port = self.port if is_awaited else self._said_port()
        except BaseException:
            self.__exit__()
            raise
        threading.Thread(target=self._keep_log, args=(log,), daemon=True).start()

    def _said_port(self):
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.match(r"\s*http://127\.0\.0\.1:(\d+)/", line):
                return int(found.group(1))
        raise RuntimeError("courant did not start:\n" + "".join(said))

    def _keep_log(self, log):
        with open(log, "w") as kept:
            for line in self.process.stderr:
                kept.write(line)
                kept.flush()


class Hugo(Server):
    """`hugo server`: watches, builds into memory and serves. With full renders, because fast renders do not update a
    feed that is not visited."""

    def __init__(self, site):
        self.port = http.free_port()
        command = ["hugo", "server", "--source", str(site), "--port", str(self.port), "--baseURL",
                   "https://harbour.example/", "--appendPort=false", "--disableLiveReload",
                   "--disableFastRender", "--noBuildLock", "--quiet"]
        super().__init__(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def hugo_site(directory, limit, content):
    """Writes a Hugo site around a directory of posts, which may be shared: see `benches/beside-hugo/hugo`."""
    shutil.copytree(HUGO, directory)
    file = directory / "config.toml"
    file.write_text(file.read_text().replace("limit = 20", f"limit = {limit or -1}"))
    (directory / "content").symlink_to(content)
    return directory
