//! Checks that a configuration is applied completely or rejected with all its faults.

use std::path::Path;

use courant::config::Config;
use courant::model::finding::{Finding, Rule};

fn list_faults(toml: &str) -> String {
    let findings = Config::parse(toml, "config.toml", Path::new("")).expect_err("faults");
    crate::support::format_findings(&findings)
}

#[test]
fn configuration_in_use_equals_its_text_read_again() {
    let text = include_str!("../../config.toml");
    let patterns =
        "include = [\"*/blog/**\", \"{a,b}/[0-9]*.md\"]\nexclude = [\"**/x?/*\", \"*.txt\"]\n";
    let text = text.replacen("[content]\n", &format!("[content]\n{patterns}"), 1);
    let read = |text: &str| {
        Config::parse(text, "config.toml", Path::new(""))
            .unwrap_or_else(|found| panic!("{found:#?}"))
    };
    let used = read(&text);
    // Caches of compiled patterns do not affect equality.
    assert_eq!(courant::library::ignore_reason("ja/blog/a.md", &used), None);
    assert!(used == read(&text));
    assert!(read(&text) != read(&text.replace("x?", "y?")));
}

#[test]
fn annotated_reference_parses_and_shows_every_default() {
    let text = include_str!("../../config.toml");
    Config::parse(text, "config.toml", Path::new("")).expect("the reference is valid");
    // A commented-out key shows its default, so enabling it changes nothing. Keys without a default
    // show an example, which must parse.
    let enable_keys = |wanted: fn(&str) -> bool| {
        let on = |line: &str| {
            let rest = line.strip_prefix("# ").unwrap_or(line);
            let key = rest.split_once(" = ").map_or(rest, |(key, _)| key);
            let is_key = rest.starts_with("[[") || (rest != key && !key.contains(' '));
            let line = if is_key && wanted(key) { rest } else { line };
            format!("{line}\n")
        };
        let text: String = text.lines().map(on).collect();
        Config::parse(&text, "config.toml", Path::new(""))
            .unwrap_or_else(|findings| panic!("{findings:#?}"))
    };
    const KEYS_WITH_EXAMPLES: [&str; 69] = [
        "icon",
        "managing_editor",
        "webmaster",
        "ignored_commits",
        "branch",
        "webhook",
        "secret_file",
        "to",
        "endpoint",
        "region",
        "url",
        "method",
        "json_list",
        "headers",
        "cache",
        "token_file",
        "hosts",
        "languages",
        "language_permalinks",
        "rewrites",
        "fields",
        "[[feeds]]",
        "path",
        "category",
        "not_category",
        "title",
        "description",
        "paths",
        "directory",
        "ids",
        "ignore",
        "static_dir",
        "template",
        "logo",
        "fonts",
        "former_urls",
        "copyright",
        "fediverse",
        "exclude",
        "[[robots]]",
        "user_agents",
        "allow",
        "disallow",
        "id",
        "aliases",
        "email",
        "twitter",
        "tls",
        "trusted_proxies",
        "ttl_minutes",
        "feeds",
        "maps",
        "cards",
        "hubs",
        "key",
        "dir",
        "author",
        "owner_name",
        "owner_email",
        "image",
        "categories",
        "explicit",
        "type",
        "locked",
        "guid",
        "funding",
        "complete",
        "new_feed_url",
        "media_url",
    ];
    let defaults = enable_keys(|key| !KEYS_WITH_EXAMPLES.contains(&key));
    let reference = enable_keys(|_| false);
    assert_eq!(format!("{defaults:?}"), format!("{reference:?}"));
    // A list needs a `url` without `{path}`.
    enable_keys(|key| key != "json_list");
}

#[test]
fn every_fault_is_reported_with_line_and_hint() {
    insta::assert_snapshot!(list_faults(
        r##"
[site]
url = "example.org"
titel = "A"
language = 7
timezone = "Berlin"
theme_color = "red"
permalinks = ":yeer/"

[contents]
dir = "posts"

[content]
include = ["a["]
require = "blog-post"

[feed]
limit = -1
content = "all"

[server]
listen = "8080"
header_timeout = 10

[[robots]]
disallow = "/x"

[[authors]]
fediverse = "@a@b.example"
"##
    ));
}

#[test]
fn missing_keys_are_named() {
    insta::assert_snapshot!(list_faults("[feed]\nlimit = 1\n"));
}

#[test]
fn syntax_errors_have_lines() {
    insta::assert_snapshot!(list_faults(
        "[site]\nurl = \"https://example.org\ntitle = \"A\"\n"
    ));
}

#[test]
fn paths_are_relative_to_the_configuration_file() {
    let config = Config::parse(
        "[site]\nurl = \"https://e.org\"\ntitle = \"A\"\n[content]\ndir = \"posts\"\n",
        "x/config.toml",
        Path::new("x"),
    )
    .unwrap();
    assert_eq!(config.content.dir, Path::new("x/posts"));
    assert_eq!(config.server.public_url, "https://e.org");
}

#[test]
fn sample_posts_have_no_findings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config::load(&root.join("config.toml")).unwrap();
    let mut pipeline = courant::publish::pipeline::Pipeline::new(
        config,
        courant::publish::snapshot::SnapshotHandle::default(),
    );
    pipeline
        .refresh_all(
            crate::support::new_year_2025(),
            courant::library::DeletionPolicy::Immediate,
        )
        .unwrap();
    // One post is in Japanese, and not every machine has a font for it.
    let findings = pipeline.content_status().findings.iter();
    let findings = findings.filter(|finding| finding.rule != Rule::MissingGlyph);
    assert_eq!(findings.collect::<Vec<_>>(), Vec::<&Finding>::new());
    assert_eq!(pipeline.content_status().file_counts.posts, 6);
}

#[test]
fn framed_pictures_need_a_static_directory() {
    let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[cards]\npicture = \"framed\"\n";
    let findings = Config::parse(toml, "config.toml", Path::new("")).unwrap_err();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].line, Some(5));
    assert!(
        findings[0]
            .message
            .contains("`content.static_dir` is missing"),
        "{findings:?}"
    );
}

#[test]
fn listen_addresses_and_tls_files_are_validated() {
    let site = "[site]\nurl = \"https://e.org\"\ntitle = \"A\"\n[server]\n";
    let read = |server: &str| Config::parse(&format!("{site}{server}"), "c", Path::new("x"));
    let server = read(
        "listen = [\"[::]:80\", \"unix:run/a.sock\", \"unix:/b.sock\"]\nunix_mode = \"0666\"\n\
        tls = { certificate = \"a.pem\", key = \"/b.pem\" }",
    );
    let server = server.unwrap().server;
    let listen: Vec<_> = server.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listen, ["[::]:80", "unix:x/run/a.sock", "unix:/b.sock"]);
    assert_eq!(server.unix_mode, 0o666);
    let tls = server.tls.unwrap();
    assert_eq!(tls.certificate, Path::new("x/a.pem"));
    assert_eq!(tls.key, Path::new("/b.pem"));
    for (server, expected) in [
        ("listen = []", "`server.listen` is empty"),
        (
            "listen = [\"127.0.0.1:1\", \"127.0.0.1:1\"]",
            "`server.listen` names `127.0.0.1:1` twice",
        ),
        (
            "listen = \"unix:\"",
            "is not an address with a port: `unix:`",
        ),
        ("listen = 8080", "must be a string or a list of strings"),
        ("unix_mode = \"rw\"", "is not a file mode: `rw`"),
        ("unix_mode = \"1777\"", "is not a file mode: `1777`"),
        (
            "tls = { certificate = \"a\" }",
            "`server.tls.key` is missing",
        ),
        ("[server.tls]", "`server.tls.certificate` is missing"),
    ] {
        let findings = read(server).expect_err(server);
        assert!(
            findings[0].message.contains(expected),
            "{server}: {findings:?}"
        );
    }
}
