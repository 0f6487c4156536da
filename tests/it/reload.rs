//! What is saved is served, what is broken is not, and nothing is ever lost in between.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use courant::finding::Rule;
use courant::pipeline::Outcome;

use crate::pixels::{Pixels, one_colour};
use crate::support::{Served, TestSite, clock, plain, request};

fn two() -> Served {
    TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"))
        .serve()
}

fn hidden(title: &str) -> String {
    format!("---\ntitle: {title}\ndate: 2024-01-01\nhidePost: true\n---\n{title} body\n")
}

#[test]
fn a_new_file_an_edit_and_a_removal_are_served() {
    let site = two();
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
fn hiding_and_unhiding_by_an_editors_rename_is_served_everywhere() {
    let site = TestSite::new()
        .post("a.md", hidden("Alpha"))
        .post("b.md", plain("Beta", "2024-01-02"))
        .serve();
    assert!(!site.serves("Alpha"));
    site.save("a.md", &hidden("Alpha").replace("true", "false"));
    site.until("it is public", |site| site.serves("Alpha"));
    for path in ["/rss.xml", "/atom.xml", "/feed.json", "/", "/cards/a/"] {
        assert!(site.get(path).text().contains("Alpha"), "{path}");
    }
    assert!(
        site.get("/sitemap.xml")
            .text()
            .contains("https://example.org/a/")
    );
    site.save("a.md", &hidden("Alpha"));
    site.until("it is nowhere", |site| {
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
    // The watch has moved with it.
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
fn a_file_that_breaks_is_served_as_it_last_parsed() {
    let site = two();
    site.write("a.md", "---\ntitle: Alpha: broken\n---\n");
    let (outcome, status) = site.next_turn().unwrap();
    assert_eq!(outcome, Outcome::SameOutputs);
    assert!(site.serves("Alpha") && !site.serves("broken"));
    let rules: Vec<_> = status.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::LastGoodKept, Rule::FrontMatter]);
    assert_eq!(status.tally.kept, 1);
    site.write("a.md", plain("Mended", "2024-01-01"));
    site.until("the mended file is served", |site| site.serves("Mended"));
}

#[test]
fn every_half_of_a_save_keeps_the_last_good_version() {
    let whole = plain("Alpha", "2024-01-01");
    for half in [
        "",
        "---\n",
        "---\ntitle: Al",
        "---\ntitle: Alpha\n",
        "no fence",
        "\u{feff}",
    ] {
        let site = two();
        site.write("a.md", half);
        let turn = site.next_turn().unwrap();
        assert_eq!(turn.0, Outcome::SameOutputs, "{half:?}");
        assert!(site.serves("Alpha"), "{half:?}");
        site.write("a.md", whole.replace("Alpha", "Whole"));
        site.until("the rest is written", |site| site.serves("Whole"));
    }
}

#[test]
fn a_file_that_breaks_while_it_says_that_it_is_hidden_is_withdrawn() {
    for text in [
        "---\ntitle: Alpha: broken\nhidePost: true\n---\n",
        "---\nhidePost: true\n",
        "hidePost: true\n",
        "---\nhidePost: true\ntitle: Alpha\n---\n",
        "---\ntitle: Alpha: broken\nunlisted: true\n---\n",
        "---\ntitle: Alpha: broken\nhidePost: ture\n---\n",
        "---\rtitle: Alpha: broken\rhidePost: true\r---\r",
    ] {
        let site = two();
        site.write("a.md", text);
        // What hides may be published before it is told of.
        site.until("it is told of", |site| {
            let (_, status) = site.next_turn().unwrap();
            let mut findings = status.findings.iter();
            findings.any(|finding| finding.rule == Rule::BrokenAndHidden)
        });
        assert!(!site.serves("Alpha"), "{text}");
        // Once withdrawn it does not come back by breaking in another way.
        site.write("a.md", "---\ntitle: Alpha: still broken\n---\n");
        site.until("the watch has seen it", |site| site.next_turn().is_ok());
        assert!(!site.serves("Alpha"), "{text}");
    }
}

#[test]
fn a_file_that_grows_too_large_while_it_says_that_it_is_hidden_is_withdrawn() {
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
        site.until("the watch has seen it", |site| {
            site.next_turn()
                .unwrap()
                .1
                .findings
                .iter()
                .any(|finding| finding.rule == Rule::FileTooLarge)
        });
        assert_eq!(site.serves("Alpha"), served, "{marker}");
    }
}

#[test]
fn a_file_that_never_parsed_is_not_published() {
    let site = two();
    site.write(
        "c.md",
        "---\ntitle: Gamma: broken\ndate: 2024-01-01\n---\nGamma\n",
    );
    assert_eq!(site.next_turn().unwrap().1.tally.broken, 1);
    assert!(!site.serves("Gamma"));
}

#[test]
fn the_content_directory_gone_and_back_is_never_served_empty() {
    let site = two();
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
    site.until("what is back is served", |site| site.serves("Returned"));
    site.write("a.md", plain("Watched", "2024-01-01"));
    site.until("what is back is watched", |site| site.serves("Watched"));
}

#[test]
fn a_directory_that_is_emptied_and_filled_again_is_never_served_empty() {
    let site = two();
    site.remove("a.md");
    site.remove("b.md");
    site.is_doubted();
    // The first may have been seen to go alone, which is believed.
    assert!(site.serves("Beta"));
    site.write("c.md", plain("Gamma", "2024-01-03"));
    site.until("what is there now is served", |site| {
        site.serves("Gamma") && !site.serves("Alpha")
    });
}

#[test]
fn posts_that_vanish_beside_other_files_are_doubted_too_and_an_edit_is_served_meanwhile() {
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
    site.is_doubted();
    site.save("0.md", &hidden("Post0x"));
    site.until("the hidden one is gone", |site| !site.serves("Post0x"));
    assert!(site.serves("Post8x"));
}

#[test]
fn what_expires_while_the_directory_is_gone_goes() {
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
    site.until("it has expired", |site| !site.serves("Beta"));
    assert!(site.serves("Alpha"));
}

#[test]
fn a_directory_that_stays_empty_is_believed() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .serve();
    site.remove("a.md");
    site.until("it is believed", |site| !site.serves("Alpha"));
    assert_eq!(site.get("/rss.xml").status, 200);
}

#[cfg(unix)]
#[test]
fn a_directory_replaced_by_a_link_swap_is_followed() {
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
    site.until("the other directory is served", |site| {
        site.serves("Omega") && !site.serves("Alpha")
    });
}

#[test]
fn five_hundred_files_at_once_are_served_while_readers_get_whole_answers() {
    let site = two();
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
                .load()
                .get(&format!("/cards/many/{number}/"))
                .is_some()
        })
    });
    done.store(true, Ordering::Relaxed);
    assert!(reader.join().expect("every answer was whole") > 0);
    let generations = site.current.load().generation();
    assert!(
        generations < 50,
        "a burst is few generations: {generations}"
    );
}

#[test]
fn a_scheduled_post_appears_at_its_second_without_a_file_event() {
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
    site.until("the other has expired", |site| !site.serves("Ending"));
}

#[test]
fn what_no_event_told_of_is_found_by_the_rescan() {
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
fn unchanged_outputs_keep_their_validators_over_an_edit_elsewhere() {
    let site = two();
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
fn a_template_that_is_saved_draws_and_a_broken_one_is_told_and_replaced() {
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
        let response = site.get("/cards/a/.png");
        assert_eq!(response.status, 200);
        Pixels::decode(&response.body).at(1190, 620)
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
        "the page names the new picture"
    );
    std::fs::write(site.dir.join("card.html"), "<p>\n{{ titel }}").unwrap();
    site.until("the theme draws", |site| corner(site) == [251, 250, 247]);
    // As editors save: beside it, then renamed.
    std::fs::write(site.dir.join("card.html~"), paint("#0000aa")).unwrap();
    std::fs::rename(site.dir.join("card.html~"), site.dir.join("card.html")).unwrap();
    site.until("the mended template draws", |site| {
        corner(site) == [0, 0, 0xaa]
    });
}

#[test]
fn a_picture_that_is_replaced_gives_its_card_another_name() {
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .cards("picture = \"framed\"")
        .file("static/img/a.png", one_colour([200, 30, 60]))
        .post(
            "a.md",
            plain("A", "2024-01-01").replace("date:", "image: /img/a.png\ndate:"),
        )
        .serve();
    let before = site.get("/cards/a/").text();
    std::fs::write(site.dir.join("static/img/a.png"), one_colour([20, 60, 160])).unwrap();
    site.until("the page names another picture", |site| {
        site.get("/cards/a/").text() != before
    });
    assert_eq!(site.get("/cards/a/.png").status, 200);
}

#[test]
fn watching_pictures_within_the_content_takes_no_event_from_the_posts() {
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
    // The first may have been found by the look that follows every event; this one has an event of
    // its own or none.
    site.write("new/deep/c.md", plain("Toucan", "2024-01-01"));
    site.until("and another", |site| site.serves("Toucan"));
}
