"""Locates the binary under test and the programs of `benches/`, and builds them on demand."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def add_arguments(parser):
    """Adds the options of every script. From now on SIGTERM acts like Ctrl-C, so that servers and directories are removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser.add_argument("--courant", metavar="FILE", help="binary of courant; default: a release build of this tree")
    parser.add_argument("--profile", default="release", help="cargo profile of builds")
    parser.add_argument("--temp", metavar="DIR", help="directory for sites; default: the system's temporary directory")


def need(*tools):
    for name in tools:
        if not shutil.which(name):
            sys.exit(f"error: `{name}` is not installed")


def courant(args):
    if args.courant:
        return os.path.abspath(args.courant)
    return build(["--bin", "courant"], "courant", args.profile)


def program(name, args):
    """Returns a program of `benches/`. The environment overrides it, as in COURANT_FLOOR=/tmp/floor."""
    return os.environ.get(f"COURANT_{name.upper()}") or build(["--bench", name], name, args.profile)


def build(which, name, profile):
    command = ["cargo", "build", "--locked", "--profile", profile, "--message-format=json-render-diagnostics", *which]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    built = [json.loads(line) for line in done.stdout.splitlines()]
    return next(line["executable"] for line in built
                if line.get("executable") and line["target"]["name"] == name)
