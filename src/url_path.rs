//! Normalizes and percent-encodes URL paths, and puts those of a site below its home.
//!
//! RFC 3986 §6.2.2: escapes are upper case, escapes of unreserved characters are decoded, and characters
//! that a path must not contain are escaped. Escapes of reserved characters that a path may contain
//! (`%2B` for `+`, `%40` for `@`) are decoded as well. RFC 3986 §2.2 lets the two differ, but no file
//! server tells them apart, and clients send either. `%2F` differs from `/` and stays.
//!
//! Ambiguous paths are rejected: a broken escape, a NUL, bytes that are not UTF-8, a `.` or `..` segment.
//! Dot segments are not resolved, because clients resolve them before they send a request (RFC 3986
//! §5.2.4).

use percent_encoding::percent_encode_byte;
use url::{ParseError, Url};

/// Normalizes a path to ASCII; `None` if it is invalid or ambiguous. Idempotent.
pub fn normalize_path(path: &str) -> Option<String> {
    normalize_and_decode(path, ReservedEscapes::Decoded).map(|(spelled, _)| spelled)
}

/// Normalizes a path by RFC 3986 §6.2.2 only, so that escapes of reserved characters stay. For ids,
/// which must keep the spelling that feed readers have stored.
pub fn normalize_escapes(path: &str) -> Option<String> {
    normalize_and_decode(path, ReservedEscapes::Kept).map(|(spelled, _)| spelled)
}

/// Decodes all escapes of a path; `None` if the path is invalid or a segment contains an escaped `/`.
pub fn decode_path(path: &str) -> Option<String> {
    let (spelled, decoded) = normalize_and_decode(path, ReservedEscapes::Decoded)?;
    (!spelled.contains("%2F")).then_some(decoded)
}

/// Treatment of escaped reserved characters that a path may contain unescaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReservedEscapes {
    Decoded,
    Kept,
}

/// Returns the normalized path and its decoded text.
fn normalize_and_decode(path: &str, escapes: ReservedEscapes) -> Option<(String, String)> {
    let stands = |byte: u8| is_unreserved(byte) || is_reserved_in_path(byte);
    // Nearly all paths are normalized already.
    if path.bytes().all(stands) {
        return (!has_dot_segment(path)).then(|| (path.to_owned(), path.to_owned()));
    }
    let mut normalized = String::with_capacity(path.len());
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = byte == b'%';
        let byte = if escaped {
            parse_hex_digit(bytes.next()?)? << 4 | parse_hex_digit(bytes.next()?)?
        } else {
            byte
        };
        if byte == 0 {
            return None;
        }
        decoded.push(byte);
        let is_decoded = !escaped || (escapes == ReservedEscapes::Decoded && byte != b'/');
        if is_unreserved(byte) || (is_decoded && is_reserved_in_path(byte)) {
            normalized.push(char::from(byte));
        } else {
            normalized.push_str(percent_encode_byte(byte));
        }
    }
    // Escapes and plain bytes may form one character together, so UTF-8 is checked on the whole.
    let decoded = String::from_utf8(decoded).ok()?;
    (!has_dot_segment(&normalized)).then_some((normalized, decoded))
}

fn has_dot_segment(path: &str) -> bool {
    path.contains('.') && path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// Resolves an address of a site. A path from the root is below the path of the site's home, as in site generators,
/// unless it is written with that path already.
///
/// # Errors
/// The text is no address.
pub fn join_home(home: &Url, text: &str) -> Result<Url, ParseError> {
    let mut url = home.join(text)?;
    let base = home.path().trim_end_matches('/');
    let is_from_root =
        text.starts_with('/') && !text.starts_with("//") && url.host() == home.host();
    let rest = url.path().strip_prefix(base);
    if is_from_root && rest.is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/')) {
        url.set_path(&format!("{base}{}", url.path()));
    }
    Ok(url)
}

/// Removes `index.html` from the end of a path, because generators and servers give that page at its directory.
pub fn strip_index_file(path: &str) -> &str {
    let dir = path.strip_suffix("index.html");
    dir.filter(|dir| dir.ends_with('/')).unwrap_or(path)
}

/// Returns the last segment of a path without `.html`, which mostly stays when a pattern is wrong.
pub fn last_segment(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".html").unwrap_or(name)
}

/// Encodes a text as one path segment: escapes everything but ASCII letters, digits and `-._~`.
pub fn encode_segment(text: &str) -> String {
    escape_unless(text, is_unreserved)
}

/// Encodes each segment of a path.
pub fn encode_segments(path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(encode_segment).collect();
    segments.join("/")
}

/// Encodes a text as one segment of a normalized path.
pub fn encode_normalized_segment(text: &str) -> String {
    escape_unless(text, |byte| {
        is_unreserved(byte) || (is_reserved_in_path(byte) && byte != b'/')
    })
}

/// Escapes the characters that a query must not contain (RFC 3986 §3.4).
pub fn escape_query(text: &str) -> String {
    escape_unless(text, |byte| {
        is_unreserved(byte) || is_reserved_in_path(byte) || matches!(byte, b'?' | b'%')
    })
}

/// Escapes the characters that an IRI must not contain (RFC 3987 §2.2).
pub fn escape_iri(text: &str) -> String {
    escape_unless(text, |byte| {
        byte > b' ' && byte != 0x7f && !b"<>\"{}|\\^`".contains(&byte)
    })
}

fn escape_unless(text: &str, stays: fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        let mut bytes = [0; 4];
        for byte in character.encode_utf8(&mut bytes).bytes() {
            if !stays(byte) {
                escaped.push_str(percent_encode_byte(byte));
            } else if character.is_ascii() {
                escaped.push(character);
            }
        }
        if !character.is_ascii() && stays(0xff) {
            escaped.push(character);
        }
    }
    escaped
}

/// Returns true for unreserved characters, which mean the same with and without an escape (RFC 3986
/// §2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Returns true for the other characters that a path may contain (RFC 3986 §3.3).
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

fn parse_hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_from_the_root_are_below_the_home() {
        let join = |home: &str, text: &str| {
            join_home(&Url::parse(home).unwrap(), text)
                .unwrap()
                .to_string()
        };
        for (text, expected) in [
            (
                "/blog/a/?b=/c#d",
                "https://u.example/project/blog/a/?b=/c#d",
            ),
            ("/", "https://u.example/project/"),
            ("a", "https://u.example/project/a"),
            ("/project/a", "https://u.example/project/a"),
            ("/project", "https://u.example/project"),
            ("/projects/a", "https://u.example/project/projects/a"),
            ("/../a", "https://u.example/project/a"),
            ("https://u.example/a", "https://u.example/a"),
            ("//u.example/a", "https://u.example/a"),
            ("//e.example/a", "https://e.example/a"),
            ("/\\e.example/a", "https://e.example/a"),
            ("/\t/e.example/a", "https://e.example/a"),
        ] {
            assert_eq!(join("https://u.example/project/", text), expected, "{text}");
        }
        assert_eq!(join("https://u.example/", "/a"), "https://u.example/a");
    }

    #[test]
    fn index_file_is_its_directory() {
        for (path, expected) in [
            ("/a/index.html", "/a/"),
            ("/index.html", "/"),
            ("/a/my-index.html", "/a/my-index.html"),
            ("/a/index.htm", "/a/index.htm"),
            ("/a/index.html/", "/a/index.html/"),
            ("index.html", "index.html"),
        ] {
            assert_eq!(strip_index_file(path), expected);
        }
    }

    #[test]
    fn segments_and_iris_escape_forbidden_characters() {
        assert_eq!(encode_segment("a b/é:~"), "a%20b%2F%C3%A9%3A~");
        assert_eq!(encode_normalized_segment("a b/é:~+"), "a%20b%2F%C3%A9:~+");
        assert_eq!(
            escape_iri("https://e.org/a b/é<%20>"),
            "https://e.org/a%20b/é%3C%20%3E"
        );
    }

    #[test]
    fn path_is_decoded_unless_a_segment_would_split() {
        assert_eq!(decode_path("/a%20b/%c3%a9").as_deref(), Some("/a b/é"));
        for path in ["/a%2Fb", "/a%2fb", "/..", "/%2e%2e/a", "/%00", "/%ff", "/%"] {
            assert_eq!(decode_path(path), None, "{path}");
        }
    }

    #[test]
    fn equivalent_paths_normalize_to_one_spelling() {
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
        fn normalized_path_is_ascii_and_stays_unchanged(path in "(/|%[0-9a-fA-F]{2}|\\PC|%|\\.){0,24}") {
            if let Some(spelled) = normalize_path(&path) {
                prop_assert!(spelled.is_ascii());
                prop_assert_eq!(normalize_path(&spelled), Some(spelled.clone()));
            }
        }

        #[test]
        fn no_text_causes_a_panic(path in any::<String>()) {
            let _ = normalize_path(&path);
        }
    }
}
