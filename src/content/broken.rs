//! The one question that a text which does not parse still answers: does it say that it is hidden?
//!
//! An editor that saves in halves leaves texts that break for a moment, and those keep their last
//! good version. A text that breaks while it says `hidePost: true` must not: the author took the
//! post back, and what is served in doubt cannot be recalled.

use crate::post::{MARKER_FIELDS, Marker, MarkerKind};

/// Whether any line of the text reads as a marker that hides, whatever stands around it.
pub(super) fn says_hidden(text: &str) -> bool {
    text.lines().any(|line| {
        // Flow maps put several fields on a line.
        line.split([',', '{', '}'])
            .any(|part| marker(part).is_some_and(|marker| marker.surely_hides()))
    })
}

fn marker(part: &str) -> Option<Marker> {
    let (name, value) = part.split_once([':', '='])?;
    let name = name.trim().trim_matches(['"', '\'', '-', ' ']);
    let (_, kind) = MARKER_FIELDS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let value = value.split(" #").next().unwrap_or(value);
    // A tag or an anchor before the value changes nothing of what the author meant.
    let value = value
        .split_whitespace()
        .find(|word| !word.starts_with(['!', '&']))
        .unwrap_or_default();
    matches!(kind, MarkerKind::Hides | MarkerKind::Shows).then(|| Marker {
        field: name.to_owned(),
        value: value.to_owned(),
        line: None,
        kind: *kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hiding_marker_is_found_in_any_ruin() {
        for text in [
            "---\ntitle: One: two\nhidePost: true\n",
            "hidepost:   'Yes'   # not yet\r\n",
            "{ \"draft\": true, \"title\": ",
            "draft = true",
            "published: false",
            "\tdraft: !!bool true",
        ] {
            assert!(says_hidden(text), "{text}");
        }
        for text in [
            "hidePost: false",
            "title: draft: true or not",
            "hidePost: tr",
            "published: true",
            "",
        ] {
            assert!(!says_hidden(text), "{text}");
        }
    }
}
