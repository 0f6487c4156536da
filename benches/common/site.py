"""Generates a site on disk, and edits its posts as an editor does."""
import os
import pathlib
import re
import subprocess

TITLE = re.compile(r'^title: "(.*)"$', re.M)
# Newer than all generated posts, and in the past.
NEWEST = "2024-01-01T00:00:00Z"
# Older than all generated posts.
OLDEST = "2013-06-01T00:00:00Z"


def write(program, directory, count, *options):
    subprocess.run([program, str(directory), str(count), *options], check=True)
    return Site(directory, count)


class Site:
    def __init__(self, directory, count):
        self.directory, self.count = pathlib.Path(directory), count
        self.content = self.directory / "content"
        self.config = self.directory / "config.toml"

    def file(self, number):
        return self.content / f"{number // 100:03}" / f"post-{number:05}.md"

    def size(self):
        return sum(file.stat().st_size for file in self.content.rglob("*.md"))


def card(number):
    return f"/cards/blog/post-{number:05}/"


def titled(text, title):
    return TITLE.sub(f'title: "{title}"', text, count=1)


def described(text, description):
    return re.sub(r'^description: ".*"$', f'description: "{description}"', text, count=1, flags=re.M)


def with_body(text, words):
    front, fence, body = text.partition("\n---\n\n")
    return f"{front}{fence}{words}\n\n{body}"


def hidden(text):
    return text.replace("\ndraft: false\n", "\ndraft: true\n", 1)


def new(text, title, name, date):
    text = re.sub(r"^date: .*$", f"date: {date}", titled(text, title), count=1, flags=re.M)
    return re.sub(r"^url: .*$", f"url: /blog/{name}/", text, count=1, flags=re.M)


def rename_over(file, text):
    """Writes a temporary file, and renames it over `file`."""
    beside = file.with_name("." + file.name + ".new")
    beside.write_text(text)
    os.rename(beside, file)


def in_place(file, text):
    """Truncates and writes the file. For a moment it is empty, then incomplete."""
    file.write_text(text)
