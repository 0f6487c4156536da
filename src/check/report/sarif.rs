//! Writes findings as a SARIF 2.1.0 log, for code scanning tools.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::json::write_pretty_json;
use super::{LocatedFinding, Report};
use crate::model::finding::{Finding, Rule};
use crate::{hash, url_path};

const SCHEMA_URL: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Help text of all rules, embedded so that a viewer needs no network.
const RULES_DOC: &str = include_str!("../../../docs/rules.md");
/// Repository URL of the package, or an empty string. SARIF accepts absolute URLs only.
const REPOSITORY_URL: &str = env!("CARGO_PKG_REPOSITORY");

/// Writes a log with one run.
///
/// # Errors
/// Writing fails.
pub fn write_sarif(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut seen = HashMap::new();
    let results: Vec<Value> = report
        .located_findings()
        .map(|located| build_result(&located, &mut seen))
        .collect();
    let log = json!({
        "$schema": SCHEMA_URL,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": build_driver(REPOSITORY_URL) },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    write_pretty_json(&log, out)
}

fn build_driver(repository: &str) -> Value {
    let rules: Vec<Value> = Rule::ALL
        .iter()
        .map(|rule| build_rule_descriptor(*rule, repository))
        .collect();
    remove_nulls(json!({
        "name": "courant",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": (!repository.is_empty()).then_some(repository),
        "rules": rules,
    }))
}

fn build_rule_descriptor(rule: Rule, repository: &str) -> Value {
    let help = find_rule_section(rule).unwrap_or(rule.doc());
    let help_url = format!("{repository}/blob/main/docs/rules.md#{rule}");
    remove_nulls(json!({
        "id": rule.name(),
        "shortDescription": { "text": rule.doc() },
        "help": { "text": help, "markdown": help },
        "helpUri": (!repository.is_empty()).then_some(help_url),
    }))
}

/// Returns the section of a rule in `docs/rules.md`.
fn find_rule_section(rule: Rule) -> Option<&'static str> {
    RULES_DOC.split("\n## ").skip(1).find_map(|section| {
        let (heading, text) = section.split_once('\n')?;
        (heading.trim() == rule.name()).then_some(text.trim())
    })
}

fn build_result(located: &LocatedFinding<'_>, seen: &mut HashMap<String, usize>) -> Value {
    let finding = located.finding;
    let index = Rule::ALL.iter().position(|rule| *rule == finding.rule);
    let location = remove_nulls(json!({
        "artifactLocation": build_artifact_location(&located.path),
        "region": build_region(located),
    }));
    json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": index,
        "level": finding.severity.to_string(),
        "message": { "text": format!("{}\nhint: {}", located.message, located.hint) },
        "locations": [{ "physicalLocation": location }],
        // Not `primaryLocationLineHash`: GitHub's uploader computes that one and warns if it differs.
        "partialFingerprints": { "courantFinding/v1": hash_finding(located, seen) },
    })
}

/// Builds the location of a file: relative to the source root if it is below the working directory,
/// an absolute `file:` URI otherwise.
fn build_artifact_location(path: &Path) -> Value {
    let parts: Vec<String> = path
        .components()
        .map(|part| match part {
            std::path::Component::RootDir => String::new(),
            other => url_path::encode_segment(&other.as_os_str().to_string_lossy()),
        })
        .collect();
    let uri = parts.join("/");
    if path.is_absolute() {
        json!({ "uri": format!("file://{uri}") })
    } else {
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }
}

/// Builds the region of a finding; `None` is the whole file.
fn build_region(located: &LocatedFinding<'_>) -> Option<Value> {
    let columns = located.marked_columns();
    Some(remove_nulls(json!({
        "startLine": located.finding.line?,
        "startColumn": columns.as_ref().map(|columns| columns.start),
        "endColumn": columns.as_ref().map(|columns| columns.end),
    })))
}

/// Removes members that are `null`.
fn remove_nulls(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, member| !member.is_null());
    }
    object
}

/// Returns a fingerprint that does not change when lines are inserted above a finding. It hashes rule,
/// file and text of the line, and appends a number that tells equal findings apart.
fn hash_finding(located: &LocatedFinding<'_>, seen: &mut HashMap<String, usize>) -> String {
    let Finding {
        rule,
        highlight: mark,
        ..
    } = located.finding;
    let content = match &located.line {
        Some(line) => line.text.trim(),
        None => &located.message,
    };
    let mark = mark.as_deref().unwrap_or_default();
    let name = [rule.name(), &located.display_path(), content, mark].join("\0");
    let hash = hash::blake3_hex(name.as_bytes());
    let count = seen.entry(hash.clone()).or_default();
    *count += 1;
    format!("{hash}:{count}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_help_text() {
        for rule in Rule::ALL {
            let help =
                find_rule_section(*rule).unwrap_or_else(|| panic!("docs/rules.md lacks {rule}"));
            assert!(
                help.contains("Severity:") && !help.contains("\n## "),
                "{help}"
            );
        }
    }

    #[test]
    fn addresses_are_absolute_or_absent() {
        let driver = build_driver("https://example.org/courant");
        assert_eq!(driver["informationUri"], "https://example.org/courant");
        assert_eq!(
            driver["rules"][0]["helpUri"],
            "https://example.org/courant/blob/main/docs/rules.md#config"
        );
        let driver = super::build_driver("");
        assert_eq!(driver.get("informationUri"), None);
        assert_eq!(driver["rules"][0].get("helpUri"), None);
    }

    #[test]
    fn files_are_named_by_uri() {
        assert_eq!(
            build_artifact_location(Path::new("content/a b#é%.md")),
            json!({ "uri": "content/a%20b%23%C3%A9%25.md", "uriBaseId": "%SRCROOT%" })
        );
        assert_eq!(
            build_artifact_location(Path::new("/srv/a b.md")),
            json!({ "uri": "file:///srv/a%20b.md" })
        );
    }
}
