//! Findings into SARIF 2.1.0, which code scanners exchange their results in.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::json::pretty;
use super::{Located, Report};
use crate::finding::{Finding, Rule};
use crate::{fingerprint, percent};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The help on each rule, so that a viewer has it without a network.
const RULES: &str = include_str!("../../docs/rules.md");
/// Where the sources are, if the package says so. SARIF takes absolute addresses only.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Writes the log, of one run.
///
/// # Errors
/// It cannot be written.
pub fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut seen = HashMap::new();
    let results: Vec<Value> = report
        .located()
        .map(|located| result(&located, &mut seen))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver(REPOSITORY) },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    pretty(&log, out)
}

fn driver(repository: &str) -> Value {
    let rules: Vec<Value> = Rule::ALL
        .iter()
        .map(|rule| descriptor(*rule, repository))
        .collect();
    known(json!({
        "name": "courant",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": (!repository.is_empty()).then_some(repository),
        "rules": rules,
    }))
}

fn descriptor(rule: Rule, repository: &str) -> Value {
    let help = section(rule).unwrap_or(rule.doc());
    let address = || format!("{repository}/blob/main/docs/rules.md#{rule}");
    known(json!({
        "id": rule.name(),
        "shortDescription": { "text": rule.doc() },
        "help": { "text": help, "markdown": help },
        "helpUri": (!repository.is_empty()).then(address),
    }))
}

/// What `docs/rules.md` says under a rule's heading.
fn section(rule: Rule) -> Option<&'static str> {
    RULES.split("\n## ").skip(1).find_map(|section| {
        let (heading, text) = section.split_once('\n')?;
        (heading.trim() == rule.name()).then_some(text.trim())
    })
}

fn result(located: &Located<'_>, seen: &mut HashMap<String, usize>) -> Value {
    let finding = located.finding;
    let index = Rule::ALL.iter().position(|rule| *rule == finding.rule);
    let place = known(json!({
        "artifactLocation": artifact(&located.path),
        "region": region(located),
    }));
    json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": index,
        "level": finding.severity.to_string(),
        "message": { "text": format!("{}\nhint: {}", located.message, located.hint) },
        "locations": [{ "physicalLocation": place }],
        // Not under GitHub's own name for one, which its uploader computes, and warns of if it differs.
        "partialFingerprints": { "courantFinding/v1": fingerprint(located, seen) },
    })
}

/// A file below the working directory is told by its path from there, which is that from the root of
/// the sources; another by where it is on this machine.
fn artifact(path: &Path) -> Value {
    let parts: Vec<String> = path
        .components()
        .map(|part| match part {
            std::path::Component::RootDir => String::new(),
            other => percent::segment(&other.as_os_str().to_string_lossy()),
        })
        .collect();
    let uri = parts.join("/");
    if path.is_absolute() {
        json!({ "uri": format!("file://{uri}") })
    } else {
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }
}

/// `None` is all of the file.
fn region(located: &Located<'_>) -> Option<Value> {
    let columns = located.columns();
    Some(known(json!({
        "startLine": located.finding.line?,
        "startColumn": columns.as_ref().map(|columns| columns.start),
        "endColumn": columns.as_ref().map(|columns| columns.end),
    })))
}

/// An object without what is not known.
fn known(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, member| !member.is_null());
    }
    object
}

/// The same finding after lines were added above it: of rule, file and what is written in the line,
/// and which it is of those that have all three in common.
fn fingerprint(located: &Located<'_>, seen: &mut HashMap<String, usize>) -> String {
    let Finding { rule, mark, .. } = located.finding;
    let said = match &located.line {
        Some(line) => line.text.trim(),
        None => &located.message,
    };
    let mark = mark.as_deref().unwrap_or_default();
    let name = [rule.name(), &located.path(), said, mark].join("\0");
    let hash = fingerprint::hex(name.as_bytes());
    let count = seen.entry(hash.clone()).or_default();
    *count += 1;
    format!("{hash}:{count}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_help_with_it() {
        for rule in Rule::ALL {
            let help = section(*rule).unwrap_or_else(|| panic!("docs/rules.md lacks {rule}"));
            assert!(
                help.contains("Severity:") && !help.contains("\n## "),
                "{help}"
            );
        }
    }

    #[test]
    fn addresses_are_absolute_or_not_there() {
        let driver = driver("https://example.org/courant");
        assert_eq!(driver["informationUri"], "https://example.org/courant");
        assert_eq!(
            driver["rules"][0]["helpUri"],
            "https://example.org/courant/blob/main/docs/rules.md#config"
        );
        let driver = super::driver("");
        assert_eq!(driver.get("informationUri"), None);
        assert_eq!(driver["rules"][0].get("helpUri"), None);
    }

    #[test]
    fn a_file_is_told_by_an_address() {
        assert_eq!(
            artifact(Path::new("content/a b#é%.md")),
            json!({ "uri": "content/a%20b%23%C3%A9%25.md", "uriBaseId": "%SRCROOT%" })
        );
        assert_eq!(
            artifact(Path::new("/srv/a b.md")),
            json!({ "uri": "file:///srv/a%20b.md" })
        );
    }
}
