//! Checks that `docs/rules.md` describes every rule, and that its examples trip them.

use std::collections::BTreeSet;
use std::process::Command;

use courant::model::finding::Rule;

use crate::support::TestSite;

const RULES_PAGE: &str = include_str!("../../docs/rules.md");

/// Rules that no text on a page can trip: they need file permissions, binary files or an edit.
const RULES_WITHOUT_EXAMPLE: [Rule; 9] = [
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

/// Returns each heading with the text below it.
fn rule_sections() -> Vec<(&'static str, &'static str)> {
    RULES_PAGE
        .split("\n## ")
        .skip(1)
        .map(|section| section.split_once('\n').expect("a text below the heading"))
        .collect()
}

/// Returns the severities that a section names in its first line.
fn named_severities(text: &str) -> BTreeSet<&str> {
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

/// Returns the files in a section's fences. A path follows the language.
fn example_files(text: &str) -> Vec<(&str, String)> {
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
fn headings_list_every_rule_in_order() {
    let headings: Vec<_> = rule_sections()
        .iter()
        .map(|(heading, _)| *heading)
        .collect();
    let rules: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(headings, rules);
}

#[test]
fn every_rule_has_a_one_sentence_description() {
    for rule in Rule::ALL {
        let doc = rule.doc();
        assert!(
            doc.ends_with('.') && !doc.contains('\n') && doc.trim() == doc,
            "{doc:?}"
        );
    }
}

#[test]
fn examples_trip_their_rule_with_a_named_severity() {
    for (rule, (heading, text)) in Rule::ALL.iter().zip(rule_sections()) {
        let named = named_severities(text);
        assert!(!named.is_empty(), "{heading} names no severity");
        let files = example_files(text);
        assert_eq!(
            files.is_empty(),
            RULES_WITHOUT_EXAMPLE.contains(rule),
            "{heading}: only rules in `RULES_WITHOUT_EXAMPLE` have no example"
        );
        if files.is_empty() {
            continue;
        }
        let found = check_files(heading, files);
        assert!(
            found.iter().any(|(rule, _)| rule == heading),
            "{heading}: the example trips {found:?}"
        );
        for (rule, severity) in found {
            assert_eq!(rule, heading, "the example trips a different rule");
            assert!(
                named.contains(severity.as_str()),
                "{heading} is found as {severity}"
            );
        }
    }
}

/// Runs `check` on a site with these files and returns the rules and severities found.
fn check_files(heading: &str, files: Vec<(&str, String)>) -> Vec<(String, String)> {
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
