//! Bounds the attributes of the tags in HTML.
//!
//! A parser compares the name of each attribute with those before it in its tag. Where tags begin is not known
//! without parsing: what looks like one may be within a script, a comment or a value. So each `<` before a
//! letter may be the beginning, and for each state that a tokenizer (HTML §13.2.5) could be in, the
//! most attributes that could have led there are kept.

use super::count;

/// Attributes of a tag. Those of drawing programs and frameworks have fifty.
const MAX_ATTRIBUTES: usize = 2_000;
/// Squares of the attributes of all tags: as many comparisons are made, at a nanosecond or two.
const MAX_ATTRIBUTE_WORK: usize = 10_000_000;

/// The states of a tokenizer within a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the name of an attribute, or behind a value.
    Between,
    /// In a name: of the tag, or of an attribute.
    Name,
    AfterName,
    BeforeValue,
    Unquoted,
    DoubleQuoted,
    SingleQuoted,
}

const STATES: [State; 7] = [
    State::Between,
    State::Name,
    State::AfterName,
    State::BeforeValue,
    State::Unquoted,
    State::DoubleQuoted,
    State::SingleQuoted,
];

impl State {
    /// The state behind a byte, and whether an attribute begins with it; `None` where the tag ends.
    fn next(self, byte: u8) -> Option<(State, bool)> {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
        let next = match (self, byte) {
            (State::DoubleQuoted, b'"') | (State::SingleQuoted, b'\'') => State::Between,
            (State::DoubleQuoted | State::SingleQuoted, _) => self,
            (_, b'>') => return None,
            (State::Unquoted, _) if is_blank => State::Between,
            (State::Unquoted, _) => State::Unquoted,
            (State::BeforeValue, b'"') => State::DoubleQuoted,
            (State::BeforeValue, b'\'') => State::SingleQuoted,
            (State::BeforeValue, _) if is_blank => State::BeforeValue,
            (State::BeforeValue, _) => State::Unquoted,
            (_, b'/') => State::Between,
            (State::Name | State::AfterName, b'=') => State::BeforeValue,
            (State::Between, _) if is_blank => State::Between,
            (State::Name | State::AfterName, _) if is_blank => State::AfterName,
            (State::Name, _) => State::Name,
            (State::Between | State::AfterName, _) => return Some((State::Name, true)),
        };
        Some((next, false))
    }
}

/// Whether no tag has too many attributes, nor all of them together.
pub(super) fn fit(html: &str) -> bool {
    // An attribute begins behind a blank, a slash or a quotation mark. Most bodies have so few that they fit wherever tags
    // begin.
    let may_begin = |byte: u8| {
        matches!(
            byte,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'/' | b'"' | b'\''
        )
    };
    if count(html, may_begin) <= MAX_ATTRIBUTES {
        return true;
    }
    let bytes = html.as_bytes();
    let mut most = [None::<usize>; STATES.len()];
    let mut work = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        if most == [None; STATES.len()] {
            // Outside of all tags only the next `<` matters.
            match memchr::memchr(b'<', bytes.get(at..).unwrap_or_default()) {
                Some(next) => at += next,
                None => return true,
            }
        }
        let mut next = [None::<usize>; STATES.len()];
        let mut ended = 0;
        for (state, count) in STATES.into_iter().zip(most) {
            let Some(count) = count else { continue };
            match state.next(byte) {
                Some((state, begins)) => {
                    let count = count + usize::from(begins);
                    if count > MAX_ATTRIBUTES {
                        return false;
                    }
                    keep(&mut next, state, count);
                }
                None => ended = ended.max(count),
            }
        }
        work = work.saturating_add(ended * ended);
        if work > MAX_ATTRIBUTE_WORK {
            return false;
        }
        most = next;
        let after = bytes.get(at + 1).copied().unwrap_or_default();
        if bytes.get(at) == Some(&b'<') && (after.is_ascii_alphabetic() || after == b'/') {
            keep(&mut most, State::Name, 0);
        }
        at += 1;
    }
    true
}

fn keep(most: &mut [Option<usize>; STATES.len()], state: State, count: usize) {
    if let Some(known) = most.get_mut(state as usize) {
        *known = Some(known.unwrap_or_default().max(count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(count: usize) -> String {
        (0..count).map(|n| format!(" a{n}=\"b\"")).collect()
    }

    #[test]
    fn tag_of_too_many_attributes_does_not_fit() {
        let many = attributes(2_010);
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
            format!("<a{}>", attributes(1_000)).repeat(20),
        ] {
            assert!(!fit(&html), "{}", html.chars().take(40).collect::<String>());
        }
    }

    #[test]
    fn tags_of_people_and_programs_fit() {
        for html in [
            String::new(),
            "<".to_owned(),
            "a < b and \"c\" ".repeat(10_000),
            format!("<a{}>", attributes(1_000)),
            format!("<a{}>b</a> it's \"quoted\" text ", attributes(20)).repeat(5_000),
            format!("<p>{}</p>", "words ".repeat(50_000)),
            "<img alt=\"a > b\" src='c'>".repeat(10_000),
        ] {
            assert!(fit(&html), "{}", html.chars().take(40).collect::<String>());
        }
    }
}
