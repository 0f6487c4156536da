//! Limits the number of attributes of HTML tags.
//!
//! A parser compares the name of each attribute with those before it in its tag, which takes quadratic time. Where
//! tags begin is not known without parsing: a `<` may be in a script, a comment or a value. So every `<` before a
//! letter or a slash may begin a tag. For each state that a tokenizer (HTML §13.2.5) could be in, the maximum number
//! of attributes of the tag so far is kept.

use super::count_bytes;

/// Maximum attributes of one tag. Tags written by drawing programs and frameworks have about fifty.
const MAX_ATTRIBUTES_PER_TAG: usize = 2_000;
/// Maximum sum of the squared attribute counts of all tags: the number of comparisons, at 1 to 2 ns each.
const MAX_ATTRIBUTE_COMPARISONS: usize = 10_000_000;

/// States of an HTML tokenizer inside a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenizerState {
    /// Before an attribute name, or after a value.
    BeforeName,
    /// In the name of the tag or of an attribute.
    Name,
    AfterName,
    BeforeValue,
    Unquoted,
    DoubleQuoted,
    SingleQuoted,
}

const TOKENIZER_STATES: [TokenizerState; 7] = [
    TokenizerState::BeforeName,
    TokenizerState::Name,
    TokenizerState::AfterName,
    TokenizerState::BeforeValue,
    TokenizerState::Unquoted,
    TokenizerState::DoubleQuoted,
    TokenizerState::SingleQuoted,
];

impl TokenizerState {
    /// Returns the state after a byte, and true if an attribute begins there. `None` if the tag ends.
    fn next_state(self, byte: u8) -> Option<(TokenizerState, bool)> {
        let is_whitespace = matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
        let next = match (self, byte) {
            (TokenizerState::DoubleQuoted, b'"') | (TokenizerState::SingleQuoted, b'\'') => {
                TokenizerState::BeforeName
            }
            (TokenizerState::DoubleQuoted | TokenizerState::SingleQuoted, _) => self,
            (_, b'>') => return None,
            (TokenizerState::Unquoted, _) if is_whitespace => TokenizerState::BeforeName,
            (TokenizerState::Unquoted, _) => TokenizerState::Unquoted,
            (TokenizerState::BeforeValue, b'"') => TokenizerState::DoubleQuoted,
            (TokenizerState::BeforeValue, b'\'') => TokenizerState::SingleQuoted,
            (TokenizerState::BeforeValue, _) if is_whitespace => TokenizerState::BeforeValue,
            (TokenizerState::BeforeValue, _) => TokenizerState::Unquoted,
            (_, b'/') => TokenizerState::BeforeName,
            (TokenizerState::Name | TokenizerState::AfterName, b'=') => TokenizerState::BeforeValue,
            (TokenizerState::BeforeName, _) if is_whitespace => TokenizerState::BeforeName,
            (TokenizerState::Name | TokenizerState::AfterName, _) if is_whitespace => {
                TokenizerState::AfterName
            }
            (TokenizerState::Name, _) => TokenizerState::Name,
            (TokenizerState::BeforeName | TokenizerState::AfterName, _) => {
                return Some((TokenizerState::Name, true));
            }
        };
        Some((next, false))
    }
}

/// Returns true if the attribute counts of each tag, and of all tags together, are within the limits.
pub(super) fn is_within_attribute_limits(html: &str) -> bool {
    // An attribute begins after white space, a slash or a quote. Most bodies have so few of them that they are within
    // the limits wherever tags begin.
    let possible_attributes = count_bytes(html, |byte| {
        matches!(
            byte,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'/' | b'"' | b'\''
        )
    });
    if possible_attributes <= MAX_ATTRIBUTES_PER_TAG {
        return true;
    }
    let bytes = html.as_bytes();
    let mut max_counts = [None::<usize>; TOKENIZER_STATES.len()];
    let mut comparisons = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        if max_counts == [None; TOKENIZER_STATES.len()] {
            // Outside of all tags, skip to the next `<`.
            match memchr::memchr(b'<', bytes.get(at..).unwrap_or_default()) {
                Some(next) => at += next,
                None => return true,
            }
        }
        let mut next_counts = [None::<usize>; TOKENIZER_STATES.len()];
        let mut ended_count = 0;
        for (state, count) in TOKENIZER_STATES.into_iter().zip(max_counts) {
            let Some(count) = count else { continue };
            match state.next_state(byte) {
                Some((state, begins_attribute)) => {
                    let count = count + usize::from(begins_attribute);
                    if count > MAX_ATTRIBUTES_PER_TAG {
                        return false;
                    }
                    keep_maximum(&mut next_counts, state, count);
                }
                None => ended_count = ended_count.max(count),
            }
        }
        comparisons = comparisons.saturating_add(ended_count * ended_count);
        if comparisons > MAX_ATTRIBUTE_COMPARISONS {
            return false;
        }
        max_counts = next_counts;
        let after = bytes.get(at + 1).copied().unwrap_or_default();
        if bytes.get(at) == Some(&b'<') && (after.is_ascii_alphabetic() || after == b'/') {
            keep_maximum(&mut max_counts, TokenizerState::Name, 0);
        }
        at += 1;
    }
    true
}

fn keep_maximum(
    max_counts: &mut [Option<usize>; TOKENIZER_STATES.len()],
    state: TokenizerState,
    count: usize,
) {
    if let Some(maximum) = max_counts.get_mut(state as usize) {
        *maximum = Some(maximum.unwrap_or_default().max(count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_attributes(count: usize) -> String {
        (0..count).map(|n| format!(" a{n}=\"b\"")).collect()
    }

    #[test]
    fn too_many_attributes_are_rejected() {
        let many = write_attributes(2_010);
        for html in [
            format!("<a{many}>"),
            format!("<A{}>", many.replace('"', "'")),
            format!("<a{}>", many.replace('"', "")),
            format!("<a{}>", many.replace("=\"b\"", "")),
            format!("<a{}>", many.replace(' ', "/")),
            format!("<a{}>", many.replace(' ', "")),
            format!("<a{}>", many.replace(" a", " =a>")).replace('>', ""),
            format!("<a{}>", many.replace("\"b\"", "\">\"")),
            format!("<script>'<b c='</script><a{many}>"),
            format!("<b c=\"</b><p>it's</p><a{many}>"),
            format!("<!--<b c='--><a{many}>"),
            format!("<a<b{many}>"),
            format!("<a{}>", many.replace('a', "<a")),
            format!("</a{many}>"),
            format!("<a{many}"),
            format!("<a{}>", write_attributes(1_000)).repeat(20),
        ] {
            assert!(
                !is_within_attribute_limits(&html),
                "{}",
                html.chars().take(40).collect::<String>()
            );
        }
    }

    #[test]
    fn usual_tags_are_accepted() {
        for html in [
            String::new(),
            "<".to_owned(),
            "a < b and \"c\" ".repeat(10_000),
            format!("<a{}>", write_attributes(1_000)),
            format!("<a{}>b</a> it's \"quoted\" text ", write_attributes(20)).repeat(5_000),
            format!("<p>{}</p>", "words ".repeat(50_000)),
            "<img alt=\"a > b\" src='c'>".repeat(10_000),
        ] {
            assert!(
                is_within_attribute_limits(&html),
                "{}",
                html.chars().take(40).collect::<String>()
            );
        }
    }
}
