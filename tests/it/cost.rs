//! Checks that a post with too costly a body is published without it, and the finding has its line.

use courant::model::finding::{Finding, Rule};
use proptest::prelude::*;

use crate::support::TestSite;

const FRONT_MATTER: &str = "title: Costly\ndate: 2024-01-01\n";

/// Builds a site of one post, checks that it is published, and returns its findings.
fn findings_of_post(front: &str, body: &str, path: &str) -> Vec<Finding> {
    let built = TestSite::new()
        .post(path, format!("---\n{front}---\n{body}\n"))
        .build();
    assert!(built.text("/rss.xml").contains("<title>Costly</title>"));
    built.findings
}

/// Returns a Markdown table whose rows have one cell each.
fn table_source(columns: usize, rows: usize) -> String {
    format!(
        "|{}\n|{}\n{}",
        "a|".repeat(columns),
        "-|".repeat(columns),
        "|b|\n".repeat(rows)
    )
}

/// Repeats a text and replaces `#` with the number of the repetition.
fn repeat_numbered(part: &str, times: usize) -> String {
    (0..times)
        .map(|number| part.replace('#', &number.to_string()))
        .collect()
}

#[test]
fn costly_body_is_left_out_with_its_line() {
    for (body, path) in [
        (table_source(1_000, 1_000), "a.md"),
        (
            format!("<i>x</i>\n\n{}", table_source(1_000, 1_000)),
            "a.md",
        ),
        (
            format!("<a {}>b</a>", repeat_numbered("a#=b ", 5_000)),
            "a.md",
        ),
        (
            format!("<a {}>b</a>", repeat_numbered("a#=b ", 5_000)),
            "a.mdx",
        ),
        ("a".repeat(5_000_000), "a.md"),
        ("http://a<".repeat(10_000), "a.md"),
        (
            format!("{}a{}", "- ".repeat(90), "\n".repeat(100_000)),
            "a.md",
        ),
        ("{{".repeat(30_000), "a.md"),
        ("a {\n".repeat(60_000), "a.mdx"),
    ] {
        let head: String = body.chars().take(30).collect();
        let findings = findings_of_post(FRONT_MATTER, &format!("\nfirst\n\n{body}"), path);
        let reported: Vec<_> = findings
            .iter()
            .map(|finding| (finding.rule, finding.line))
            .collect();
        let is_table = head.starts_with("<i>");
        let line = if is_table { 10 } else { 8 };
        assert_eq!(reported, [(Rule::BodyTooComplex, Some(line))], "{head}");
    }
}

#[test]
fn long_ordinary_body_is_published() {
    for body in [
        "Some words of a *text* that people write, with [links](/a).\n\n".repeat(5_000),
        table_source(8, 2_000).replace("|b|\n", "|1|2|3|4|5|6|7|8|\n"),
        format!("```\n{}```", "let a = {\"b\": [1, 2]};\n".repeat(8_000)),
        repeat_numbered("![a](/#.jpg)\n\n", 3_000),
        repeat_numbered("word[^#]\n\n[^#]: note\n\n", 1_000),
        format!("![a](data:image/png;base64,{})", "wwww".repeat(1_200_000)),
        format!(
            "<b>x</b>\n\n{}",
            "<p>A paragraph of <em>HTML</em>.</p>\n".repeat(5_000)
        ),
    ] {
        let head: String = body.chars().take(30).collect();
        let findings = findings_of_post(FRONT_MATTER, &body, "a.md");
        let is_left_out = |finding: &Finding| finding.rule == Rule::BodyTooComplex;
        assert!(!findings.iter().any(is_left_out), "{head}");
    }
}

#[test]
fn first_twenty_of_many_terms_are_kept() {
    for field in ["tags", "categories", "authors"] {
        let as_text = format!(
            "{FRONT_MATTER}{field}: {}last\n",
            repeat_numbered("term#,", 50_000)
        );
        let as_list = format!(
            "{FRONT_MATTER}{field}: [{}last]\n",
            repeat_numbered("term#,", 9_000)
        );
        for (front, count) in [(as_text, "10000 or more"), (as_list, "9001")] {
            let findings = findings_of_post(&front, "body", "a.md");
            let reported: Vec<_> = findings
                .iter()
                .map(|finding| (finding.rule, finding.line, finding.message.contains(count)))
                .collect();
            assert_eq!(reported, [(Rule::FieldType, Some(4), true)], "{findings:?}");
        }
    }
}

#[test]
fn map_of_too_many_fields_is_over_budget() {
    let yaml = |names: &str| format!("---\n{FRONT_MATTER}{}---\n", repeat_numbered(names, 2_001));
    let json = |names: &str| format!("{{\"title\": \"A\"{}\n}}\n", repeat_numbered(names, 2_001));
    for text in [
        yaml("a#: 1\n"),
        yaml("\"a#\": 1\n"),
        json(",\n\"a#\": 1"),
        json(",\n\"\\u0061#\": 1"),
    ] {
        let built = TestSite::new().post("a.md", &text).build();
        assert_eq!(built.rules(), [Rule::FrontMatterBudget], "{:.30}", text);
    }
}

#[test]
fn long_pattern_is_no_permalink() {
    let front = format!(
        "{FRONT_MATTER}slug: {}\npermalink: /{}\n",
        "s".repeat(100_000),
        ":slug/".repeat(10_000)
    );
    let findings = findings_of_post(&front, "body", "a.md");
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
    assert!(rules.contains(&Rule::UnusablePermalink), "{rules:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Checks that the HTML of any body stays within the limit.
    #[test]
    fn html_of_any_body_is_bounded(
        part in "[-+*>#|:a1. \\n\t`~_\\[\\]()!<>&w=\\\\^{}%/\"']{1,24}",
        times in 1usize..1_000,
        before in "(- ){0,40}|(> ){0,40}|\\|a\\|b\\|\n\\|-\\|-\\|\n",
    ) {
        let built = TestSite::new()
            .post("a.md", format!("---\n{FRONT_MATTER}---\n{before}{}\n", part.repeat(times)))
            .build();
        prop_assert!(built.text("/feed.json").len() <= 16 << 20);
    }
}
