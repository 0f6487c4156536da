//! What is kept for the next start changes how long it takes, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use courant::config::Config;
use courant::content::{Depth, Library, Loss};
use courant::finding::Rule;
use courant::pipeline::Pipeline;
use courant::progress::Progress;
use courant::snapshot::Current;

use crate::model::{compare, served};
use crate::support::{PATIENCE, TestSite, clock, listed, plain, said};

const KEPT: &str = "[content]\ncache = \"kept/posts\"\n";

/// Files are of the past then, so that their stamps are believed.
fn later() -> SystemTime {
    clock() + Duration::from_secs(60)
}

fn kept(site: &TestSite) -> PathBuf {
    site.root().join("kept/posts")
}

fn some() -> TestSite {
    let full = "---\ntitle: \"Full & <more>\"\ndate: 2024-03-01T10:00:00.5Z\nupdated: 2024-04-01\nid: urn:x:1\nauthor:\n  - name: Mira\n    url: https://m.example\n    email: m@m.example\n  - Jon\ncategories: [News, Sea]\ntags: [Red, red]\ndescription: About it\nimage: /img/a.png\nhidePost: false\nnoindex: true\nseo_title: Another\nlang: fr\naliases: [/old/, /older/]\nexpires: 2030-01-01\npermalink: /full/\n---\n![alt \u{e9}](b.png) The *text* and {{< x >}}.\n";
    let site = TestSite::in_memory()
        .config(KEPT)
        .post("full.md", full)
        .post("blog/bare.mdx", plain("Bare", "2024-01-02"))
        .post("warned.md", "---\ntitle: Warned\ndate: 2024-01-03\nhidPost: true\n---\nA\u{1}b ![](data:image/png;base64,x)\n")
        .post("hidden.md", "---\ntitle: Secret\ndate: 2024-01-04\nhidePost: true\n---\nA secret body\n")
        .post("unlisted.md", "---\ntitle: Quiet\ndate: 2024-01-04\nunlisted: true\n---\nA quiet body\n")
        .post("broken.md", "---\ntitle: [Broken\n---\n")
        .post("none.md", "no front matter\n")
        .file("kept/README", "");
    let many = (0..700).map(|n| {
        (
            format!("many/{n:03}.md"),
            plain(&format!("Many {n}"), "2024-01-01"),
        )
    });
    many.fold(site, |site, (path, text)| site.post(&path, text))
}

/// How many files are read by somebody who has just begun.
fn read(config: &Config) -> usize {
    let mut library = Library::new(Depth::Outline);
    let looked = library.look(config, Loss::IsBelieved, later(), &Progress::default());
    looked.unwrap().read
}

/// What is served by somebody who has just begun, and how many files that one had to read.
fn start(site: &TestSite) -> (BTreeMap<String, String>, usize, Vec<String>) {
    let config = site.parsed_config();
    let read = read(&config);
    let current = Current::default();
    let mut pipeline = Pipeline::new(config, current.clone());
    pipeline.run(later(), Loss::IsBelieved).unwrap();
    while pipeline.advise(1_000) {}
    let findings = pipeline.status().findings.to_vec();
    let findings = findings.iter().map(|finding| format!("{finding:?}"));
    (served(&current.load()), read, findings.collect())
}

#[test]
fn a_second_start_reads_what_is_not_kept_and_serves_the_same() {
    let site = some();
    let first = start(&site);
    assert_eq!(first.1, 707);
    assert_eq!(
        fs::metadata(kept(&site)).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let second = start(&site);
    // The two that take themselves back, and the two that are no posts.
    assert_eq!(second.1, 4);
    compare(&second.0, &first.0, "a second start");
    assert_eq!(second.2, first.2);
    // And so on.
    let written = fs::read(kept(&site)).unwrap();
    assert_eq!(start(&site).1, 4);
    assert!(fs::read(kept(&site)).unwrap() == written);
}

#[test]
fn what_only_bodies_tell_is_kept_too() {
    let site = some();
    let found = || {
        let mut library = Library::new(Depth::Outline);
        let config = site.parsed_config();
        library
            .look(&config, Loss::IsBelieved, later(), &Progress::default())
            .unwrap();
        let findings = library.findings();
        findings
            .iter()
            .any(|finding| finding.rule == Rule::Shortcode)
    };
    assert!(!found(), "nobody has looked at bodies yet");
    start(&site);
    assert!(found());
}

#[test]
fn what_is_hidden_is_not_kept_nor_what_was_public_before_it() {
    let site = some();
    start(&site);
    let holds = |word: &str| {
        let bytes = fs::read(kept(&site)).unwrap();
        bytes
            .windows(word.len())
            .any(|window| window == word.as_bytes())
    };
    assert!(holds("Bare") && !holds("Secret") && !holds("Quiet"));
    fs::write(
        site.content().join("blog/bare.mdx"),
        "---\ntitle: Bare\ndate: 2024-01-02\ndraft: true\n---\n",
    )
    .unwrap();
    let (all, read, _) = start(&site);
    assert_eq!(read, 5);
    assert!(!holds("Bare"));
    fs::remove_file(site.content().join("full.md")).unwrap();
    assert!(holds("Another"));
    start(&site);
    assert!(!holds("Another"));
    assert!(!all.into_values().any(|text| text.contains("Bare")));
}

#[test]
fn a_file_that_was_hidden_meanwhile_is_hidden_whatever_its_times_are_set_to() {
    let site = some();
    let file = site.content().join("blog/bare.mdx");
    let before = fs::metadata(&file).unwrap();
    start(&site);
    let hidden = "---\ntitle: Bare\ndate: 2024-01-02\ndraft: true\n---\n";
    let length = usize::try_from(before.len()).unwrap();
    fs::write(&file, format!("{hidden:<length$}")).unwrap();
    let open = fs::File::options().write(true).open(&file).unwrap();
    open.set_modified(before.modified().unwrap()).unwrap();
    let after = fs::metadata(&file).unwrap();
    assert_eq!(
        (after.len(), after.modified().unwrap()),
        (before.len(), before.modified().unwrap())
    );
    assert!(
        !start(&site)
            .0
            .into_values()
            .any(|text| text.contains("Bare"))
    );
}

#[test]
fn by_another_configuration_everything_is_read() {
    let site = some();
    let all = start(&site).1;
    let read_by = |change: fn(&mut Config)| {
        let mut config = site.parsed_config();
        change(&mut config);
        read(&config)
    };
    assert_eq!(read_by(|_| ()), 4);
    // What only decides how it is served.
    assert_eq!(read_by(|config| config.server.max_connections += 1), 4);
    let changes: [fn(&mut Config); 6] = [
        |config| config.site.timezone = courant::zone::Zone::named("Europe/Lisbon").unwrap(),
        |config| config.site.permalinks = "/:slug/".to_owned(),
        |config| config.site.title.push('x'),
        |config| config.content.z_is_local = true,
        |config| config.content.require = vec![("title".to_owned(), "Bare".to_owned())],
        |config| config.content.max_file_size -= 1,
    ];
    for change in changes {
        assert_eq!(read_by(change), all);
    }
}

#[test]
fn whatever_becomes_of_the_file_what_is_served_is_the_same() {
    let site = TestSite::in_memory()
        .config(KEPT)
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"))
        .file("kept/README", "");
    let (expected, _, _) = start(&site);
    let written = fs::read(kept(&site)).unwrap();
    let look = |bytes: &[u8]| {
        fs::write(kept(&site), bytes).unwrap();
        let mut library = Library::new(Depth::Outline);
        let config = site.parsed_config();
        let looked = library.look(&config, Loss::IsBelieved, later(), &Progress::default());
        let titles: Vec<String> = library.posts().map(|post| post.title.to_string()).collect();
        assert_eq!(titles, ["Alpha", "Beta"]);
        looked.unwrap().read
    };
    assert_eq!(look(&written), 0);
    for at in 0..written.len() {
        assert_eq!(look(&written[..at]), 2, "cut at {at}");
        let mut other = written.clone();
        other[at] ^= 0x10;
        assert_eq!(look(&other), 2, "another byte at {at}");
    }
    assert_eq!(look(&[written.as_slice(), b"x"].concat()), 2);
    assert_eq!(look(&[0xff; 4_096]), 2);
    assert_eq!(look(&written[..100]), 2);
    compare(&start(&site).0, &expected, "after it all");
    assert!(
        fs::read(kept(&site)).unwrap() == written,
        "it is written anew"
    );
}

#[test]
fn a_place_that_cannot_be_written_to_costs_only_time() {
    for at in ["no/such/dir", "kept"] {
        let site = TestSite::in_memory()
            .config(&format!("[content]\ncache = {at:?}\n"))
            .post("a.md", plain("Alpha", "2024-01-01"))
            .file("kept/README", "");
        for _ in 0..2 {
            let (all, read, _) = start(&site);
            assert_eq!(read, 1);
            assert!(all.into_values().any(|text| text.contains("Alpha")));
        }
    }
}

#[test]
fn a_file_that_courant_did_not_write_stays_as_it_is() {
    for is_draft in [false, true] {
        for text in [
            "notes of somebody's",
            "short",
            "[site]\nurl = \"https://example.org\"\n",
        ] {
            let site = TestSite::in_memory()
                .config(KEPT)
                .post("a.md", plain("Alpha", "2024-01-01"));
            let file = if is_draft {
                "kept/posts.new"
            } else {
                "kept/posts"
            };
            let site = site.file(file, text);
            assert_eq!((start(&site).1, start(&site).1), (1, 1));
            assert_eq!(fs::read_to_string(site.root().join(file)).unwrap(), text);
            assert_eq!(kept(&site).exists(), !is_draft);
        }
    }
    // Nor is one written to that a link leads to.
    let site = TestSite::in_memory()
        .config(KEPT)
        .post("a.md", plain("Alpha", "2024-01-01"))
        .file("kept/other", "");
    for link in ["kept/posts", "kept/posts.new"] {
        std::os::unix::fs::symlink(site.root().join("kept/other"), site.root().join(link)).unwrap();
        start(&site);
        assert_eq!(
            fs::read(site.root().join("kept/other")).unwrap(),
            b"",
            "{link}"
        );
        fs::remove_file(site.root().join(link)).unwrap();
    }
}

#[test]
fn a_file_that_others_may_have_written_to_is_not_used() {
    let site = some();
    let all = start(&site).1;
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(kept(&site), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(read(&site.parsed_config()), all);
    }
    start(&site);
    assert_eq!(
        fs::metadata(kept(&site)).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(read(&site.parsed_config()), 4);
}

#[test]
fn a_pipe_in_its_place_is_not_waited_for() {
    for name in ["kept/posts", "kept/posts.new"] {
        let site = TestSite::in_memory()
            .config(KEPT)
            .post("a.md", plain("Alpha", "2024-01-01"))
            .file("kept/README", "");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        let pipe = site.root().join(name);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || done.send(start(&site).1));
        assert_eq!(is_done.recv_timeout(PATIENCE), Ok(1), "{name}");
    }
}

#[test]
fn a_post_that_breaks_after_a_start_is_served_whole() {
    for toml in ["", "[feed]\nlimit = 0\nmax_bytes = 0\n"] {
        let site = (0..60).fold(
            TestSite::in_memory().config(&format!("{toml}{KEPT}")),
            |site, n| {
                let text = plain(&format!("Post {n}"), &format!("2024-01-{:02}", n % 28 + 1));
                let text = text.replacen("---\n", &format!("---\ntags: [t{n}]\n"), 1);
                site.post(&format!("{n}.md"), format!("{text}\nMore of {n}.\n"))
            },
        );
        let site = site.file("kept/README", "");
        start(&site);
        assert_eq!(read(&site.parsed_config()), 0);
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline.run(later(), Loss::IsBelieved).unwrap();
        let text = || said(&current.load().get("/tag/t7/rss.xml").unwrap());
        assert!(text().contains("More of 7."));
        fs::write(site.content().join("7.md"), "").unwrap();
        pipeline.run(later(), Loss::IsBelieved).unwrap();
        assert_eq!(pipeline.status().tally.kept, 1);
        assert!(text().contains("More of 7."), "{toml}");
    }
}

#[test]
fn it_is_not_among_the_posts() {
    let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content]\ndir = \"posts\"\ncache = \"posts/cache\"\n";
    let faults = courant::config::Config::parse(toml, "config.toml", std::path::Path::new(""))
        .expect_err("a fault");
    insta::assert_snapshot!(listed(&faults), @r"
    error: `content.cache` is within the directory of posts [config]
      --> config.toml:6
      hint: name a file elsewhere, such as `/var/cache/courant/posts`
    ");
}
