//! Checks that a restart changes no output.

use std::collections::BTreeMap;
use std::fs;

use courant::config::Config;
use courant::library::DeletionPolicy;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::SnapshotHandle;

use crate::model::{assert_same_outputs, outputs_by_path};
use crate::support::{TestSite, clock, format_findings, plain, resource_text};

fn site_of_every_kind() -> TestSite {
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

/// Runs a fresh pipeline and returns its outputs and findings.
fn start_pipeline(site: &TestSite) -> (BTreeMap<String, String>, Vec<String>) {
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    pipeline
        .refresh_all(clock(), DeletionPolicy::Immediate)
        .unwrap();
    while pipeline.lint_some(1_000) {}
    let findings = pipeline.content_status().findings.to_vec();
    let findings = findings.iter().map(|finding| format!("{finding:?}"));
    (
        outputs_by_path(&current.load_snapshot()),
        findings.collect(),
    )
}

#[test]
fn second_start_gives_the_same_outputs_and_findings() {
    let site = site_of_every_kind();
    let first = start_pipeline(&site);
    let second = start_pipeline(&site);
    assert_same_outputs(&second.0, &first.0, "a second start");
    assert_eq!(second.1, first.1);
}

#[test]
fn post_hidden_between_runs_stays_hidden_despite_its_mtime() {
    let site = site_of_every_kind();
    let file = site.content().join("blog/bare.mdx");
    let before = fs::metadata(&file).unwrap();
    start_pipeline(&site);
    let hidden = "---\ntitle: Bare\ndate: 2024-01-02\ndraft: true\n---\n";
    let length = usize::try_from(before.len()).unwrap();
    fs::write(&file, format!("{hidden:<length$}")).unwrap();
    let open = fs::File::options().write(true).open(&file).unwrap();
    open.set_modified(before.modified().unwrap()).unwrap();
    let (all, _) = start_pipeline(&site);
    assert!(!all.into_values().any(|text| text.contains("Bare")));
}

#[test]
fn broken_post_stays_served_in_full() {
    for toml in ["", "[feed]\nlimit = 0\nmax_bytes = 0\n"] {
        let site = (0..60).fold(TestSite::in_memory().config(toml), |site, n| {
            let text = plain(&format!("Post {n}"), &format!("2024-01-{:02}", n % 28 + 1));
            let text = text.replacen("---\n", &format!("---\ntags: [t{n}]\n"), 1);
            site.post(&format!("{n}.md"), format!("{text}\nMore of {n}.\n"))
        });
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline
            .refresh_all(clock(), DeletionPolicy::Immediate)
            .unwrap();
        let text = || resource_text(&current.load_snapshot().get("/tag/t7/rss.xml").unwrap());
        assert!(text().contains("More of 7."));
        fs::write(site.content().join("7.md"), "").unwrap();
        pipeline
            .refresh_all(clock(), DeletionPolicy::Immediate)
            .unwrap();
        assert_eq!(pipeline.content_status().file_counts.last_good, 1);
        assert!(text().contains("More of 7."), "{toml}");
    }
}

#[test]
fn removed_cache_key_is_rejected_with_a_hint() {
    let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content]\ndir = \"posts\"\ncache = \"kept/posts\"\n";
    let faults = Config::parse(toml, "config.toml", std::path::Path::new("")).expect_err("a fault");
    insta::assert_snapshot!(format_findings(&faults), @r"
    error: `content.cache` is no longer a key [config]
      --> config.toml:6
      hint: delete the line: there is no cache on disk any more, and every start reads all posts
    ");
}
