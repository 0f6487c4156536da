//! A site that moves to courant posts nothing to its readers again.

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
    Built {
        snapshot: current.load(),
        status: pipeline.status().clone(),
    }
}

/// The faults of a site's configuration, without the test's directory.
fn faults(site: &TestSite) -> String {
    match Config::load(&site.write_config()) {
        Err(ConfigError::Faults { findings, .. }) => findings
            .iter()
            .map(courant::report::finding)
            .collect::<Vec<_>>()
            .join("\n")
            .replace(&site.root().display().to_string(), "[site]"),
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
        built.status.findings[0].file.ends_with("/ids.toml"),
        "{:?}",
        built.status.findings[0].file
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
        faults(&site).contains("the ledger of ids `[site]/content` cannot be read: is a directory")
    );
    let site = TestSite::new().file("ids.toml", b"\"a.md\" = \"\xff\"");
    assert!(faults(&site).contains("the ledger of ids `[site]/ids.toml` is not UTF-8"));
}
