//! Makes links of a text whose definitions stood in a file that was left out.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::replacement::UNRESOLVED_SCHEME;
use crate::text::first_bytes;

/// Maximum bytes of the text and of the label of a link: `[text][label]`. A longer one is text (`CommonMark` §4.7).
const MAX_LABEL_BYTES: usize = 999;
/// Maximum number of labels that are defined. A post with a thousand links has as many.
const MAX_DEFINED_LABELS: usize = 2_000;

/// Defines the labels of all links at the end of a text. A link that the text itself defines keeps its address, as
/// the first definition counts. The others become their text.
pub(super) fn define_missing_links(text: &mut String) {
    let mut labels = HashSet::new();
    let mut definitions = String::from("\n\n");
    for (at, _) in text.match_indices("][") {
        let after = text.get(at + "][".len()..).unwrap_or_default();
        let label = first_bytes(after, MAX_LABEL_BYTES).split_once(']');
        let before = text.get(..at).unwrap_or_default();
        let Some((begin, shown)) = split_link_text(before) else {
            continue;
        };
        // `a[i][j]` is no link.
        let is_index =
            begin.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '\\' | ']' | ')'));
        let label = label.map(|(label, _)| {
            if label.trim().is_empty() {
                shown
            } else {
                label
            }
        });
        let Some(label) = label.filter(|label| !is_index && !label.contains(['[', ']', '\n']))
        else {
            continue;
        };
        if labels.len() < MAX_DEFINED_LABELS && labels.insert(label) {
            let _ = writeln!(definitions, "[{label}]: {UNRESOLVED_SCHEME}");
        }
    }
    if !labels.is_empty() {
        text.push_str(&definitions);
    }
}

/// Splits a text at the bracket that begins its last link text.
fn split_link_text(before: &str) -> Option<(&str, &str)> {
    let from = before.len().saturating_sub(MAX_LABEL_BYTES);
    let from = (from..=before.len()).find(|at| before.is_char_boundary(*at))?;
    let at = before.get(from..)?.rfind('[')?;
    let (begin, shown) = before.split_at_checked(from + at)?;
    Some((begin, shown.get(1..)?))
}
