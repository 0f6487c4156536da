//! A site that moves to courant posts nothing to its readers again.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use courant::config::{Config, ConfigError};
use courant::content::Loss;
use courant::finding::{Rule, Severity};
use courant::pipeline::Pipeline;
use courant::snapshot::Current;

use crate::support::{Built, TestSite, new_year_2025, plain};

/// What courant makes of a site with the ledger that is on disk.
fn build(site: &TestSite) -> Built {
    let config = Config::load(&site.write_config()).expect("the configuration is right");
    let current = Current::default();
    let mut pipeline = Pipeline::new(config, current.clone());
    let now: SystemTime = new_year_2025();
    pipeline
        .run(now, Loss::IsBelieved)
        .expect("the content can be read");
    while pipeline.advise(100) {}
    Built {
        snapshot: current.load(),
        status: pipeline.status().clone(),
        verdicts: pipeline.verdicts(),
        findings: pipeline.status().findings.to_vec(),
    }
}

/// The faults of a site's configuration, without the test's directory.
fn faults(site: &TestSite) -> String {
    match Config::load(&site.write_config()) {
        Err(ConfigError::Faults { findings, .. }) => {
            crate::support::listed(&findings).replace(&site.root().display().to_string(), "[site]")
        }
        other => panic!("faults were expected: {other:?}"),
    }
}

/// The ids of the feed, newest first, after seeing that all three formats have the same.
fn ids(built: &Built) -> Vec<String> {
    let rss: Vec<_> = between(&built.text("/rss.xml"), "<guid", "</guid>");
    let rss: Vec<_> = rss
        .iter()
        .map(|guid| guid.split_once('>').unwrap().1.to_owned())
        .collect();
    // The first is that of the feed itself.
    let atom = between(&built.text("/atom.xml"), "<id>", "</id>").split_off(1);
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

fn between(text: &str, start: &str, end: &str) -> Vec<String> {
    text.split(start)
        .skip(1)
        .map(|rest| rest.split(end).next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_ledger_that_is_no_file_is_a_fault() {
    let site = TestSite::new().config("ids = \"/dev/zero\"");
    let told = faults(&site);
    assert!(told.contains("cannot be read: it is no file"), "{told}");
}

#[test]
fn the_id_of_the_ledger_is_in_all_formats_byte_for_byte() {
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
            ids(&build(&site)),
            [id, "https://example.org/blog/b/"],
            "{written}"
        );
    }
}

#[test]
fn a_guid_is_a_permalink_only_where_the_post_is_read() {
    let guid = |id: &str| {
        let site = TestSite::new()
            .post("a.md", plain("A", "2024-01-01"))
            .file("ids.toml", format!("\"a.md\" = \"{id}\"\n"));
        between(&build(&site).text("/rss.xml"), "<guid", "</guid>").remove(0)
    };
    assert_eq!(guid("https://example.org/a/"), ">https://example.org/a/");
    for id in ["https://example.org/a", "https://old.example/a/", "7"] {
        assert_eq!(guid(id), format!(" isPermaLink=\"false\">{id}"));
    }
}

#[test]
fn the_ids_of_front_matter_go_first_and_a_difference_is_told() {
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
    let built = build(&site);
    assert_eq!(ids(&built), ["urn:x:a", "urn:x:b", "urn:x:c"]);
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
fn what_is_wrong_between_the_ledger_and_the_posts_is_told_with_its_line() {
    let site = TestSite::new()
        .post("a.md", plain("A", "2024-01-01"))
        .post("b.md", plain("B", "2024-01-02"))
        .post("c.md", plain("C", "2024-01-03"))
        .file(
            "ids.toml",
            "# a comment\n\"a.md\" = \"1\"\n\"moved.md\" = \"urn:x:moved\"\n\"b.md\" = \"2 3\"\n\"c.md\" = \"urn:x:c\"\n",
        );
    let built = build(&site);
    let told: Vec<_> = built
        .status
        .findings
        .iter()
        .map(|finding| (finding.rule, finding.line, finding.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                Rule::RelativeId,
                Some(2),
                "the id `1` and 1 more are no absolute address, which Atom asks for"
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
fn faults_of_the_ledger_are_told_with_those_of_the_configuration() {
    let site = TestSite::new()
        .config("titel = \"x\"\nids = \"known.toml\"")
        .file(
            "known.toml",
            "\"a.md\" = \"x\"\n\"b.md\" = \"x\"\n\"c.md\" = 7\n\"d.md\" = \"\"\ne.md = \"y\"\n",
        );
    insta::assert_snapshot!(faults(&site), @r#"
    error: unknown key `site.titel` [config]
      --> [site]/config.toml:5
      hint: did you mean `title`?

    error: the id of `b.md` is that of `a.md` already: `x` [config]
      --> [site]/known.toml:2
      hint: an id names one post: delete one of the two lines

    error: `c.md` takes a string, not the number `7` [config]
      --> [site]/known.toml:3
      hint: write one line for each post: `"path/of/post.md" = "the id"`

    error: the id of `d.md` is empty [config]
      --> [site]/known.toml:4
      hint: delete the line, and the post has the id that courant gives it

    error: `e` takes a string, not a table of something else [config]
      --> [site]/known.toml:5
      hint: write one line for each post: `"path/of/post.md" = "the id"`
    "#);
}

#[test]
fn a_ledger_that_is_named_has_to_be_there() {
    let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
    assert_eq!(ids(&build(&site)), ["https://example.org/a/"]);
    let site = site.config("ids = \"ids.toml\"");
    insta::assert_snapshot!(faults(&site), @"
    error: `site.ids` names `[site]/ids.toml`, which is not there [config]
      --> [site]/config.toml:5
      hint: put the file there: without it every post is posted to readers again; or make it with `courant import-ids`
    ");
    let site = TestSite::new().config("ids = \"content\"");
    assert!(
        faults(&site).contains("the ledger of ids `[site]/content` cannot be read: it is no file")
    );
    let site = TestSite::new().file("ids.toml", b"\"a.md\" = \"\xff\"");
    assert!(faults(&site).contains("the ledger of ids `[site]/ids.toml` is not UTF-8"));
}

/// Runs `courant import-ids` beside the configuration, with a text on stdin.
fn import_with(site: &TestSite, args: &[&str], stdin: &[u8]) -> Output {
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
    // Who fails before it reads has closed the pipe.
    let _ = courant.stdin.take().unwrap().write_all(stdin);
    courant.wait_with_output().expect("courant ends")
}

/// Runs `courant import-ids`, which is to end well; returns what it says.
fn import(site: &TestSite, args: &[&str]) -> String {
    let output = import_with(site, args, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

fn ledger(site: &TestSite) -> String {
    std::fs::read_to_string(site.root().join("ids.toml")).expect("a ledger")
}

/// The lines of a ledger, without its head.
fn lines(ledger: &str) -> Vec<&str> {
    ledger
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// A feed as generators write it: the guid is the address, and is said to be none.
fn rss(items: &[(&str, &str, &str)]) -> String {
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

/// A site that has moved from `https://old.example`, with the feed it had there.
fn moved() -> TestSite {
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
            rss(&[
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
fn after_an_import_all_formats_have_the_ids_of_the_former_feed() {
    let site = moved();
    insta::assert_snapshot!(import(&site, &["old.xml"]), @r#"
    `old.xml`: 4 items (RSS)

    4 posts found
         1 by id
         1 by path, on another host
         1 by address, spelled otherwise
         1 by title and day
         1 with the id that courant would give; it is kept, should the address change

    `ids.toml` is written: 4 ids, 4 new
      hint: commit it, and write `ids = "ids.toml"` in `[site]`, so that courant does not start without it
    "#);
    insta::assert_snapshot!(ledger(&site), @r#"
    # The ids that readers of the former feed know the posts by, so that nothing is posted to them again.
    # One line for each post: its file in the content directory, and the id. Front matter `id` goes first.
    # `courant import-ids` writes this file anew: lines stay, comments do not.

    "a.md" = "https://old.example/blog/aye"
    "b/b.md" = "https://old.example/blog/bee"
    "c.md" = "https://old.example/blog/cee"
    "d.md" = "https://old.example/blog/dee?p=1&x=%C3%A9"
    "#);
    let built = build(&site);
    assert_eq!(
        ids(&built),
        [
            "https://old.example/blog/aye",
            "https://old.example/blog/bee",
            "https://old.example/blog/cee",
            "https://old.example/blog/dee?p=1&x=%C3%A9",
        ]
    );
    // The guids are the same bytes as before, and so is what is said of them.
    let guids = |text: &str| between(text, "<guid", "</guid>");
    let old = std::fs::read_to_string(site.root().join("old.xml")).unwrap();
    let new = built.text("/rss.xml");
    let expected: Vec<_> = guids(&old)
        .iter()
        .map(|guid| match guid.strip_suffix("/cee") {
            // Where the post is read, a guid is a permalink.
            Some(_) => ">https://old.example/blog/cee".to_owned(),
            None => guid.clone(),
        })
        .collect();
    assert_eq!(guids(&new), expected);
}

#[test]
fn a_second_import_changes_nothing() {
    let site = moved();
    import(&site, &["old.xml"]);
    let (before, stamp) = (ledger(&site), modified(&site));
    let said = import(&site, &["old.xml"]);
    assert!(
        said.ends_with("`ids.toml` stays as it is: 4 ids\n"),
        "{said}"
    );
    assert!(said.contains("4 by id\n"), "{said}");
    assert_eq!((ledger(&site), modified(&site)), (before, stamp));
    let names: Vec<_> = std::fs::read_dir(site.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

fn modified(site: &TestSite) -> SystemTime {
    let metadata = std::fs::metadata(site.root().join("ids.toml")).unwrap();
    metadata.modified().unwrap()
}

#[test]
fn a_dry_run_writes_nothing_and_shows_the_ledger() {
    let site = moved();
    let output = import_with(&site, &["--dry-run", "old.xml"], b"");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.ends_with("`ids.toml` would have 4 ids, 4 new; nothing is written\n"),
        "{said}"
    );
    assert!(!site.root().join("ids.toml").exists());
    import(&site, &["old.xml"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), ledger(&site));
}

#[test]
fn lines_that_are_there_stay_unless_they_are_to_be_replaced() {
    let site = moved().file(
        "ids.toml",
        "# mine\n\"d.md\" = \"by hand\"\n\"a.md\" = \"https://old.example/blog/aye\"\n",
    );
    let said = import(&site, &["old.xml"]);
    assert!(
        said.contains(
            "  conflict   `d.md` keeps `by hand` of the ledger; in `old.xml` it is `https://old.example/blog/dee?p=1&x=%C3%A9`\n"
        ),
        "{said}"
    );
    assert!(
        said.contains("`ids.toml` is written: 4 ids, 2 new\n"),
        "{said}"
    );
    // What Atom cannot hold is told at once.
    assert!(said.contains("[relative-id]"), "{said}");
    assert_eq!(lines(&ledger(&site))[3], "\"d.md\" = \"by hand\"");
    assert!(!ledger(&site).contains("mine"));
    let said = import(&site, &["--replace", "old.xml"]);
    assert!(
        said.contains("`ids.toml` is written: 4 ids, 1 replaced\n"),
        "{said}"
    );
    assert!(lines(&ledger(&site))[3].ends_with("%C3%A9\""));
}

#[test]
fn what_could_not_be_done_is_told() {
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
        .file("old.xml", rss(&items));
    let said = import(&site, &["old.xml"]);
    insta::assert_snapshot!(said, @r#"
    1 post is broken and found in no feed
      hint: mend what `courant check` lists, then import again

    `old.xml`: 34 items (RSS)

    3 posts found
         2 by address, spelled otherwise
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
      hint: where one of them is a post, write its file and the item's id into the ledger

      conflict   `old.xml`: `https://old.example/1` could be `twin-1.md`, `twin-2.md`, by title and day
      hint: write the right ids into the ledger; what is there stays, unless `--replace` is given

      no item    `between.md`
      no item    `twin-1.md`
      no item    `twin-2.md`
      hint: the feed has older and newer posts than these, which readers will see as new; if they know them, write their ids into the ledger

      older      1 post in courant's feeds, and before the oldest that the feed has
      hint: readers may see them as new: have the former site write a longer feed, or import its older pages too

    `ids.toml` is written: 3 ids, 3 new
      hint: commit it, and write `ids = "ids.toml"` in `[site]`, so that courant does not start without it

    warning[ids-differ]: the id `urn:x:given` goes before that of `ids.toml`, which is `https://old.example/2`
     --> content/given.md:4:5
      |
    4 | id: urn:x:given
      |     ^^^^^^^^^^^
      |
      = hint: delete the one that readers do not know the post by
    "#);
    let all = import(&site, &["--verbose", "old.xml"]);
    assert_eq!(all.matches("  no post ").count(), 30, "{all}");
    assert!(!said.contains("secret") && !said.contains('\u{9b}'));
}

#[test]
fn a_feed_comes_in_files_of_any_format_and_on_stdin() {
    let json = r#"{"version": "https://jsonfeed.org/version/1", "items": [{"id": 7, "url": "https://old.example/blog/aye"}]}"#;
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>tag:old.example,2024:bee</id><link href='https://old.example/blog/bee/'/></entry><entry><id>other</id><link href='https://old.example/blog/aye'/></entry></feed>";
    let site = moved().file("page-1", json);
    let output = import_with(&site, &["page-1", "-", "old.xml"], atom.as_bytes());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.starts_with(
            "`page-1`: 1 item (JSON Feed)\n`stdin`: 2 items (Atom)\n`old.xml`: 4 items (RSS)\n"
        ),
        "{said}"
    );
    assert!(
        said.contains("  conflict   `a.md` keeps `7` of `page-1`; in `stdin` it is `other`\n"),
        "{said}"
    );
    assert_eq!(
        lines(&ledger(&site))[..2],
        [
            "\"a.md\" = \"7\"",
            "\"b/b.md\" = \"tag:old.example,2024:bee\""
        ]
    );
    assert_eq!(ids(&build(&site))[..2], ["7", "tag:old.example,2024:bee"]);
}

#[test]
fn what_cannot_be_read_is_told_with_a_remedy_and_nothing_is_written() {
    let site = moved()
        .file("page.html", "<!DOCTYPE html>\n<html lang=\"en\"></html>")
        .file("cut.xml", "<rss>\n<channel>\n<item><guid>1</guid>")
        .file("odd.bin", [0u8, 159, 146, 150]);
    for (feed, said) in [
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
            "error: cannot read `https://old.example/feed`\n  because: No such file or directory (os error 2)\n  hint: nothing is fetched: save the feed first, such as with `curl -o old-feed https://old.example/feed`\n",
        ),
        (
            "page.html",
            "error: `page.html` is no feed that can be read: line 2: its root element is `html`, which is that of no feed\n  hint: save the feed itself",
        ),
        (
            "cut.xml",
            "error: `cut.xml` is no feed that can be read: line 3: it is not well-formed XML: it ends in the middle\n  hint: ",
        ),
        (
            "odd.bin",
            "error: `odd.bin` is no feed that can be read: it is neither XML nor a JSON object\n  hint: ",
        ),
        (
            "-",
            "error: `stdin` is no feed that can be read: it is empty\n  hint: ",
        ),
    ] {
        let output = import_with(&site, &["old.xml", feed], b"");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.starts_with(said), "{told}");
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(!site.root().join("ids.toml").exists());
    }
    assert_eq!(import_with(&site, &[], b"").status.code(), Some(2));
    let site = site.config("ids = 7");
    assert_eq!(import_with(&site, &["old.xml"], b"").status.code(), Some(2));
}

#[test]
fn the_ledger_is_written_where_the_configuration_names_it() {
    // It need not be there yet.
    let site = moved().config("ids = \"data/ids.toml\"");
    let output = import_with(&site, &["old.xml"], b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.ends_with("error: cannot write `data/ids.toml`\n  because: No such file or directory (os error 2)\n  hint: make its directory, and give yourself permission to write into it\n"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1));
    let site = site.file("data/real.toml", "");
    let link = site.root().join("data/ids.toml");
    std::os::unix::fs::symlink("real.toml", &link).unwrap();
    let said = import(&site, &["old.xml"]);
    assert!(
        said.ends_with("hint: commit it with the configuration\n"),
        "{said}"
    );
    assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("real.toml"));
    assert_eq!(ids(&build(&site))[0], "https://old.example/blog/aye");
}

#[test]
fn a_feed_without_items_writes_no_ledger() {
    let site = moved().file("empty.xml", rss(&[]));
    let said = import(&site, &["empty.xml"]);
    assert!(said.contains("`empty.xml`: 0 items (RSS)\n"), "{said}");
    assert!(
        said.ends_with("`ids.toml` stays as it is: 0 ids\n"),
        "{said}"
    );
    assert!(!site.root().join("ids.toml").exists());
}
