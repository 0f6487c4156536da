//! The one question that a text which does not parse still answers: does it say that it is hidden?
//!
//! An editor that saves in halves leaves texts that break for a moment, and those keep their last
//! good version. A text that breaks while it says `hidePost: true` must not: the author took the
//! post back, and what is served in doubt cannot be recalled. So a field that is a marker hides
//! unless it plainly says otherwise, or ends the text in the middle of saying so.

use crate::post::{Marker, MarkerKind, Reading};

/// Whether the text reads anywhere as a marker that hides, whatever stands around it.
pub(super) fn says_hidden(text: &str) -> bool {
    // UTF-16 read as bytes has a NUL beside each letter; old editors end lines with CR alone.
    let text = text.replace('\0', "").replace('\r', "\n");
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        // A value may stand on a line of its own, below its name.
        let below = lines.peek().copied();
        // Flow maps put several fields on a line.
        if line.split([',', '{', '}']).any(|part| hides(part, below)) {
            return true;
        }
    }
    false
}

fn hides(part: &str, below: Option<&str>) -> bool {
    let part = part.trim();
    let (name, value) = match part.split_once([':', '=', '：']) {
        Some((name, value)) => (name, value),
        // `? name`, with `: value` below; or the colon is what is wrong.
        None => part
            .trim_start_matches(['?', ' '])
            .split_once(' ')
            .unwrap_or((part, "")),
    };
    if value_of(value)
        .and_then(|value| MarkerKind::of_state(name, value))
        .is_some()
    {
        return true;
    }
    let Some(kind) = MarkerKind::of(name) else {
        return false;
    };
    if matches!(kind, MarkerKind::NoIndex | MarkerKind::InSitemap) {
        return false;
    }
    let value = value_of(value).or_else(|| value_of(below?.trim_start().trim_start_matches(':')));
    let Some(value) = value else {
        // `hidePost:` at the end of a text is the beginning of either.
        return below.is_some();
    };
    let marker = Marker {
        field: name.to_owned(),
        value: value.to_owned(),
        line: None,
        kind,
    };
    match marker.reading() {
        Reading::Unreadable => !(below.is_none() && begins_to_show(value, kind)),
        _ => marker.surely_withdraws(),
    }
}

/// Whether a value that the text ends in may become one that shows.
fn begins_to_show(value: &str, kind: MarkerKind) -> bool {
    let words: &[&str] = match kind {
        MarkerKind::Shows => &["true", "yes", "on"],
        _ => &["false", "no", "off"],
    };
    let value = value.trim_start_matches(['"', '\'']).to_ascii_lowercase();
    words.iter().any(|word| word.starts_with(&value))
}

/// The first word that is a value: not a comment, a tag, an anchor, or the sign of a block.
fn value_of(text: &str) -> Option<&str> {
    let text = text.split(" #").next()?;
    text.split_whitespace()
        .find(|word| !word.starts_with(['!', '&', '#', '>', '|']))
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
            "hidePost:\n  true\n",
            "hidePost: >-\n  true\n",
            "? hidePost\n: true\n",
            "hide_post: true",
            "hidePost: [true]",
            "hidePost: true;",
            "hidePost: “true”",
            "hidePost: ture\ntitle: a",
            "hidePost true",
            "hidePost： true",
            "hidePost: tr",
            "hidePost:\ntitle: a",
            "title: a\rhidePost: true\r",
            "\u{feff}hidePost: true",
            "published: fa",
            "unlisted: true",
            "h\0i\0d\0d\0e\0n\0:\0 \0t\0r\0u\0e\0",
        ] {
            assert!(says_hidden(text), "{text}");
        }
        for text in [
            "hidePost: false",
            "title: draft: true or not",
            "hidePost: fa",
            "hidePost:",
            "hidePost: 'fal",
            "published: tr",
            "noindex: true",
            "hidePost: false # true",
            "published: true",
            "",
        ] {
            assert!(!says_hidden(text), "{text}");
        }
    }
}
