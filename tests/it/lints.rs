//! Checks each advisory rule of `check` with a post that breaks it.

use std::time::{Duration, SystemTime};

use courant::check::analysis::ContentAnalysis;
use courant::model::finding::{Finding, Rule, Severity};
use courant::progress::Progress;

use crate::support::{TestSite, new_year_2025, plain};

fn run_check(site: &TestSite) -> Vec<Finding> {
    run_check_at(site, new_year_2025())
}

fn run_check_at(site: &TestSite, now: SystemTime) -> Vec<Finding> {
    let config = site.parsed_config();
    let inspection = ContentAnalysis::analyze_content(&config, now, &Progress::default());
    inspection.expect("the content can be read").findings
}

/// Returns a post without findings, extended by `fields` and `body`.
fn post_with(fields: &str, body: &str) -> String {
    format!(
        "---\ntitle: A post\ndate: 2024-05-01T10:00:00Z\ndescription: About it\n{fields}---\n{body}\n"
    )
}

fn only_finding(site: &TestSite) -> Finding {
    match run_check(site).as_slice() {
        [finding] => finding.clone(),
        other => panic!("one finding was expected: {other:#?}"),
    }
}

#[test]
fn tidy_post_has_no_finding() {
    let site = TestSite::new().post(
        "a.md",
        post_with("tags: [x]\n", "![a cat](/cat.jpg) [b](/b)"),
    );
    assert_eq!(run_check(&site), []);
}

#[test]
fn each_advisory_rule_is_a_note_with_its_line() {
    let long = "word ".repeat(50);
    let cases = [
        (
            Rule::MissingDescription,
            "---\ntitle: a\ndate: 2024-05-01T10:00:00Z\n---\nText.\n".to_owned(),
            None,
        ),
        (
            Rule::LongTitle,
            post_with(
                "seo: {title: 'Another title, for previews, that is much longer than any of them would ever show'}\n",
                "",
            ),
            Some(5),
        ),
        (
            Rule::LongDescription,
            post_with("seo:\n  description: ", "")
                .replace("description: \n", &format!("description: {long}\n"))
                .replace("description: ---", &format!("description: {long}\n---")),
            Some(6),
        ),
        (
            Rule::TrailingBlanks,
            post_with("author: 'Ada '\n", ""),
            Some(5),
        ),
        (
            Rule::ZonelessDate,
            post_with("", "").replace("2024-05-01T10:00:00Z", "2024-05-01 10:00"),
            Some(3),
        ),
        (
            Rule::PercentEncoding,
            post_with("permalink: /caf%c3%a9/%7ea\n", ""),
            Some(5),
        ),
        (
            Rule::MissingAlt,
            post_with("image: /img/cat.jpg\n", ""),
            Some(5),
        ),
        (
            Rule::MissingAlt,
            post_with("", "\nText ![](/img/cat.jpg)"),
            Some(7),
        ),
    ];
    for (rule, text, line) in cases {
        let site = TestSite::new().check_all().post("a.md", text);
        let finding = only_finding(&site);
        assert_eq!(
            (finding.rule, finding.line, finding.severity),
            (rule, line, Severity::Note),
            "{finding:?}"
        );
        assert_eq!(site.build().rules(), [], "a server does not report advice");
    }
}

#[test]
fn utc_date_on_a_different_local_day_is_reported() {
    let late = post_with("", "").replace("T10:00:00Z", "T23:30:00.000Z");
    let site = TestSite::new()
        .config("timezone = \"Europe/Berlin\"")
        .post("a.md", &late);
    let finding = only_finding(&site);
    assert_eq!((finding.rule, finding.line), (Rule::SuspectZone, Some(3)));
    assert!(finding.message.contains("2024-05-02"), "{finding:?}");
    let meant = TestSite::new()
        .config("timezone = \"Europe/Berlin\"\n[content]\nz_is_local = true")
        .post("a.md", &late);
    assert_eq!(run_check(&meant), []);
}

#[test]
fn hidden_and_expired_posts_get_no_advice() {
    let site = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-05-01T10:00:00Z\ndraft: true\n---\n![](/x.png)\n",
        )
        .post(
            "b.md",
            "---\ntitle: b\ndate: 2024-05-01T10:00:00Z\nexpires: 2024-06-01\n---\n",
        );
    assert_eq!(run_check(&site), []);
    let scheduled = TestSite::new().check_all().post(
        "c.md",
        "---\ntitle: c\ndate: 2025-05-01T10:00:00Z\n---\nx\n",
    );
    assert_eq!(only_finding(&scheduled).rule, Rule::MissingDescription);
}

#[test]
fn date_years_ahead_is_a_warning() {
    let site = TestSite::new().post("a.md", post_with("", "").replace("2024-05", "2204-05"));
    let finding = only_finding(&site);
    assert_eq!(
        (finding.rule, finding.severity),
        (Rule::FarFutureDate, Severity::Warning)
    );
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(7_380_000_000);
    assert_eq!(run_check_at(&site, then), []);
}

#[test]
fn rarer_spelling_of_a_name_is_reported() {
    let with = |fields: &str| post_with(fields, "");
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
    let findings = run_check(&site);
    let reported: Vec<_> = findings
        .iter()
        .map(|finding| (finding.file.as_str(), finding.rule))
        .collect();
    assert_eq!(
        reported,
        [("c.md", Rule::TwoSpellings), ("c.md", Rule::TwoSpellings)]
    );
    assert!(
        findings[0]
            .message
            .contains("the author `ada example` is spelled `Ada Example`"),
        "{findings:?}"
    );
    assert!(
        findings[1]
            .message
            .contains("the category `opensource` is spelled `Open Source`")
    );
}

#[test]
fn shortened_feed_is_reported() {
    let site = (1..=4).fold(
        TestSite::new().config("[feed]\nmax_bytes = 20000"),
        |site, number| {
            site.post(
                &format!("{number}.md"),
                post_with("", &"word ".repeat(2_000)),
            )
        },
    );
    let finding = only_finding(&site);
    assert_eq!(
        (finding.rule, finding.severity),
        (Rule::ShortenedFeed, Severity::Note)
    );
    assert!(finding.message.contains("`/rss.xml`"), "{finding:?}");
}

#[test]
fn picture_size_is_checked_against_network_limits() {
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
            .post("a.md", post_with("image: {src: /img/a.png, alt: x}\n", ""));
        let found: Vec<_> = run_check(&site)
            .iter()
            .map(|finding| (finding.rule, finding.severity))
            .collect();
        assert_eq!(found, Vec::from_iter(expected), "{}", bytes.len());
    }
    let drawn = TestSite::new()
        .cards("picture = \"drawn\"")
        .config("[content]\nstatic_dir = \"static\"")
        .file("static/img/a.png", png(400, 100, 0))
        .post("a.md", post_with("image: {src: /img/a.png, alt: x}\n", ""));
    assert_eq!(run_check(&drawn), [], "previews show the drawn card");
}

#[test]
fn advisory_rules_run_only_in_check() {
    let site = TestSite::new()
        .check_all()
        .post("a.md", plain("a", "2024-01-01"));
    let ignored = TestSite::new().post("a.md", plain("a", "2024-01-01"));
    assert_eq!(
        run_check(&ignored),
        [],
        "the rule is ignored in the configuration"
    );
    assert_eq!(site.build().rules(), []);
    assert_eq!(only_finding(&site).rule, Rule::MissingDescription);
}

#[test]
fn language_that_the_list_lacks_is_reported() {
    let with = |config: &str| {
        TestSite::new()
            .config(config)
            .post("a.md", post_with("tags: [x]\n", "Text."))
    };
    let finding = only_finding(&with("language = \"en-US\"\nlanguages = [\"en\", \"fr\"]"));
    assert_eq!(
        (finding.rule, finding.severity),
        (Rule::Config, Severity::Warning)
    );
    assert!(finding.message.contains("`en-US` is not among"));
    assert!(finding.hint.contains("write `en` in both"));
    assert!(run_check(&with("languages = [\"EN\", \"fr\"]")).is_empty());
    assert!(run_check(&with("language = \"en-US\"")).is_empty());
}

#[test]
fn unrendered_asciidoc_is_noted_once() {
    let post = "---\ntitle: A\ndate: 2024-05-01\ndescription: Of it\n---\nBody.\n";
    let site = TestSite::new()
        .post("a.adoc", post)
        .post("b.asciidoc", post)
        .post("page.html", "<p>A page</p>\n");
    let finding = only_finding(&site);
    assert_eq!(
        (finding.file.as_str(), finding.rule, finding.severity),
        ("a.adoc", Rule::Shortcode, Severity::Note)
    );
    assert!(
        finding.message.contains("2 posts in AsciiDoc"),
        "{finding:?}"
    );
}
