//! The ledger of ids (`site.ids`) into the id of a post, and what is wrong with the ledger.

use super::fields::{Fields, Place};
use crate::config::Ids;
use crate::finding::{Finding, Rule, Severity};
use crate::percent;

/// The id that the ledger has for a post. One that the front matter gives goes first; where the two
/// differ, a finding says so.
pub(super) fn id<'a>(
    fields: &Fields<'_>,
    given: Option<(&str, usize)>,
    ids: &'a Ids,
) -> Option<&'a str> {
    let id = ids.get(fields.file())?;
    let Some((given, line)) = given else {
        return Some(id);
    };
    if given != id && percent::iri(given) != id {
        fields.note(
            Severity::Warning,
            Rule::IdsDiffer,
            Place::mark(line, given),
            format!(
                "the id `{given}` goes before that of `{}`, which is `{id}`",
                ids.file.display()
            ),
            "delete the one that readers do not know the post by",
        );
    }
    None
}

/// What is wrong between the ledger and the files there are.
pub(super) fn findings(ids: &Ids, is_there: impl Fn(&str) -> bool) -> Vec<Finding> {
    let finding = |line, rule, message, hint: &str| Finding {
        file: ids.file.display().to_string(),
        line: Some(line),
        mark: None,
        severity: Severity::Warning,
        rule,
        message,
        hint: hint.to_owned(),
    };
    let mut findings: Vec<Finding> = ids
        .iter()
        .filter(|(path, _)| !is_there(path))
        .map(|(path, id)| {
            finding(
                id.line,
                Rule::IdWithoutPost,
                format!("there is no post `{path}`"),
                "if the file has another name now, write that; if the post is gone, delete the line",
            )
        })
        .collect();
    // Once for all: it is the former feed's doing, and there is nothing to do about it.
    let mut relative = ids.iter().map(|(_, id)| id).filter(|id| !id.is_iri);
    if let Some(first) = relative.next() {
        let message = match relative.count() {
            0 => format!("the id `{}` is", first.id),
            others => format!("the id `{}` and {others} more are", first.id),
        };
        findings.push(finding(
            first.line,
            Rule::RelativeId,
            format!("{message} no absolute address, which Atom asks for"),
            "keep what readers know the posts by: they compare ids as they are, and only validators mind",
        ));
    }
    findings
}
