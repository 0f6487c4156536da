"""The binary under test and the programs beside it, built when they are first asked for."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def add_arguments(parser):
    """Those of every script. From here on SIGTERM ends it as Ctrl-C does: servers and directories go."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser.add_argument("--courant", metavar="FILE", help="the binary; default: a release build of this tree")
    parser.add_argument("--profile", default="release", help="that what is built here is built with")
    parser.add_argument("--temp", metavar="DIR", help="where sites are written; default: the system's")


def need(*tools):
    for name in tools:
        if not shutil.which(name):
            sys.exit(f"error: `{name}` is not installed")


def courant(args):
    if args.courant:
        return os.path.abspath(args.courant)
    return build(["--bin", "courant"], "courant", args.profile)


def program(name, args):
    """A program of `benches/`; the environment may name one, as in COURANT_FLOOR=/tmp/floor."""
    return os.environ.get(f"COURANT_{name.upper()}") or build(["--bench", name], name, args.profile)


def build(which, name, profile):
    command = ["cargo", "build", "--locked", "--profile", profile, "--message-format=json-render-diagnostics", *which]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    built = [json.loads(line) for line in done.stdout.splitlines()]
    return next(line["executable"] for line in built
                if line.get("executable") and line["target"]["name"] == name)
