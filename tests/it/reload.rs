//! Checks that saved edits are served, broken files are not, and no post is lost in between.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use courant::model::finding::Rule;
use courant::publish::pipeline::{ContentStatus, RefreshOutcome};

use crate::pixels::{Pixels, solid_colour_png};
use crate::support::{Served, TestSite, clock, plain, request};

fn serve_two_posts() -> Served {
    TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"))
        .serve()
}

fn hidden_post(title: &str) -> String {
    format!("---\ntitle: {title}\ndate: 2024-01-01\nhidePost: true\n---\n{title} body\n")
}

#[test]
fn new_edited_and_removed_files_are_served() {
    let site = serve_two_posts();
    site.write("c.md", plain("Gamma", "2024-01-03"));
    site.until("the new post is served", |site| site.serves("Gamma"));
    site.save("a.md", &plain("Alef", "2024-01-01"));
    site.until("the edit is served", |site| {
        site.serves("Alef") && !site.serves("Alpha")
    });
    site.write("a.md", plain("Aleph", "2024-01-01"));
    site.until("an edit in place is served", |site| site.serves("Aleph"));
    site.remove("b.md");
    site.until("the removal is served", |site| !site.serves("Beta"));
    assert!(site.get("/rss.xml").text().contains("Gamma"));
    assert_eq!(site.get("/cards/b/").status, 410);
}

#[test]
fn hiding_and_unhiding_by_rename_reaches_every_output() {
    let site = TestSite::new()
        .post("a.md", hidden_post("Alpha"))
        .post("b.md", plain("Beta", "2024-01-02"))
        .serve();
    assert!(!site.serves("Alpha"));
    site.save("a.md", &hidden_post("Alpha").replace("true", "false"));
    site.until("the post is public", |site| site.serves("Alpha"));
    for path in ["/rss.xml", "/atom.xml", "/feed.json", "/", "/cards/a/"] {
        assert!(site.get(path).text().contains("Alpha"), "{path}");
    }
    assert!(
        site.get("/sitemap.xml")
            .text()
            .contains("https://example.org/a/")
    );
    site.save("a.md", &hidden_post("Alpha"));
    site.until("the post is hidden", |site| {
        !site.serves("Alpha") && !site.serves("example.org/a/")
    });
    assert_eq!(site.get("/cards/a/").status, 410);
}

#[test]
fn renamed_files_and_moved_directories_are_followed() {
    let site = TestSite::new()
        .post("old/a.md", plain("Alpha", "2024-01-01"))
        .serve();
    fs::rename(
        site.content().join("old/a.md"),
        site.content().join("old/b.md"),
    )
    .unwrap();
    site.until("the file's new name is served", |site| {
        site.serves("example.org/old/b/") && !site.serves("example.org/old/a/")
    });
    fs::rename(site.content().join("old"), site.content().join("new")).unwrap();
    site.until("the directory's new name is served", |site| {
        site.serves("example.org/new/b/") && !site.serves("example.org/old/")
    });
    // The moved directory is still watched.
    site.write("new/c.md", plain("Gamma", "2024-01-03"));
    site.until("a file in the moved directory is served", |site| {
        site.serves("Gamma")
    });
    fs::create_dir_all(site.content().join("x/y/z")).unwrap();
    site.write("x/y/z/d.md", plain("Delta", "2024-01-04"));
    site.until("a file in a new tree is served", |site| {
        site.serves("Delta")
    });
}

#[test]
fn broken_file_stays_served_as_it_last_parsed() {
    let site = serve_two_posts();
    site.write("a.md", "---\ntitle: Alpha: broken\n---\n");
    let (outcome, status) = site.next_turn().unwrap();
    assert_eq!(outcome, RefreshOutcome::SameOutputs);
    assert!(site.serves("Alpha") && !site.serves("broken"));
    let rules: Vec<_> = status.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::LastGoodKept, Rule::FrontMatter]);
    assert_eq!(status.file_counts.last_good, 1);
    site.write("a.md", plain("Mended", "2024-01-01"));
    site.until("the mended file is served", |site| site.serves("Mended"));
}

#[test]
fn partial_save_keeps_the_last_good_version() {
    let whole = plain("Alpha", "2024-01-01");
    for half in [
        "",
        "---\n",
        "---\ntitle: Al",
        "---\ntitle: Alpha\n",
        "no fence",
        "\u{feff}",
    ] {
        let site = serve_two_posts();
        site.write("a.md", half);
        let turn = site.next_turn().unwrap();
        assert_eq!(turn.0, RefreshOutcome::SameOutputs, "{half:?}");
        assert!(site.serves("Alpha"), "{half:?}");
        site.write("a.md", whole.replace("Alpha", "Whole"));
        site.until("the rest is written", |site| site.serves("Whole"));
    }
}

fn has_rule(status: &ContentStatus, rule: Rule) -> bool {
    status.findings.iter().any(|finding| finding.rule == rule)
}

#[test]
fn broken_file_with_a_hiding_field_is_withdrawn() {
    for text in [
        "---\ntitle: Alpha: broken\nhidePost: true\n---\n",
        "---\nhidePost: true\n",
        "hidePost: true\n",
        "---\nhidePost: true\ntitle: Alpha\n---\n",
        "---\ntitle: Alpha: broken\nunlisted: true\n---\n",
        "---\ntitle: Alpha: broken\nhidePost: ture\n---\n",
        "---\rtitle: Alpha: broken\rhidePost: true\r---\r",
    ] {
        let site = serve_two_posts();
        site.write("a.md", text);
        // The withdrawal may be published before the finding is reported.
        site.until_status(|status| has_rule(status, Rule::BrokenAndHidden));
        assert!(!site.serves("Alpha"), "{text}");
        // A withdrawn post does not come back when the text breaks differently.
        site.write("a.md", "---\ntitle: Alpha: still broken\n---\n");
        site.until_status(|_| true);
        assert!(!site.serves("Alpha"), "{text}");
    }
}

#[test]
fn oversized_file_with_a_hiding_field_is_withdrawn() {
    for (marker, served) in [("true", false), ("false", true)] {
        let site = TestSite::new()
            .config("[content]\nmax_file_size = 1000")
            .post("a.md", plain("Alpha", "2024-01-01"))
            .serve();
        let text = format!(
            "---\ntitle: Alpha\nhidePost: {marker}\n---\n{}",
            "x".repeat(2000)
        );
        site.write("a.md", text);
        site.until_status(|status| has_rule(status, Rule::FileTooLarge));
        assert_eq!(site.serves("Alpha"), served, "{marker}");
    }
}

#[test]
fn file_that_never_parsed_is_not_published() {
    let site = serve_two_posts();
    site.write(
        "c.md",
        "---\ntitle: Gamma: broken\ndate: 2024-01-01\n---\nGamma\n",
    );
    assert_eq!(site.next_turn().unwrap().1.file_counts.broken, 1);
    assert!(!site.serves("Gamma"));
}

#[test]
fn content_directory_gone_and_back_is_never_served_empty() {
    let site = serve_two_posts();
    let away = site.dir.join("away");
    fs::rename(site.content(), &away).unwrap();
    assert!(
        site.next_turn()
            .unwrap_err()
            .contains("cannot read the content directory")
    );
    assert!(site.get("/rss.xml").text().contains("Alpha"));
    fs::write(away.join("a.md"), plain("Returned", "2024-01-01")).unwrap();
    fs::rename(&away, site.content()).unwrap();
    site.until("the returned content is served", |site| {
        site.serves("Returned")
    });
    site.write("a.md", plain("Watched", "2024-01-01"));
    site.until("the returned content is watched", |site| {
        site.serves("Watched")
    });
}

#[test]
fn emptied_and_refilled_directory_is_never_served_empty() {
    let site = serve_two_posts();
    site.remove("a.md");
    site.remove("b.md");
    site.wait_for_doubt();
    // The first removal may have been seen alone, which is accepted.
    assert!(site.serves("Beta"));
    site.write("c.md", plain("Gamma", "2024-01-03"));
    site.until("the new content is served", |site| {
        site.serves("Gamma") && !site.serves("Alpha")
    });
}

#[test]
fn mass_removal_is_doubted_and_edits_are_still_served() {
    let site = (0..9)
        .fold(TestSite::new(), |site, n| {
            site.post(
                &format!("{n}.md"),
                plain(&format!("Post{n}x"), "2024-01-01"),
            )
        })
        .post("README.md", "# not a post\n")
        .serve();
    for n in 1..9 {
        site.remove(&format!("{n}.md"));
    }
    site.wait_for_doubt();
    site.save("0.md", &hidden_post("Post0x"));
    site.until("the hidden post is withdrawn", |site| {
        !site.serves("Post0x")
    });
    assert!(site.serves("Post8x"));
}

#[test]
fn post_expires_while_the_directory_is_missing() {
    let end = chrono::DateTime::<chrono::Utc>::from(clock() + Duration::from_secs(2))
        .format("%Y-%m-%dT%H:%M:%SZ");
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post(
            "b.md",
            format!("---\ntitle: Beta\ndate: 2024-01-01\nexpires: {end}\n---\n"),
        )
        .serve();
    fs::rename(site.content(), site.dir.join("away")).unwrap();
    assert!(site.next_turn().is_err());
    assert!(site.serves("Beta"));
    site.until("the post has expired", |site| !site.serves("Beta"));
    assert!(site.serves("Alpha"));
}

#[test]
fn lasting_empty_directory_is_accepted() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .serve();
    site.remove("a.md");
    site.until("the empty directory is accepted", |site| {
        !site.serves("Alpha")
    });
    assert_eq!(site.get("/rss.xml").status, 200);
}

#[cfg(unix)]
#[test]
fn directory_replaced_by_a_symlink_swap_is_followed() {
    let site = TestSite::new();
    let root = site.root().to_owned();
    for (generation, title) in [("one", "Alpha"), ("two", "Omega")] {
        fs::create_dir_all(root.join(generation)).unwrap();
        fs::write(
            root.join(generation).join("a.md"),
            plain(title, "2024-01-01"),
        )
        .unwrap();
    }
    fs::remove_dir(root.join("content")).unwrap();
    std::os::unix::fs::symlink("one", root.join("content")).unwrap();
    let site = site.serve();
    assert!(site.serves("Alpha"));
    std::os::unix::fs::symlink("two", root.join("content~")).unwrap();
    fs::rename(root.join("content~"), root.join("content")).unwrap();
    site.until("the new directory is served", |site| {
        site.serves("Omega") && !site.serves("Alpha")
    });
}

#[test]
fn readers_get_whole_responses_during_a_burst_of_files() {
    let site = serve_two_posts();
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (address, done) = (site.address, Arc::clone(&done));
        std::thread::spawn(move || {
            let mut answers = 0;
            while !done.load(Ordering::Relaxed) {
                for path in ["/rss.xml", "/feed.json", "/sitemap.xml", "/robots.txt", "/"] {
                    let response = request(address, "GET", path, &[]);
                    assert_eq!(response.status, 200, "{path}");
                    assert!(!response.body.is_empty());
                }
                let rss = request(address, "GET", "/rss.xml", &[]).text();
                assert!(rss.ends_with("</rss>\n") && rss.contains("<item>"));
                answers += 1;
            }
            answers
        })
    };
    for number in 0..500 {
        site.write(
            &format!("many/{number}.md"),
            plain(&format!("Many{number}x"), "2024-02-01"),
        );
    }
    site.until("all are served", |site| {
        (0..500).all(|number| {
            site.current
                .load_snapshot()
                .get(&format!("/cards/many/{number}/"))
                .is_some()
        })
    });
    done.store(true, Ordering::Relaxed);
    assert!(reader.join().expect("every response was complete") > 0);
    let generations = site.current.load_snapshot().generation();
    assert!(
        generations < 50,
        "a burst makes few generations: {generations}"
    );
}

#[test]
fn scheduled_post_appears_on_time_without_a_file_event() {
    let due = clock() + Duration::from_secs(2);
    let stamp = chrono::DateTime::<chrono::Utc>::from(due)
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let end = chrono::DateTime::<chrono::Utc>::from(due + Duration::from_secs(1))
        .format("%Y-%m-%dT%H:%M:%SZ");
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("soon.md", plain("Soon", &stamp))
        .post(
            "ending.md",
            format!("---\ntitle: Ending\ndate: 2024-01-01\nexpires: {end}\n---\n"),
        )
        .serve();
    assert!(!site.serves("Soon") && site.serves("Ending"));
    site.until("the post is due", |site| site.serves("Soon"));
    let due = chrono::DateTime::parse_from_rfc3339(&stamp).unwrap();
    let now = chrono::DateTime::<chrono::Utc>::from(clock());
    assert!(now >= due, "not before its second");
    site.until("the second post has expired", |site| !site.serves("Ending"));
}

#[test]
fn rescan_finds_changes_without_an_event() {
    let site = TestSite::new()
        .config("[watch]\nrescan = \"100ms\"")
        .post("a.md", plain("Alpha", "2024-01-01"));
    // A link's target outside of the watched tree changes without an event on the link.
    let outside = site.root().join("outside.md");
    fs::write(&outside, plain("Outer", "2024-01-02")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, site.content().join("link.md")).unwrap();
    let site = site.serve();
    assert!(site.serves("Outer"));
    fs::write(&outside, plain("Changed", "2024-01-02")).unwrap();
    site.until("the rescan found it", |site| site.serves("Changed"));
}

#[test]
fn unchanged_outputs_keep_their_validators() {
    let site = serve_two_posts();
    let validators = |site: &Served, path: &str| {
        let response = site.get(path);
        (
            response.header("etag").map(str::to_owned),
            response.header("last-modified").map(str::to_owned),
        )
    };
    let before = validators(&site, "/cards/b/");
    let robots = validators(&site, "/robots.txt");
    site.save("a.md", &plain("Alef", "2024-01-01"));
    site.until("the edit is served", |site| site.serves("Alef"));
    assert_eq!(validators(&site, "/cards/b/"), before);
    assert_eq!(validators(&site, "/robots.txt"), robots);
    let after = site.get("/rss.xml");
    let unchanged = site.request(
        "GET",
        "/rss.xml",
        &[("If-None-Match", after.header("etag").unwrap())],
    );
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
}

#[test]
fn saved_template_is_used_and_a_broken_one_falls_back() {
    let paint = |colour: &str| {
        format!(
            "<div style=\"width:1200px;height:630px;background:{colour}\">{{{{ title }}}}</div>"
        )
    };
    let site = TestSite::new()
        .cards("template = \"card.html\"")
        .file("card.html", paint("#aa0000"))
        .post("a.md", plain("A", "2024-01-01"))
        .serve();
    let corner = |site: &Served| {
        let response = site.get("/cards/a/card.png");
        assert_eq!(response.status, 200);
        Pixels::decode(&response.body).pixel_at(1190, 620)
    };
    assert_eq!(corner(&site), [0xaa, 0, 0]);
    let before = site.get("/cards/a/").text();
    std::fs::write(site.dir.join("card.html"), paint("#00aa00")).unwrap();
    site.until("the new template draws", |site| {
        corner(site) == [0, 0xaa, 0]
    });
    assert_ne!(
        before,
        site.get("/cards/a/").text(),
        "the page links to the new picture"
    );
    std::fs::write(site.dir.join("card.html"), "<p>\n{{ titel }}").unwrap();
    site.until("the theme draws", |site| corner(site) == [251, 250, 247]);
    // Editors write a new file, then rename it over the old one.
    std::fs::write(site.dir.join("card.html~"), paint("#0000aa")).unwrap();
    std::fs::rename(site.dir.join("card.html~"), site.dir.join("card.html")).unwrap();
    site.until("the mended template draws", |site| {
        corner(site) == [0, 0, 0xaa]
    });
}

#[test]
fn replaced_picture_changes_the_card_url() {
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .cards("picture = \"framed\"")
        .file("static/img/a.png", solid_colour_png([200, 30, 60]))
        .post(
            "a.md",
            plain("A", "2024-01-01").replace("date:", "image: /img/a.png\ndate:"),
        )
        .serve();
    let before = site.get("/cards/a/").text();
    std::fs::write(
        site.dir.join("static/img/a.png"),
        solid_colour_png([20, 60, 160]),
    )
    .unwrap();
    site.until("the page links to the new picture", |site| {
        site.get("/cards/a/").text() != before
    });
    assert_eq!(site.get("/cards/a/card.png").status, 200);
}

#[test]
fn watching_pictures_inside_the_content_loses_no_post_event() {
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"content/img\"\n[watch]\nrescan = \"1h\"")
        .file("content/img/a.txt", "")
        .post("a.md", plain("A", "2024-01-01"))
        .serve();
    std::fs::create_dir_all(site.content().join("new/deep")).unwrap();
    site.write("a.md", plain("A changed", "2024-01-01"));
    site.until("the new directories were seen", |site| {
        site.serves("A changed")
    });
    site.write("new/deep/b.md", plain("Quetzal", "2024-01-01"));
    site.until("a post in a new directory is served", |site| {
        site.serves("Quetzal")
    });
    // The scan after an event may have found the first post; this one needs an event of its own.
    site.write("new/deep/c.md", plain("Toucan", "2024-01-01"));
    site.until("a second post is served", |site| site.serves("Toucan"));
}
