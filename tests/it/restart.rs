//! A restart changes nothing that is served.

use std::collections::BTreeMap;
use std::fs;

use courant::config::Config;
use courant::content::Loss;
use courant::pipeline::Pipeline;
use courant::snapshot::Current;

use crate::model::{compare, served};
use crate::support::{TestSite, clock, listed, plain, said};

fn some() -> TestSite {
    let full = "---\ntitle: \"Full & <more>\"\ndate: 2024-03-01T10:00:00.5Z\nupdated: 2024-04-01\nid: urn:x:1\nauthor:\n  - name: Mira\n    url: https://m.example\n    email: m@m.example\n  - Jon\ncategories: [News, Sea]\ntags: [Red, red]\ndescription: About it\nimage: /img/a.png\nhidePost: false\nnoindex: true\nseo_title: Another\nlang: fr\naliases: [/old/, /older/]\nexpires: 2030-01-01\npermalink: /full/\n---\n![alt \u{e9}](b.png) The *text* and {{< x >}}.\n";
    let site = TestSite::in_memory()
        .post("full.md", full)
        .post("blog/bare.mdx", plain("Bare", "2024-01-02"))
        .post("warned.md", "---\ntitle: Warned\ndate: 2024-01-03\nhidPost: true\n---\nA\u{1}b ![](data:image/png;base64,x)\n")
        .post("hidden.md", "---\ntitle: Secret\ndate: 2024-01-04\nhidePost: true\n---\nA secret body\n")
        .post("unlisted.md", "---\ntitle: Quiet\ndate: 2024-01-04\nunlisted: true\n---\nA quiet body\n")
        .post("broken.md", "---\ntitle: [Broken\n---\n")
        .post("none.md", "no front matter\n");
    let many = (0..300).map(|n| {
        (
            format!("many/{n:03}.md"),
            plain(&format!("Many {n}"), "2024-01-01"),
        )
    });
    many.fold(site, |site, (path, text)| site.post(&path, text))
}

/// What is served by somebody who has just begun, and what is found wrong.
fn start(site: &TestSite) -> (BTreeMap<String, String>, Vec<String>) {
    let current = Current::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    pipeline.run(clock(), Loss::IsBelieved).unwrap();
    while pipeline.advise(1_000) {}
    let findings = pipeline.status().findings.to_vec();
    let findings = findings.iter().map(|finding| format!("{finding:?}"));
    (served(&current.load()), findings.collect())
}

#[test]
fn second_start_serves_and_finds_the_same() {
    let site = some();
    let first = start(&site);
    let second = start(&site);
    compare(&second.0, &first.0, "a second start");
    assert_eq!(second.1, first.1);
}

#[test]
fn post_hidden_between_two_runs_is_hidden_whatever_its_times_are_set_to() {
    let site = some();
    let file = site.content().join("blog/bare.mdx");
    let before = fs::metadata(&file).unwrap();
    start(&site);
    let hidden = "---\ntitle: Bare\ndate: 2024-01-02\ndraft: true\n---\n";
    let length = usize::try_from(before.len()).unwrap();
    fs::write(&file, format!("{hidden:<length$}")).unwrap();
    let open = fs::File::options().write(true).open(&file).unwrap();
    open.set_modified(before.modified().unwrap()).unwrap();
    let (all, _) = start(&site);
    assert!(!all.into_values().any(|text| text.contains("Bare")));
}

#[test]
fn post_that_breaks_is_served_whole() {
    for toml in ["", "[feed]\nlimit = 0\nmax_bytes = 0\n"] {
        let site = (0..60).fold(TestSite::in_memory().config(toml), |site, n| {
            let text = plain(&format!("Post {n}"), &format!("2024-01-{:02}", n % 28 + 1));
            let text = text.replacen("---\n", &format!("---\ntags: [t{n}]\n"), 1);
            site.post(&format!("{n}.md"), format!("{text}\nMore of {n}.\n"))
        });
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline.run(clock(), Loss::IsBelieved).unwrap();
        let text = || said(&current.load().get("/tag/t7/rss.xml").unwrap());
        assert!(text().contains("More of 7."));
        fs::write(site.content().join("7.md"), "").unwrap();
        pipeline.run(clock(), Loss::IsBelieved).unwrap();
        assert_eq!(pipeline.status().tally.kept, 1);
        assert!(text().contains("More of 7."), "{toml}");
    }
}

#[test]
fn former_key_of_the_restart_cache_is_refused_with_a_hint() {
    let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content]\ndir = \"posts\"\ncache = \"kept/posts\"\n";
    let faults = Config::parse(toml, "config.toml", std::path::Path::new("")).expect_err("a fault");
    insta::assert_snapshot!(listed(&faults), @r"
    error: `content.cache` is not a key any more [config]
      --> config.toml:6
      hint: delete the line; nothing is kept between runs any more, and every start reads all posts
    ");
}
