//! `docs/rules.md` describes every rule, and what it says is true: its examples are checked.

use std::collections::BTreeSet;
use std::process::Command;

use courant::finding::Rule;

use crate::support::TestSite;

const RULES: &str = include_str!("../../docs/rules.md");

/// What no text on a page can be: another user's file, a file that is no text, an edit.
const WITHOUT_EXAMPLE: [Rule; 9] = [
    Rule::UnreadableDirectory,
    Rule::UnreadableFile,
    Rule::NotUtf8,
    Rule::ForbiddenCharacter,
    Rule::BodyTooComplex,
    Rule::SmallPicture,
    Rule::LargePicture,
    Rule::LastGoodKept,
    Rule::BrokenAndHidden,
];

/// Each heading, and the text below it.
fn sections() -> Vec<(&'static str, &'static str)> {
    RULES
        .split("\n## ")
        .skip(1)
        .map(|section| section.split_once('\n').expect("a text below the heading"))
        .collect()
}

/// The severities that a section names in its first line.
fn severities(text: &str) -> BTreeSet<&str> {
    let line = text.trim_start().lines().next().expect("a first line");
    let named = line.strip_prefix("Severity: ").expect("the severity");
    ["error", "warning", "note"]
        .into_iter()
        .filter(|severity| {
            named
                .split(|c: char| !c.is_alphabetic())
                .any(|word| word == *severity)
        })
        .collect()
}

/// The files of a section's fences: their paths stand after the language.
fn files(text: &str) -> Vec<(&str, String)> {
    let mut files = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let (_, path) = info.split_once(' ').expect("a path after the language");
            let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            files.push((path, inside.join("\n") + "\n"));
        }
    }
    files
}

#[test]
fn every_rule_has_one_heading_in_the_order_of_the_rules() {
    let headings: Vec<_> = sections().iter().map(|(heading, _)| *heading).collect();
    let rules: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(headings, rules);
}

#[test]
fn every_rule_says_what_it_is_in_a_sentence() {
    for rule in Rule::ALL {
        let doc = rule.doc();
        assert!(
            doc.ends_with('.') && !doc.contains('\n') && doc.trim() == doc,
            "{doc:?}"
        );
    }
}

#[test]
fn every_example_trips_its_rule_with_the_severity_that_is_named() {
    for (rule, (heading, text)) in Rule::ALL.iter().zip(sections()) {
        let named = severities(text);
        assert!(!named.is_empty(), "{heading} names no severity");
        let files = files(text);
        assert_eq!(
            files.is_empty(),
            WITHOUT_EXAMPLE.contains(rule),
            "{heading}: only what cannot be shown has no example"
        );
        if files.is_empty() {
            continue;
        }
        let found = check(heading, files);
        assert!(
            found.iter().any(|(rule, _)| rule == heading),
            "{heading}: the example trips {found:?}"
        );
        for (rule, severity) in found {
            assert_eq!(rule, heading, "the example trips another rule");
            assert!(
                named.contains(severity.as_str()),
                "{heading} is found as {severity}"
            );
        }
    }
}

/// The rules and severities that a site with these files is found to break.
fn check(heading: &str, files: Vec<(&str, String)>) -> Vec<(String, String)> {
    let mut site = TestSite::new();
    if heading == "missing-description" {
        site = site.check_all();
    }
    for (path, text) in files {
        site = match (path.strip_prefix("content/"), path) {
            (Some(post), _) => site.post(post, text),
            (None, "config.toml") => match text.strip_prefix("[cards]\n") {
                Some(cards) => site.cards(&cards.replace("system_fonts = false\n", "")),
                None => site.config(&text),
            },
            (None, path) => site.file(path, text),
        };
    }
    let output = Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["check", "--format", "json", "--config"])
        .arg(site.write_config())
        .env_clear()
        .output()
        .expect("courant runs");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = document["findings"].as_array().expect("findings").iter();
    findings
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().expect("text").to_owned();
            (text("rule"), text("severity"))
        })
        .collect()
}
