//! Raw HTML of the simplest kinds into its pieces: pictures, line breaks, and words in bold.
//!
//! What is written in any but the plainest way is not read.

use crate::content::budget::Kind;

/// A piece of raw HTML.
pub(super) enum Piece<'a> {
    /// Text without anything to decode.
    Text(&'a str),
    /// `<br>`.
    Break,
    /// `<img>`, with those of its attributes that stay.
    Picture {
        /// Where it is.
        source: &'a str,
        /// The attributes before that.
        before: Vec<(&'a str, &'a str)>,
        /// The attributes behind that.
        after: Vec<(&'a str, &'a str)>,
    },
    /// The beginning of an element without attributes.
    Open(&'static str),
    /// Its end.
    Close(&'static str),
}

/// Elements that hold text and may stand within any other.
const INLINE: [(&str, Kind); 12] = [
    ("b", Kind::Formatting),
    ("em", Kind::Formatting),
    ("i", Kind::Formatting),
    ("kbd", Kind::Deep),
    ("mark", Kind::Deep),
    ("s", Kind::Formatting),
    ("small", Kind::Formatting),
    ("strong", Kind::Formatting),
    ("sub", Kind::Deep),
    ("sup", Kind::Deep),
    ("u", Kind::Formatting),
    ("var", Kind::Deep),
];

/// The attributes of a picture that stay, but its address.
const OF_PICTURES: [&str; 6] = ["align", "alt", "height", "lang", "title", "width"];

/// What an element counts as.
pub(super) fn kind(name: &str) -> Kind {
    let known = INLINE.iter().find(|(known, _)| *known == name);
    known.map_or(Kind::Deep, |(_, kind)| *kind)
}

/// The first piece of some HTML, and what comes after it; `None` where it is of another kind.
pub(super) fn piece(html: &str) -> Option<(Piece<'_>, &str)> {
    let Some(tag) = html.strip_prefix('<') else {
        let (text, rest) = html.split_at_checked(html.find('<').unwrap_or(html.len()))?;
        return is_plain(text).then_some((Piece::Text(text), rest));
    };
    let inline = |text: &str| {
        let (name, rest) = text.split_once('>')?;
        let known = INLINE.iter().find(|(known, _)| *known == name)?;
        Some((known.0, text.len() - rest.len()))
    };
    if let Some(tag) = tag.strip_prefix('/') {
        let (name, length) = inline(tag)?;
        return Some((Piece::Close(name), tag.get(length..)?));
    }
    if let Some((name, length)) = inline(tag) {
        return Some((Piece::Open(name), tag.get(length..)?));
    }
    if let Some(rest) = tag.strip_prefix("br") {
        let rest = rest.trim_start_matches(' ');
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        return Some((Piece::Break, rest.strip_prefix('>')?));
    }
    picture(tag.strip_prefix("img")?)
}

/// Whether a parser reads a text as it stands: an ampersand is one where no reference follows.
fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let begins_reference = |next: &u8| next.is_ascii_alphanumeric() || *next == b'#';
        match byte {
            b'\r' | b'\0' => return false,
            b'&' if bytes.peek().is_some_and(begins_reference) => return false,
            _ => {}
        }
    }
    true
}

fn picture(attributes: &str) -> Option<(Piece<'_>, &str)> {
    let mut rest = attributes;
    let mut names = Vec::with_capacity(8);
    let (mut source, mut before, mut after) = (None, Vec::new(), Vec::new());
    loop {
        let next = rest.trim_start_matches([' ', '\n']);
        if let Some(rest) = next.strip_prefix("/>").or_else(|| next.strip_prefix('>')) {
            let piece = Piece::Picture {
                source: source?,
                before,
                after,
            };
            return Some((piece, rest));
        }
        let (name, value) = next.split_once("=\"")?;
        let (value, behind) = value.split_once('"')?;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if next.len() == rest.len()
            || !is_name
            || !is_plain(value)
            || value.contains(['<', '>'])
            || name == "srcset"
            || name == "sizes"
            || names.contains(&name)
        {
            return None;
        }
        names.push(name);
        match (name, source) {
            ("src", _) => source = Some(value),
            _ if !OF_PICTURES.contains(&name) => {}
            (_, None) => before.push((name, value)),
            (_, Some(_)) => after.push((name, value)),
        }
        rest = behind;
    }
}

/// Writes text, or the value of an attribute, as HTML's serialisation has it (HTML §13.3); `None`
/// where a parser would read other text than is there.
pub(super) fn escape(html: &mut String, text: &str, in_attribute: bool) -> Option<()> {
    let mut rest = text;
    loop {
        let Some(at) = special(rest.as_bytes()) else {
            html.push_str(rest);
            return Some(());
        };
        // None of them begins within a character.
        let (plain, from) = rest.split_at_checked(at)?;
        html.push_str(plain);
        let first = from.chars().next()?;
        match first {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' if in_attribute => html.push_str("&quot;"),
            '\u{a0}' => html.push_str("&nbsp;"),
            '\r' | '\0' => return None,
            other => html.push(other),
        }
        rest = from.get(first.len_utf8()..)?;
    }
}

/// Where the first byte is that may be escaped.
fn special(text: &[u8]) -> Option<usize> {
    let is = |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'\r' | b'\0' | b'"' | 0xc2);
    // Most have none. So many at once are compared in the time of a few.
    const AT_ONCE: usize = 32;
    let (chunks, _) = text.as_chunks::<AT_ONCE>();
    let has_one = |chunk: &[u8; AT_ONCE]| chunk.iter().fold(false, |has, byte| has | is(byte));
    let plain = AT_ONCE * chunks.iter().take_while(|chunk| !has_one(chunk)).count();
    let rest = text.get(plain..)?;
    Some(plain + rest.iter().position(is)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, character by character.
    fn plainly(text: &str, in_attribute: bool) -> Option<String> {
        let mut html = String::new();
        for character in text.chars() {
            match character {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' if in_attribute => html.push_str("&quot;"),
                '\u{a0}' => html.push_str("&nbsp;"),
                '\r' | '\0' => return None,
                other => html.push(other),
            }
        }
        Some(html)
    }

    proptest! {
        #[test]
        fn each_character_is_escaped_wherever_it_stands(
            text in "([a-zé]{0,40}[&<>\"'\u{a0}\u{a9}]){0,4}[a-z]{0,70}([\r\0]?[a-z]{0,9}){0,1}",
            in_attribute: bool,
        ) {
            let mut html = String::new();
            let written = escape(&mut html, &text, in_attribute).map(|()| html);
            prop_assert_eq!(written, plainly(&text, in_attribute));
        }
    }
}
