//! Checks that a site that moves to courant keeps its entry ids, so that readers see no post twice.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use courant::config::{Config, ConfigError};
use courant::library::DeletionPolicy;
use courant::model::finding::{Rule, Severity};
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::SnapshotHandle;

use crate::support::{Built, TestSite, new_year_2025, plain};

/// Builds the site with the id map that is on disk.
fn build_with_id_map(site: &TestSite) -> Built {
    let config = Config::load(&site.write_config()).expect("the configuration is right");
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(config, current.clone());
    let now: SystemTime = new_year_2025();
    pipeline
        .refresh_all(now, DeletionPolicy::Immediate)
        .expect("the content can be read");
    while pipeline.lint_some(100) {}
    Built {
        snapshot: current.load_snapshot(),
        status: pipeline.content_status().clone(),
        verdicts: pipeline.post_verdicts(),
        findings: pipeline.content_status().findings.to_vec(),
    }
}

/// Lists the faults of the configuration, with the test's directory as `[site]`.
fn list_config_faults(site: &TestSite) -> String {
    match Config::load(&site.write_config()) {
        Err(ConfigError::Invalid { findings, .. }) => crate::support::format_findings(&findings)
            .replace(&site.root().display().to_string(), "[site]"),
        other => panic!("faults were expected: {other:?}"),
    }
}

/// Returns the entry ids, newest first, and asserts that all three formats have the same.
fn feed_ids(built: &Built) -> Vec<String> {
    let rss: Vec<_> = texts_between(&built.text("/rss.xml"), "<guid", "</guid>");
    let rss: Vec<_> = rss
        .iter()
        .map(|guid| guid.split_once('>').unwrap().1.to_owned())
        .collect();
    // The first `id` is the feed's own.
    let atom = texts_between(&built.text("/atom.xml"), "<id>", "</id>").split_off(1);
    assert_eq!(rss, atom);
    let json: serde_json::Value = serde_json::from_str(&built.text("/feed.json")).unwrap();
    let items = json["items"].as_array().unwrap();
    let json: Vec<_> = items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    let escaped: Vec<_> = json
        .iter()
        .map(|id| {
            id.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
        })
        .collect();
    assert_eq!(
        rss.iter()
            .map(|id| id.replace("&quot;", "\"").replace("&apos;", "'"))
            .collect::<Vec<_>>(),
        escaped
    );
    json
}

fn texts_between(text: &str, start: &str, end: &str) -> Vec<String> {
    text.split(start)
        .skip(1)
        .map(|rest| rest.split(end).next().unwrap().to_owned())
        .collect()
}

#[test]
fn id_map_must_be_a_regular_file() {
    let site = TestSite::new().config("ids = \"/dev/zero\"");
    let message = list_config_faults(&site);
    assert!(
        message.contains("cannot be read: it is not a file"),
        "{message}"
    );
}

#[test]
fn mapped_id_is_in_all_formats_byte_for_byte() {
    for (written, id) in [
        (
            r#""https://old.example/blog/a""#,
            "https://old.example/blog/a",
        ),
        (r#""https://example.org/a/""#, "https://example.org/a/"),
        (r#""42""#, "42"),
        (r#""tag:old.example,2020:a""#, "tag:old.example,2020:a"),
        (
            r#""two  blanks [and] {more} ^|`\\""#,
            "two  blanks [and] {more} ^|`\\",
        ),
        (
            r#""https://old.example/?p=1&x=<é>%c3%a9""#,
            "https://old.example/?p=1&x=<é>%c3%a9",
        ),
        (r#"'"quoted"'"#, "\"quoted\""),
        (r#""a\u000bb\ufffe""#, "ab"),
    ] {
        let site = TestSite::new()
            .post("blog/a.md", plain("A", "2024-01-01"))
            .post("blog/b.md", plain("B", "2023-01-01"))
            .file("ids.toml", format!("\"blog/a.md\" = {written}\n"));
        assert_eq!(
            feed_ids(&build_with_id_map(&site)),
            [id, "https://example.org/blog/b/"],
            "{written}"
        );
    }
}

#[test]
fn guid_is_a_permalink_only_if_it_is_the_url() {
    let guid = |id: &str| {
        let site = TestSite::new()
            .post("a.md", plain("A", "2024-01-01"))
            .file("ids.toml", format!("\"a.md\" = \"{id}\"\n"));
        texts_between(
            &build_with_id_map(&site).text("/rss.xml"),
            "<guid",
            "</guid>",
        )
        .remove(0)
    };
    assert_eq!(guid("https://example.org/a/"), ">https://example.org/a/");
    for id in ["https://example.org/a", "https://old.example/a/", "7"] {
        assert_eq!(guid(id), format!(" isPermaLink=\"false\">{id}"));
    }
}

#[test]
fn front_matter_id_wins_and_a_difference_is_a_warning() {
    let site = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-01-03\nid: urn:x:a\n---\n",
        )
        .post(
            "b.md",
            "---\ntitle: b\ndate: 2024-01-02\nguid: urn:x:b\n---\n",
        )
        .post(
            "c.md",
            "---\ntitle: c\ndate: 2024-01-01\nseo: {url: https://example.org/written}\n---\n",
        )
        .file(
            "ids.toml",
            "\"a.md\" = \"urn:x:other\"\n\"b.md\" = \"urn:x:b\"\n\"c.md\" = \"urn:x:c\"\n",
        );
    let built = build_with_id_map(&site);
    assert_eq!(feed_ids(&built), ["urn:x:a", "urn:x:b", "urn:x:c"]);
    let finding = built.finding();
    assert_eq!(
        (
            finding.rule,
            finding.severity,
            finding.file.as_str(),
            finding.line
        ),
        (Rule::IdsDiffer, Severity::Warning, "a.md", Some(4))
    );
}

#[test]
fn id_map_mismatches_are_reported_with_their_line() {
    let site = TestSite::new()
        .post("a.md", plain("A", "2024-01-01"))
        .post("b.md", plain("B", "2024-01-02"))
        .post("c.md", plain("C", "2024-01-03"))
        .file(
            "ids.toml",
            "# a comment\n\"a.md\" = \"1\"\n\"moved.md\" = \"urn:x:moved\"\n\"b.md\" = \"2 3\"\n\"c.md\" = \"urn:x:c\"\n",
        );
    let built = build_with_id_map(&site);
    let reported: Vec<_> = built
        .status
        .findings
        .iter()
        .map(|finding| (finding.rule, finding.line, finding.message.as_str()))
        .collect();
    assert_eq!(
        reported,
        [
            (
                Rule::RelativeId,
                Some(2),
                "the id `1` and 1 more are not an absolute URI, which Atom requires"
            ),
            (Rule::IdWithoutPost, Some(3), "there is no post `moved.md`"),
        ]
    );
    assert!(
        built.findings[0].file.ends_with("/ids.toml"),
        "{:?}",
        built.findings[0].file
    );
}

#[test]
fn id_map_faults_are_reported_with_configuration_faults() {
    let site = TestSite::new()
        .config("titel = \"x\"\nids = \"known.toml\"")
        .file(
            "known.toml",
            "\"a.md\" = \"x\"\n\"b.md\" = \"x\"\n\"c.md\" = 7\n\"d.md\" = \"\"\ne.md = \"y\"\n",
        );
    insta::assert_snapshot!(list_config_faults(&site), @r#"
    error: unknown key `site.titel` [config]
      --> [site]/config.toml:5
      hint: did you mean `title`?

    error: the id of `b.md` is already used by `a.md`: `x` [config]
      --> [site]/known.toml:2
      hint: an id names one post: delete one of the two lines

    error: `c.md` must be a string, not the number `7` [config]
      --> [site]/known.toml:3
      hint: write one line for each post: `"path/of/post.md" = "the id"`

    error: the id of `d.md` is empty [config]
      --> [site]/known.toml:4
      hint: delete the line, and the post gets its default id

    error: `e` must be a string, not a table of other values [config]
      --> [site]/known.toml:5
      hint: write one line for each post: `"path/of/post.md" = "the id"`
    "#);
}

#[test]
fn configured_id_map_must_exist() {
    let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
    assert_eq!(
        feed_ids(&build_with_id_map(&site)),
        ["https://example.org/a/"]
    );
    let site = site.config("ids = \"ids.toml\"");
    insta::assert_snapshot!(list_config_faults(&site), @"
    error: `site.ids` names `[site]/ids.toml`, which does not exist [config]
      --> [site]/config.toml:5
      hint: restore the file, or create it with `courant import-ids`: without it readers see every post as new
    ");
    let site = TestSite::new().config("ids = \"content\"");
    assert!(
        list_config_faults(&site)
            .contains("the id map `[site]/content` cannot be read: it is not a file")
    );
    let site = TestSite::new().file("ids.toml", b"\"a.md\" = \"\xff\"");
    assert!(list_config_faults(&site).contains("the id map `[site]/ids.toml` is not UTF-8"));
}

/// Runs `courant import-ids` in the site's directory, with `stdin` as its input.
fn run_import(site: &TestSite, args: &[&str], stdin: &[u8]) -> Output {
    site.write_config();
    let mut courant = Command::new(env!("CARGO_BIN_EXE_courant"))
        .arg("import-ids")
        .args(args)
        .current_dir(site.root())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("courant runs");
    // A command that fails before it reads has closed the pipe.
    let _ = courant.stdin.take().unwrap().write_all(stdin);
    courant.wait_with_output().expect("courant ends")
}

/// Runs `courant import-ids`, asserts that it succeeds, and returns its stderr.
fn import_feeds(site: &TestSite, args: &[&str]) -> String {
    let output = run_import(site, args, b"");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    stderr
}

fn read_id_map(site: &TestSite) -> String {
    std::fs::read_to_string(site.root().join("ids.toml")).expect("an id map")
}

/// Returns the lines of an id map without comments and blank lines.
fn id_map_lines(id_map: &str) -> Vec<&str> {
    id_map
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// Writes an RSS feed as generators do: the guid is the URL, but `isPermaLink` is false.
fn rss_feed(items: &[(&str, &str, &str)]) -> String {
    let item = |(guid, title, date): &(&str, &str, &str)| {
        format!(
            "<item><title><![CDATA[{title}]]></title><description><![CDATA[…]]></description><link>{guid}</link><guid isPermaLink=\"false\">{guid}</guid><pubDate>{date}</pubDate></item>"
        )
    };
    let items: String = items.iter().map(item).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title><![CDATA[Old]]></title><link>https://old.example</link>{items}</channel></rss>"
    )
}

/// Returns a site that moved from `https://old.example`, with its old feed as `old.xml`.
fn moved_site() -> TestSite {
    let post = |title: &str, date: &str, url: &str| {
        format!("---\ntitle: {title}\ndate: {date}\nseo: {{url: {url}}}\n---\n")
    };
    TestSite::new()
        .post(
            "a.md",
            post("Aye", "2024-05-03", "https://example.org/blog/aye"),
        )
        .post("b/b.md", post("Bee", "2024-05-02", "/blog/bee/"))
        .post(
            "c.md",
            post("Cee", "2024-05-01", "https://old.example/blog/cee"),
        )
        .post(
            "d.md",
            post("“Dee”", "2024-04-30T10:00:00Z", "/blog/its-new-name"),
        )
        .file(
            "old.xml",
            rss_feed(&[
                (
                    "https://old.example/blog/aye",
                    "Aye",
                    "Fri, 03 May 2024 00:00:00 GMT",
                ),
                (
                    "https://old.example/blog/bee",
                    "Bee",
                    "Thu, 02 May 2024 00:00:00 GMT",
                ),
                (
                    "https://old.example/blog/cee",
                    "Cee",
                    "Wed, 01 May 2024 00:00:00 GMT",
                ),
                (
                    "https://old.example/blog/dee?p=1&amp;x=%C3%A9",
                    "\"Dee\"",
                    "Tue, 30 Apr 2024 10:00:00 GMT",
                ),
            ]),
        )
}

#[test]
fn imported_ids_are_in_all_formats() {
    let site = moved_site();
    insta::assert_snapshot!(import_feeds(&site, &["old.xml"]), @r#"
    `old.xml`: 4 items (RSS)

    4 posts found
         1 by id
         1 by path, on another host
         1 by address, spelled differently
         1 by title and day
         1 with the default id, which is kept in case the address changes

    wrote `ids.toml`: 4 ids, 4 new
      hint: commit it, and write `ids = "ids.toml"` in `[site]`, so that courant does not start if the file is missing
    "#);
    insta::assert_snapshot!(read_id_map(&site), @r#"
    # The ids by which readers of the former feed know the posts, so that no old post is new to them.
    # One line per post: its file in the content directory, and its id. An `id` in front matter wins.
    # `courant import-ids` rewrites this file: it keeps the lines, but not the comments.

    "a.md" = "https://old.example/blog/aye"
    "b/b.md" = "https://old.example/blog/bee"
    "c.md" = "https://old.example/blog/cee"
    "d.md" = "https://old.example/blog/dee?p=1&x=%C3%A9"
    "#);
    let built = build_with_id_map(&site);
    assert_eq!(
        feed_ids(&built),
        [
            "https://old.example/blog/aye",
            "https://old.example/blog/bee",
            "https://old.example/blog/cee",
            "https://old.example/blog/dee?p=1&x=%C3%A9",
        ]
    );
    // The guids are the same bytes as before, and so are their attributes.
    let guids = |text: &str| texts_between(text, "<guid", "</guid>");
    let old = std::fs::read_to_string(site.root().join("old.xml")).unwrap();
    let new = built.text("/rss.xml");
    let expected: Vec<_> = guids(&old)
        .iter()
        .map(|guid| match guid.strip_suffix("/cee") {
            // This guid is the post's URL, so it is a permalink.
            Some(_) => ">https://old.example/blog/cee".to_owned(),
            None => guid.clone(),
        })
        .collect();
    assert_eq!(guids(&new), expected);
}

#[test]
fn second_import_changes_nothing() {
    let site = moved_site();
    import_feeds(&site, &["old.xml"]);
    let (before, stamp) = (read_id_map(&site), id_map_modified_at(&site));
    let stderr = import_feeds(&site, &["old.xml"]);
    assert!(
        stderr.ends_with("`ids.toml` is unchanged: 4 ids\n"),
        "{stderr}"
    );
    assert!(stderr.contains("4 by id\n"), "{stderr}");
    assert_eq!(
        (read_id_map(&site), id_map_modified_at(&site)),
        (before, stamp)
    );
    let names: Vec<_> = std::fs::read_dir(site.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

fn id_map_modified_at(site: &TestSite) -> SystemTime {
    let metadata = std::fs::metadata(site.root().join("ids.toml")).unwrap();
    metadata.modified().unwrap()
}

#[test]
fn dry_run_prints_the_id_map_and_writes_nothing() {
    let site = moved_site();
    let output = run_import(&site, &["--dry-run", "old.xml"], b"");
    assert_eq!(output.status.code(), Some(0));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.ends_with("`ids.toml` would have 4 ids, 4 new; nothing was written\n"),
        "{stderr}"
    );
    assert!(!site.root().join("ids.toml").exists());
    import_feeds(&site, &["old.xml"]);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        read_id_map(&site)
    );
}

#[test]
fn existing_id_map_lines_stay_unless_replace_is_given() {
    let site = moved_site().file(
        "ids.toml",
        "# mine\n\"d.md\" = \"by hand\"\n\"a.md\" = \"https://old.example/blog/aye\"\n",
    );
    let stderr = import_feeds(&site, &["old.xml"]);
    assert!(
        stderr.contains(
            "  conflict   `d.md` keeps `by hand` from the id map; `old.xml` has `https://old.example/blog/dee?p=1&x=%C3%A9`\n"
        ),
        "{stderr}"
    );
    assert!(
        stderr.contains("wrote `ids.toml`: 4 ids, 2 new\n"),
        "{stderr}"
    );
    // An id that Atom does not allow is reported at once.
    assert!(stderr.contains("[relative-id]"), "{stderr}");
    assert_eq!(
        id_map_lines(&read_id_map(&site))[3],
        "\"d.md\" = \"by hand\""
    );
    assert!(!read_id_map(&site).contains("mine"));
    let stderr = import_feeds(&site, &["--replace", "old.xml"]);
    assert!(
        stderr.contains("wrote `ids.toml`: 4 ids, 1 replaced\n"),
        "{stderr}"
    );
    assert!(id_map_lines(&read_id_map(&site))[3].ends_with("%C3%A9\""));
}

#[test]
fn unmatched_items_and_posts_are_reported() {
    let date = "Thu, 02 May 2024 00:00:00 GMT";
    let mut items = vec![
        (
            "https://old.example/aye",
            "Aye",
            "Fri, 03 May 2024 00:00:00 GMT",
        ),
        (
            "https://old.example/zed",
            "Zed",
            "Mon, 01 Jan 2024 00:00:00 GMT",
        ),
        ("https://old.example/1", "Twin", date),
        ("https://old.example/2", "Other", date),
    ];
    let pages: Vec<String> = (10..40)
        .map(|page| format!("https://old.example/page-{page}"))
        .collect();
    items.extend(
        pages
            .iter()
            .map(|page| (page.as_str(), "A \u{9b}31mpage", date)),
    );
    let site = TestSite::new()
        .post("aye.md", plain("Aye", "2024-05-03"))
        .post("zed.md", plain("Zed", "2024-01-01"))
        .post("older.md", plain("Older", "2023-01-01"))
        .post("between.md", plain("Between", "2024-02-01"))
        .post(
            "hidden.md",
            "---\ntitle: The secret\ndate: 2024-02-02\nhidePost: true\n---\n",
        )
        .post("twin-1.md", plain("Twin", "2024-05-02"))
        .post("twin-2.md", plain("Twin", "2024-05-02"))
        .post(
            "given.md",
            "---\ntitle: Other\ndate: 2024-05-02\nid: urn:x:given\n---\n",
        )
        .post("broken.md", "---\ntitle: [\n---\n")
        .file("old.xml", rss_feed(&items));
    let stderr = import_feeds(&site, &["old.xml"]);
    insta::assert_snapshot!(stderr, @r#"
    1 post is broken and not matched
      hint: fix the errors that `courant check` lists, then import again

    `old.xml`: 34 items (RSS)

    3 posts found
         2 by address, spelled differently
         1 by title and day

      no post    `https://old.example/page-10`: A 31mpage
      no post    `https://old.example/page-11`: A 31mpage
      no post    `https://old.example/page-12`: A 31mpage
      no post    `https://old.example/page-13`: A 31mpage
      no post    `https://old.example/page-14`: A 31mpage
      no post    `https://old.example/page-15`: A 31mpage
      no post    `https://old.example/page-16`: A 31mpage
      no post    `https://old.example/page-17`: A 31mpage
      no post    `https://old.example/page-18`: A 31mpage
      no post    `https://old.example/page-19`: A 31mpage
      no post    `https://old.example/page-20`: A 31mpage
      no post    `https://old.example/page-21`: A 31mpage
      no post    `https://old.example/page-22`: A 31mpage
      no post    `https://old.example/page-23`: A 31mpage
      no post    `https://old.example/page-24`: A 31mpage
      no post    `https://old.example/page-25`: A 31mpage
      no post    `https://old.example/page-26`: A 31mpage
      no post    `https://old.example/page-27`: A 31mpage
      no post    `https://old.example/page-28`: A 31mpage
      no post    `https://old.example/page-29`: A 31mpage
      no post    … and 10 more; `--verbose` lists all
      hint: if one of them is a post, add its file and the item's id to the id map

      conflict   `old.xml`: `https://old.example/1` could be `twin-1.md`, `twin-2.md`, by title and day
      hint: write the right ids into the id map; `--replace` overwrites existing lines

      no item    `between.md`
      no item    `twin-1.md`
      no item    `twin-2.md`
      hint: the feed has older and newer posts than these, so readers will see them as new; if readers know them, add their ids to the id map

      older      1 post in courant's feeds, but older than the oldest item of the feed
      hint: readers may see them as new: make the former site's feed longer, or import its older pages too

    wrote `ids.toml`: 3 ids, 3 new
      hint: commit it, and write `ids = "ids.toml"` in `[site]`, so that courant does not start if the file is missing

    warning[ids-differ]: the id `urn:x:given` has priority over that in `ids.toml`, which is `https://old.example/2`
     --> content/given.md:4:5
      |
    4 | id: urn:x:given
      |     ^^^^^^^^^^^
      |
      = hint: delete the one that readers do not know the post by
    "#);
    let all = import_feeds(&site, &["--verbose", "old.xml"]);
    assert_eq!(all.matches("  no post ").count(), 30, "{all}");
    assert!(!stderr.contains("secret") && !stderr.contains('\u{9b}'));
}

#[test]
fn feeds_of_any_format_are_read_from_files_and_stdin() {
    let json = r#"{"version": "https://jsonfeed.org/version/1", "items": [{"id": 7, "url": "https://old.example/blog/aye"}]}"#;
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>tag:old.example,2024:bee</id><link href='https://old.example/blog/bee/'/></entry><entry><id>other</id><link href='https://old.example/blog/aye'/></entry></feed>";
    let site = moved_site().file("page-1", json);
    let output = run_import(&site, &["page-1", "-", "old.xml"], atom.as_bytes());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stderr.starts_with(
            "`page-1`: 1 item (JSON Feed)\n`stdin`: 2 items (Atom)\n`old.xml`: 4 items (RSS)\n"
        ),
        "{stderr}"
    );
    assert!(
        stderr.contains("  conflict   `a.md` keeps `7` from `page-1`; `stdin` has `other`\n"),
        "{stderr}"
    );
    assert_eq!(
        id_map_lines(&read_id_map(&site))[..2],
        [
            "\"a.md\" = \"7\"",
            "\"b/b.md\" = \"tag:old.example,2024:bee\""
        ]
    );
    assert_eq!(
        feed_ids(&build_with_id_map(&site))[..2],
        ["7", "tag:old.example,2024:bee"]
    );
}

#[test]
fn unreadable_feed_is_an_error_with_hint_and_writes_nothing() {
    let site = moved_site()
        .file("page.html", "<!DOCTYPE html>\n<html lang=\"en\"></html>")
        .file("cut.xml", "<rss>\n<channel>\n<item><guid>1</guid>")
        .file("odd.bin", [0u8, 159, 146, 150]);
    for (feed, expected) in [
        (
            "nowhere.xml",
            "error: cannot read `nowhere.xml`\n  because: No such file or directory (os error 2)\n  hint: ",
        ),
        (
            "content",
            "error: cannot read `content`\n  because: Is a directory (os error 21)\n  hint: ",
        ),
        (
            "https://old.example/feed",
            "error: cannot read `https://old.example/feed`\n  because: No such file or directory (os error 2)\n  hint: courant does not download feeds: save the feed first, for example with `curl -o old-feed https://old.example/feed`\n",
        ),
        (
            "page.html",
            "error: `page.html` is not a readable feed: line 2: its root element is `html`, which is not a feed\n  hint: save the feed itself",
        ),
        (
            "cut.xml",
            "error: `cut.xml` is not a readable feed: line 3: it is not well-formed XML: it ends inside an element\n  hint: ",
        ),
        (
            "odd.bin",
            "error: `odd.bin` is not a readable feed: it is neither XML nor a JSON object\n  hint: ",
        ),
        (
            "-",
            "error: `stdin` is not a readable feed: it is empty\n  hint: ",
        ),
    ] {
        let output = run_import(&site, &["old.xml", feed], b"");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with(expected), "{stderr}");
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(!site.root().join("ids.toml").exists());
    }
    assert_eq!(run_import(&site, &[], b"").status.code(), Some(2));
    let site = site.config("ids = 7");
    assert_eq!(run_import(&site, &["old.xml"], b"").status.code(), Some(2));
}

#[test]
fn id_map_is_written_to_the_configured_path() {
    // The file need not exist yet.
    let site = moved_site().config("ids = \"data/ids.toml\"");
    let output = run_import(&site, &["old.xml"], b"");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.ends_with("error: cannot write `data/ids.toml`\n  because: No such file or directory (os error 2)\n  hint: create its directory, and make it writable\n"),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(1));
    let site = site.file("data/real.toml", "");
    let link = site.root().join("data/ids.toml");
    std::os::unix::fs::symlink("real.toml", &link).unwrap();
    let stderr = import_feeds(&site, &["old.xml"]);
    assert!(
        stderr.ends_with("hint: commit it with the configuration\n"),
        "{stderr}"
    );
    assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("real.toml"));
    assert_eq!(
        feed_ids(&build_with_id_map(&site))[0],
        "https://old.example/blog/aye"
    );
}

#[test]
fn feed_without_items_writes_no_id_map() {
    let site = moved_site().file("empty.xml", rss_feed(&[]));
    let stderr = import_feeds(&site, &["empty.xml"]);
    assert!(stderr.contains("`empty.xml`: 0 items (RSS)\n"), "{stderr}");
    assert!(
        stderr.ends_with("`ids.toml` is unchanged: 0 ids\n"),
        "{stderr}"
    );
    assert!(!site.root().join("ids.toml").exists());
}
