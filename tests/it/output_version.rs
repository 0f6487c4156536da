//! Checks that `OUTPUT_VERSION` is raised when the bytes of outputs change.

use std::fs;
use std::path::{Path, PathBuf};

use courant::model::artifact::OUTPUT_VERSION;

use crate::support::TestSite;

/// The version and the hash of the samples that were recorded with it.
const RECORD: &str = "tests/it/snapshots/output_version.txt";
/// Approved card images.
const CARDS: &str = "tests/it/snapshots/cards";

const POST: &str = "\
---
title: Lights & <b>buoys</b>
date: 2024-05-01T10:00:00+02:00
updated: 2024-05-03
authors: [Ada, Bo]
categories: [News & Events]
tags: [sea, night]
description: Which lights show where.
image: {src: /img/a.png, alt: A buoy}
lang: de
audio: [{url: /a.mp3, length: 9, title: Waves & wind}, {url: /a.ogg, length: 8, duration: 61}]
chapters: /c.json
---

## A heading

A paragraph with *emphasis*, `code`, a [link](/b/), a bare https://e.org/x?y=1&z=2 and a note.[^1]

| light | colour |
|---|---:|
| port | red |

- [ ] a task
- an item

> A quote.

```rust
let lights = 2;
```

![An image](/img/b.png) <span onclick=\"x()\">raw HTML</span> {{< youtube abcdefghijk >}}

[^1]: The note.
";

/// Hashes every output of a sample site, and the approved card images. The names of card images, which hold the
/// crate's version, are left out.
fn hash_of_samples() -> String {
    let outputs = TestSite::new()
        .config("languages = [\"de\"]\nllms_txt = true\n[news]\nenabled = true\n[sitemap]\nvideos = true\n[feed]\nlimit = 2\n[podcast]\nimage = \"/cover.jpg\"")
        .post("a.md", POST)
        .post("b.md", "---\ntitle: B\ndate: 2024-04-01\n---\nText.\n")
        .post("c.md", "---\ntitle: C\ndate: 2024-03-01\n---\nText.\n")
        .build()
        .everything();
    let mut hasher = blake3::Hasher::new();
    for (at, part) in outputs.split("?v=").enumerate() {
        let name_length = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        let skipped = if at == 0 { 0 } else { name_length };
        hasher.update(&part.as_bytes()[skipped..]);
    }
    let mut cards: Vec<PathBuf> = fs::read_dir(path(CARDS))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cards.sort();
    for card in cards {
        hasher.update(&fs::read(card).unwrap());
    }
    hasher.finalize().to_hex().to_string()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn changed_outputs_have_a_raised_version() {
    let hash = hash_of_samples();
    let record = fs::read_to_string(path(RECORD)).unwrap();
    let (version, recorded) = record.trim().split_once(' ').unwrap();
    let version: u32 = version.parse().unwrap();
    if (version, recorded) == (OUTPUT_VERSION, hash.as_str()) {
        return;
    }
    assert!(
        version < OUTPUT_VERSION,
        "outputs changed: raise `OUTPUT_VERSION` in src/model/artifact.rs above {version}"
    );
    assert!(
        std::env::var_os("UPDATE_OUTPUT_VERSION").is_some(),
        "run `UPDATE_OUTPUT_VERSION=1 cargo test output_version` to record the outputs of version {OUTPUT_VERSION}"
    );
    fs::write(path(RECORD), format!("{OUTPUT_VERSION} {hash}\n")).unwrap();
}
