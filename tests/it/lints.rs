//! What `check` advises: each rule is broken by a post of its own, and told of with its line.

use std::time::{Duration, SystemTime};

use courant::finding::{Finding, Rule, Severity};
use courant::inspection::Inspection;
use courant::progress::Progress;

use crate::support::{TestSite, new_year_2025, plain};

fn check(site: &TestSite) -> Vec<Finding> {
    check_at(site, new_year_2025())
}

fn check_at(site: &TestSite, now: SystemTime) -> Vec<Finding> {
    let config = site.parsed_config();
    let inspection = Inspection::of(&config, now, &Progress::default());
    inspection.expect("the content can be read").findings
}

/// A post that nothing can be said of, with more in its front matter and its body.
fn post(fields: &str, body: &str) -> String {
    format!(
        "---\ntitle: A post\ndate: 2024-05-01T10:00:00Z\ndescription: About it\n{fields}---\n{body}\n"
    )
}

fn only(site: &TestSite) -> Finding {
    match check(site).as_slice() {
        [finding] => finding.clone(),
        other => panic!("one finding was expected: {other:#?}"),
    }
}

#[test]
fn a_tidy_post_has_no_finding() {
    let site = TestSite::new().post("a.md", post("tags: [x]\n", "![a cat](/cat.jpg) [b](/b)"));
    assert_eq!(check(&site), []);
}

#[test]
fn each_thing_that_could_be_better_is_a_note_with_its_line() {
    let long = "word ".repeat(50);
    let cases = [
        (
            Rule::MissingDescription,
            "---\ntitle: a\ndate: 2024-05-01T10:00:00Z\n---\nText.\n".to_owned(),
            None,
        ),
        (
            Rule::LongTitle,
            post(
                "seo: {title: 'Another title, for previews, that is much longer than any of them would ever show'}\n",
                "",
            ),
            Some(5),
        ),
        (
            Rule::LongDescription,
            post("seo:\n  description: ", "")
                .replace("description: \n", &format!("description: {long}\n"))
                .replace("description: ---", &format!("description: {long}\n---")),
            Some(6),
        ),
        (Rule::TrailingBlanks, post("author: 'Ada '\n", ""), Some(5)),
        (
            Rule::ZonelessDate,
            post("", "").replace("2024-05-01T10:00:00Z", "2024-05-01 10:00"),
            Some(3),
        ),
        (
            Rule::PercentEncoding,
            post("permalink: /caf%c3%a9/%7ea\n", ""),
            Some(5),
        ),
        (Rule::MissingAlt, post("image: /img/cat.jpg\n", ""), Some(5)),
        (
            Rule::MissingAlt,
            post("", "\nText ![](/img/cat.jpg)"),
            Some(7),
        ),
    ];
    for (rule, text, line) in cases {
        let site = TestSite::new().check_all().post("a.md", text);
        let finding = only(&site);
        assert_eq!(
            (finding.rule, finding.line, finding.severity),
            (rule, line, Severity::Note),
            "{finding:?}"
        );
        assert_eq!(site.build().rules(), [], "a server does not speak of it");
    }
}

#[test]
fn a_z_that_moves_the_day_is_told_where_the_site_has_a_zone() {
    let late = post("", "").replace("T10:00:00Z", "T23:30:00.000Z");
    let site = TestSite::new()
        .config("timezone = \"Europe/Berlin\"")
        .post("a.md", &late);
    let finding = only(&site);
    assert_eq!((finding.rule, finding.line), (Rule::SuspectZone, Some(3)));
    assert!(finding.message.contains("2024-05-02"), "{finding:?}");
    let meant = TestSite::new()
        .config("timezone = \"Europe/Berlin\"\n[content]\nz_is_local = true")
        .post("a.md", &late);
    assert_eq!(check(&meant), []);
}

#[test]
fn nothing_is_advised_about_posts_that_nobody_sees() {
    let site = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-05-01T10:00:00Z\ndraft: true\n---\n![](/x.png)\n",
        )
        .post(
            "b.md",
            "---\ntitle: b\ndate: 2024-05-01T10:00:00Z\nexpires: 2024-06-01\n---\n",
        );
    assert_eq!(check(&site), []);
    let scheduled = TestSite::new().check_all().post(
        "c.md",
        "---\ntitle: c\ndate: 2025-05-01T10:00:00Z\n---\nx\n",
    );
    assert_eq!(only(&scheduled).rule, Rule::MissingDescription);
}

#[test]
fn a_date_years_ahead_is_a_slip() {
    let site = TestSite::new().post("a.md", post("", "").replace("2024-05", "2204-05"));
    let finding = only(&site);
    assert_eq!(
        (finding.rule, finding.severity),
        (Rule::FarFutureDate, Severity::Warning)
    );
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(7_380_000_000);
    assert_eq!(check_at(&site, then), []);
}

#[test]
fn two_spellings_of_one_thing_are_told_where_they_are_rarer() {
    let with = |fields: &str| post(fields, "");
    let site = TestSite::new()
        .post(
            "a.md",
            with("categories: [Open Source]\nauthor: Ada Example\n"),
        )
        .post(
            "b.md",
            with("categories: [Open Source]\nauthor: Ada Example\n"),
        )
        .post(
            "c.md",
            with("categories: [opensource]\nauthor: ada example\n"),
        );
    let findings = check(&site);
    let told: Vec<_> = findings
        .iter()
        .map(|finding| (finding.file.as_str(), finding.rule))
        .collect();
    assert_eq!(
        told,
        [("c.md", Rule::TwoSpellings), ("c.md", Rule::TwoSpellings)]
    );
    assert!(
        findings[0]
            .message
            .contains("the author `ada example` is `Ada Example`"),
        "{findings:?}"
    );
    assert!(
        findings[1]
            .message
            .contains("the category `opensource` is `Open Source`")
    );
}

#[test]
fn a_feed_that_is_cut_is_told_of() {
    let site = (1..=4).fold(
        TestSite::new().config("[feed]\nmax_bytes = 20000"),
        |site, number| site.post(&format!("{number}.md"), post("", &"word ".repeat(2_000))),
    );
    let finding = only(&site);
    assert_eq!(
        (finding.rule, finding.severity),
        (Rule::ShortenedFeed, Severity::Note)
    );
    assert!(finding.message.contains("`/rss.xml`"), "{finding:?}");
}

#[test]
fn pictures_are_measured_by_what_networks_take() {
    let png = |width: u32, height: u32, more: usize| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        bytes.resize(bytes.len() + more, 0);
        bytes
    };
    let cases = [
        (png(1200, 630, 0), None),
        (png(400, 630, 0), Some((Rule::SmallPicture, Severity::Note))),
        (
            png(1200, 630, 700_000),
            Some((Rule::LargePicture, Severity::Note)),
        ),
        (
            png(1200, 630, 5_000_001),
            Some((Rule::LargePicture, Severity::Warning)),
        ),
        (
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            Some((Rule::UnusablePicture, Severity::Warning)),
        ),
    ];
    for (bytes, expected) in cases {
        let site = TestSite::new()
            .config("[content]\nstatic_dir = \"static\"")
            .file("static/img/a.png", &bytes)
            .post("a.md", post("image: {src: /img/a.png, alt: x}\n", ""));
        let found: Vec<_> = check(&site)
            .iter()
            .map(|finding| (finding.rule, finding.severity))
            .collect();
        assert_eq!(found, Vec::from_iter(expected), "{}", bytes.len());
    }
    let drawn = TestSite::new()
        .cards("picture = \"drawn\"")
        .config("[content]\nstatic_dir = \"static\"")
        .file("static/img/a.png", png(400, 100, 0))
        .post("a.md", post("image: {src: /img/a.png, alt: x}\n", ""));
    assert_eq!(check(&drawn), [], "previews do not show it");
}

#[test]
fn what_only_check_looks_for_does_not_hold_up_a_server() {
    let site = TestSite::new()
        .check_all()
        .post("a.md", plain("a", "2024-01-01"));
    let ignored = TestSite::new().post("a.md", plain("a", "2024-01-01"));
    assert_eq!(check(&ignored), [], "the configuration says so");
    assert_eq!(site.build().rules(), []);
    assert_eq!(only(&site).rule, Rule::MissingDescription);
}
