//! Looks up ids of posts in the id map (`site.ids`), and reports what is wrong with the map.

use crate::config::IdMap;
use crate::fields::{FrontMatterFields, SourceSpan};
use crate::model::finding::{Finding, Rule, Severity};
use crate::url_path;

/// Looks up the id of a post; `None` if the map has none, or if the front matter gives one, which has priority.
///
/// Reports a difference between the two.
pub(super) fn look_up_id<'a>(
    fields: &FrontMatterFields<'_>,
    given: Option<(&str, usize)>,
    ids: &'a IdMap,
) -> Option<&'a str> {
    let id = ids.get(fields.file_path())?;
    let Some((given, line)) = given else {
        return Some(id);
    };
    if given != id && url_path::escape_iri(given) != id {
        fields.report_finding(
            Severity::Warning,
            Rule::IdsDiffer,
            SourceSpan::at_text(line, given),
            format!(
                "the id `{given}` has priority over that in `{}`, which is `{id}`",
                ids.file.display()
            ),
            "delete the one that readers do not know the post by",
        );
    }
    None
}

/// Reports entries of the id map without a post, and ids that are not absolute.
pub(crate) fn lint_id_map(ids: &IdMap, is_there: impl Fn(&str) -> bool) -> Vec<Finding> {
    let finding = |line, rule, message, hint: &str| Finding {
        file: ids.file.display().to_string(),
        line: Some(line),
        highlight: None,
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
    // One finding for all of them: the ids come from the former feed and cannot be changed now.
    let mut relative = ids.iter().map(|(_, id)| id).filter(|id| !id.is_iri);
    if let Some(first) = relative.next() {
        let message = match relative.count() {
            0 => format!("the id `{}` is", first.id),
            others => format!("the id `{}` and {others} more are", first.id),
        };
        findings.push(finding(
            first.line,
            Rule::RelativeId,
            format!("{message} not an absolute URI, which Atom requires"),
            "keep the ids that readers know: they compare ids as they are, and only validators complain",
        ));
    }
    findings
}
