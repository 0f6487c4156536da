//! Decodes character references and CSS, in which an address or a hiding style may be written.

use std::borrow::Cow;

/// ASCII characters that have a name in HTML and may take part in a style or an address.
const NAMED_CHARACTERS: [(&str, char); 10] = [
    ("colon;", ':'),
    ("commat;", '@'),
    ("sol;", '/'),
    ("ast;", '*'),
    ("bsol;", '\\'),
    ("Tab;", '\t'),
    ("NewLine;", '\n'),
    ("percnt;", '%'),
    ("amp;", '&'),
    ("period;", '.'),
];

/// Maximum number of digits of a character in CSS (CSS Syntax §4.3.7).
const MAX_STYLE_ESCAPE_DIGITS: usize = 6;

/// Decodes the references to ASCII characters that may hide a style or an address: `&#58;`, `&#x3A;`, `&colon;`.
/// Numbers need no semicolon, as in browsers.
pub(crate) fn decode_ascii_references(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    for (at, part) in text.split('&').enumerate() {
        match parse_ascii_reference(part).filter(|_| at > 0) {
            Some((character, rest)) => {
                decoded.push(character);
                decoded.push_str(rest);
            }
            None => {
                decoded.push_str(if at > 0 { "&" } else { "" });
                decoded.push_str(part);
            }
        }
    }
    Cow::Owned(decoded)
}

/// Parses a reference after its ampersand. Returns the character and the text after the reference.
fn parse_ascii_reference(part: &str) -> Option<(char, &str)> {
    let Some(number) = part.strip_prefix('#') else {
        return NAMED_CHARACTERS
            .iter()
            .find_map(|(name, character)| Some((*character, part.strip_prefix(name)?)));
    };
    let (radix, digits) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (16, digits),
        None => (10, number),
    };
    let rest = digits.trim_start_matches(|c: char| c.is_digit(radix));
    let code = digits.get(..digits.len() - rest.len())?;
    let character = char::from_u32(u32::from_str_radix(code, radix).ok()?)?;
    let rest = rest.strip_prefix(';').unwrap_or(rest);
    character.is_ascii().then_some((character, rest))
}

/// Returns true if a value of the attribute `style` keeps an element from being shown. Its references are decoded.
pub(crate) fn is_hiding_style(style: &str) -> bool {
    let style = decode_style_escapes(style);
    // What looks like a comment may be part of an address.
    [&*style, &remove_style_comments(&style)]
        .into_iter()
        .map(normalize_value)
        .any(|style| style.contains("display:none") || style.contains("visibility:hidden"))
}

/// Removes CSS comments. One without an end goes on to the end of the text.
fn remove_style_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("*/").map_or("", |(_, after)| after));
    }
    kept
}

/// Decodes CSS escapes: `n\6f ne`, `n\one`.
fn decode_style_escapes(style: &str) -> Cow<'_, str> {
    if !style.contains('\\') {
        return Cow::Borrowed(style);
    }
    let mut parts = style.split('\\');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take(MAX_STYLE_ESCAPE_DIGITS);
        let length = digits.take_while(u8::is_ascii_hexdigit).count();
        let (code, rest) = part.split_at_checked(length).unwrap_or_default();
        let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        decoded.extend(character);
        // A blank after the digits ends the escape; it is dropped with all others.
        decoded.push_str(rest);
    }
    Cow::Owned(decoded)
}

/// Returns a value in lower case, without white space and quotes.
pub(crate) fn normalize_value(value: &str) -> String {
    let kept = value
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''));
    kept.flat_map(char::to_lowercase).collect()
}

/// Letters from the most to the least frequent one in English.
const LETTERS_BY_FREQUENCY: &[u8] = b"etaoinshrdlcumwfgypbvkjxqz";

/// Returns true if a text contains a lower-case word, in any case of its letters.
pub(crate) fn contains_ignoring_case(text: &[u8], word: &[u8]) -> bool {
    // Each occurrence of the searched byte is compared, so the rarest one is searched.
    let rank = |byte: u8| memchr::memchr(byte, LETTERS_BY_FREQUENCY).unwrap_or(usize::MAX);
    let Some((offset, byte)) = word.iter().enumerate().max_by_key(|(_, byte)| rank(**byte)) else {
        return true;
    };
    memchr::memchr2_iter(*byte, byte.to_ascii_uppercase(), text).any(|at| {
        let found = at
            .checked_sub(offset)
            .and_then(|at| text.get(at..at + word.len()));
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_ascii_are_decoded() {
        for (text, decoded) in [
            ("a&#64;b", "a@b"),
            ("a&#x40b &#X00040;", "a&#x40b @"),
            ("a&#64b&commat;c", "a@b@c"),
            ("&&#58&colon;&", "&::&"),
            ("&#; &#x; &#99999999999; é&x", "&#; &#x; &#99999999999; é&x"),
        ] {
            assert_eq!(decode_ascii_references(text), decoded, "{text}");
        }
    }
}
