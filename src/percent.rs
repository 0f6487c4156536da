//! A URL path as anyone may write it into the one spelling in which paths are compared.
//!
//! RFC 3986 §6.2.2: escapes in upper case, escapes of unreserved characters decoded, everything
//! that may not stand in a path escaped. Escapes of the other characters that a path may hold (`%2B` of
//! `+`, `%40` of `@`) are decoded as well: RFC 3986 §2.2 lets the two differ, but no server of files tells
//! them apart, and clients send either. `%2F` is not `/` and stays as it is. A path that says
//! nothing, or that means another than it says, has no spelling: a broken escape, a NUL, bytes
//! that are not UTF-8, a `.` or `..` segment. Dot segments are refused and not resolved: nobody
//! who means well sends one, for clients resolve them first (RFC 3986 §5.2.4).

use percent_encoding::percent_encode_byte;

/// The one spelling of a path, in ASCII; `None` if it has none. What it returns it returns again.
pub fn normalize_path(path: &str) -> Option<String> {
    spell(path, Escapes::Decoded).map(|(spelled, _)| spelled)
}

/// Normalizes a path as far as RFC 3986 §6.2.2 goes, so that escapes of reserved characters stay. For ids alone,
/// which keep the spelling that readers know them by.
pub fn normalize_escapes(path: &str) -> Option<String> {
    spell(path, Escapes::Kept).map(|(spelled, _)| spelled)
}

/// What a path says, its escapes decoded; `None` where it has no spelling, or a segment of it holds
/// a `/`.
pub fn decode(path: &str) -> Option<String> {
    let (spelled, decoded) = spell(path, Escapes::Decoded)?;
    (!spelled.contains("%2F")).then_some(decoded)
}

/// What becomes of the escapes of characters that are reserved, and may stand in a path unescaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Decoded,
    Kept,
}

/// A path in its one spelling, and what that says.
fn spell(path: &str, escapes: Escapes) -> Option<(String, String)> {
    let stands = |byte: u8| is_unreserved(byte) || is_reserved_in_path(byte);
    // Nearly all are written as they are spelled.
    if path.bytes().all(stands) {
        return (!has_dot_segment(path)).then(|| (path.to_owned(), path.to_owned()));
    }
    let mut spelled = String::with_capacity(path.len());
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = byte == b'%';
        let byte = if escaped {
            hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?
        } else {
            byte
        };
        if byte == 0 {
            return None;
        }
        decoded.push(byte);
        let is_decoded = !escaped || (escapes == Escapes::Decoded && byte != b'/');
        if is_unreserved(byte) || (is_decoded && is_reserved_in_path(byte)) {
            spelled.push(char::from(byte));
        } else {
            spelled.push_str(percent_encode_byte(byte));
        }
    }
    // Escapes and bytes may share one character between them, so the whole is looked at.
    let decoded = String::from_utf8(decoded).ok()?;
    (!has_dot_segment(&spelled)).then_some((spelled, decoded))
}

fn has_dot_segment(path: &str) -> bool {
    path.contains('.') && path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// A text as one segment of a path: everything but letters, digits and `-._~` is escaped.
pub fn segment(text: &str) -> String {
    escaped(text, is_unreserved)
}

/// A text as one segment of a path in its one spelling.
pub fn normal_segment(text: &str) -> String {
    escaped(text, |byte| {
        is_unreserved(byte) || (is_reserved_in_path(byte) && byte != b'/')
    })
}

/// A query as it came, with what may stand in none (RFC 3986 §3.4) escaped.
pub fn query(text: &str) -> String {
    escaped(text, |byte| {
        is_unreserved(byte) || is_reserved_in_path(byte) || matches!(byte, b'?' | b'%')
    })
}

/// An IRI as somebody wrote it, with what may stand in none (RFC 3987 §2.2) escaped.
pub fn iri(text: &str) -> String {
    escaped(text, |byte| {
        byte > b' ' && byte != 0x7f && !b"<>\"{}|\\^`".contains(&byte)
    })
}

fn escaped(text: &str, stays: fn(u8) -> bool) -> String {
    let mut spelled = String::with_capacity(text.len());
    for character in text.chars() {
        let mut bytes = [0; 4];
        for byte in character.encode_utf8(&mut bytes).bytes() {
            if !stays(byte) {
                spelled.push_str(percent_encode_byte(byte));
            } else if character.is_ascii() {
                spelled.push(character);
            }
        }
        if !character.is_ascii() && stays(0xff) {
            spelled.push(character);
        }
    }
    spelled
}

/// RFC 3986 §2.3: the same with and without an escape.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 §3.3: what else may stand in a path.
fn is_reserved_in_path(byte: u8) -> bool {
    matches!(
        byte,
        b'/' | b':'
            | b'@'
            | b'!'
            | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b';'
            | b'='
    )
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn segments_and_iris_are_escaped_where_they_must_be() {
        assert_eq!(segment("a b/é:~"), "a%20b%2F%C3%A9%3A~");
        assert_eq!(normal_segment("a b/é:~+"), "a%20b%2F%C3%A9:~+");
        assert_eq!(
            iri("https://e.org/a b/é<%20>"),
            "https://e.org/a%20b/é%3C%20%3E"
        );
    }

    #[test]
    fn what_a_path_says_is_decoded_unless_a_segment_would_be_two() {
        assert_eq!(decode("/a%20b/%c3%a9").as_deref(), Some("/a b/é"));
        for path in ["/a%2Fb", "/a%2fb", "/..", "/%2e%2e/a", "/%00", "/%ff", "/%"] {
            assert_eq!(decode(path), None, "{path}");
        }
    }

    #[test]
    fn each_path_has_one_spelling() {
        let cases = [
            ("", Some("")),
            ("/", Some("/")),
            ("/rss.xml", Some("/rss.xml")),
            ("/%72ss%2exml", Some("/rss.xml")),
            ("/%d0%bd", Some("/%D0%BD")),
            ("/н", Some("/%D0%BD")),
            (
                "/a b\"<>[]\\^`{|}",
                Some("/a%20b%22%3C%3E%5B%5D%5C%5E%60%7B%7C%7D"),
            ),
            ("/a%2fb", Some("/a%2Fb")),
            ("/a:@!$&'()*+,;=~", Some("/a:@!$&'()*+,;=~")),
            ("/%3b", Some("/;")),
            ("/c%2B%2b%2fx", Some("/c++%2Fx")),
            (
                "/%3A%40%21%24%26%27%28%29%2A%2C%3D%7E",
                Some("/:@!$&'()*,=~"),
            ),
            ("/%2541", Some("/%2541")),
            ("//a/", Some("//a/")),
            ("/...", Some("/...")),
            ("/%", None),
            ("/%4", None),
            ("/%4g", None),
            ("/%é", None),
            ("/%00", None),
            ("/\0", None),
            ("/%ff", None),
            ("/%d0", None),
            ("/.", None),
            ("/../etc/passwd", None),
            ("/%2e%2E/etc/passwd", None),
            ("/a/./b", None),
        ];
        for (written, spelled) in cases {
            assert_eq!(normalize_path(written).as_deref(), spelled, "{written}");
        }
    }

    #[test]
    fn escapes_of_reserved_characters_stay_in_ids() {
        assert_eq!(
            normalize_escapes("/%63%2b+%c3%a9%2f").as_deref(),
            Some("/c%2B+%C3%A9%2F")
        );
    }

    proptest! {
        #[test]
        fn a_spelling_is_ascii_and_its_own_spelling(path in "(/|%[0-9a-fA-F]{2}|\\PC|%|\\.){0,24}") {
            if let Some(spelled) = normalize_path(&path) {
                prop_assert!(spelled.is_ascii());
                prop_assert_eq!(normalize_path(&spelled), Some(spelled.clone()));
            }
        }

        #[test]
        fn any_text_is_survived(path in any::<String>()) {
            let _ = normalize_path(&path);
        }
    }
}
