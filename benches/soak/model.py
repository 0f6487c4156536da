"""Models the posts of a site while they are edited; responses are compared with it.

A post has a number, which orders posts by age, and a title, or none while it is hidden. An edit is one of
title, body, hide, unhide, new, delete, saved by a rename over the file or by a write in place.
"""
import collections
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import site as sites  # noqa: E402

# Seconds for which past states of a post are kept. Longer than any lag.
MEMORY = 120


class Model:
    def __init__(self, site, seed):
        self.site, self.random, self.lock = site, random.Random(seed), threading.Lock()
        self.text, self.is_hidden, self.past = {}, set(), {}
        self.edits, self.recent = 0, collections.deque(maxlen=20)
        for number in range(site.count):
            text = site.file(number).read_text()
            self.text[number] = text
            self.past[number] = [(0.0, sites.TITLE.search(text).group(1))]
        # Template of new posts. It stays when post 0 is edited.
        self.pattern = self.text[0]
        # Free numbers. New posts take the last one, and deleted posts return theirs.
        self.unused = list(range(site.count, site.count + 50))

    def numbers(self):
        with self.lock:
            return list(self.past)

    def visible(self):
        return {number for number in self.text if number not in self.is_hidden}

    def newest(self, count):
        return [(number, self.past[number][-1][1]) for number in sorted(self.visible(), reverse=True)[:count]]

    def touched(self):
        """Returns the posts of the latest edits."""
        return set(self.recent)

    def edit(self):
        """Makes one random edit, on disk and in the model."""
        choose = self.random
        kind = choose.choices(["title", "body", "hide", "unhide", "new", "delete"], [6, 6, 2, 2, 1, 1])[0]
        # Half of the edits are of the newest posts, most of which are in the feeds.
        shown = sorted(self.visible())
        number = choose.choice(shown[-30:] if choose.random() < 0.5 else shown)
        save = choose.choice([sites.rename_over, sites.in_place])
        word = f"{self.edits} {choose.randrange(10**6)}"
        if kind == "unhide":
            if not self.is_hidden:
                return
            number = choose.choice(sorted(self.is_hidden))
        elif kind == "hide" and (len(self.is_hidden) > self.site.count // 10 or len(shown) < 40):
            return
        elif kind == "new":
            if not self.unused:
                return
            number = self.unused.pop()
        elif kind == "delete":
            number = choose.choice(shown[-60:])
            if number < self.site.count:
                return
        self.edits += 1
        self.recent.append(number)
        self.write(kind, number, word, save)

    def write(self, kind, number, word, save):
        file = self.site.file(number)
        if kind == "delete":
            file.unlink()
            del self.text[number]
            self.unused.append(number)
            return self.is_now(number, None)
        if kind == "new":
            day = number - self.site.count
            text = sites.new(self.pattern, f"New post {word}", f"post-{number:05}", f"2024-02-01T{day // 60:02}:{day % 60:02}:00Z")
            file.parent.mkdir(parents=True, exist_ok=True)
        elif kind == "title":
            text = sites.titled(self.text[number], f"Title {word}")
        elif kind == "body":
            text = sites.with_body(self.text[number], f"Body {word}.")
            # Bodies must not grow without limit.
            if len(text) > 12_000:
                text = text[:text.index("\n---\n\n") + 6] + f"Body {word}, from the start.\n"
        elif kind == "hide":
            text = sites.hidden(self.text[number])
            self.is_hidden.add(number)
        else:
            text = self.text[number].replace("\ndraft: true\n", "\ndraft: false\n", 1)
            self.is_hidden.discard(number)
        self.text[number] = text
        # Recorded before it is on disk. Otherwise a fast server is ahead of the model.
        self.is_now(number, None if number in self.is_hidden else sites.TITLE.search(text).group(1), save, file, text)

    def is_now(self, number, title, save=None, file=None, text=None):
        with self.lock:
            past = self.past.setdefault(number, [(0.0, None)])
            past.append((time.monotonic(), title))
            # The last state before that time is kept, because it lasted until the next.
            while len(past) > 1 and past[1][0] < time.monotonic() - MEMORY:
                past.pop(0)
        if save:
            save(file, text)

    def hold(self, number, title, since, where):
        """Raises an error if the post did not have this title at any time since `since`; `None` stands for any title."""
        with self.lock:
            past = self.past.get(number, [])
            later = [state for at, state in past if at >= since]
            before = [state for at, state in past if at < since]
            states = before[-1:] + later
        if not any(state is not None and title in (None, state) for state in states):
            raise AssertionError(f"{where} has post {number} as {title!r}; its recent states are {states}")
