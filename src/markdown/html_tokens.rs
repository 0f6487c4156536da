//! Finds the tags and the text of sanitized HTML.

use std::borrow::Cow;

/// Tag or run of text in sanitized HTML.
#[derive(Debug, Clone, Copy)]
pub(super) enum HtmlToken<'a> {
    Text(&'a str),
    Open {
        name: &'a str,
        attributes: &'a str,
        whole: &'a str,
    },
    Close {
        name: &'a str,
        whole: &'a str,
    },
}

/// Splits off the first tag or run of text. `None` if a tag does not end.
pub(super) fn next_token(rest: &str) -> Option<(HtmlToken<'_>, &str)> {
    if !rest.starts_with('<') {
        let end = rest.find('<').unwrap_or(rest.len());
        let (text, after) = rest.split_at_checked(end)?;
        return Some((HtmlToken::Text(text), after));
    }
    // A `>` within a quoted value does not end the tag.
    let mut quoted = false;
    let end = rest.bytes().position(|byte| match byte {
        b'"' => {
            quoted = !quoted;
            false
        }
        b'>' => !quoted,
        _ => false,
    })?;
    let (whole, after) = rest.split_at_checked(end + 1)?;
    let inner = whole.get(1..end)?.trim_end_matches('/');
    let token = match inner.strip_prefix('/') {
        Some(name) => HtmlToken::Close {
            name: name.trim(),
            whole,
        },
        None => {
            let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
            HtmlToken::Open {
                name,
                attributes,
                whole,
            }
        }
    };
    Some((token, after))
}

/// Returns the escaped value of an attribute.
pub(super) fn find_attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = attributes.trim_start();
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"')?;
        if name.trim() == wanted {
            return Some(value);
        }
        rest = after.trim_start();
    }
    None
}

/// Decodes only the references that HTML serialization (HTML §13.3) and comrak write.
pub(super) fn decode_references(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&");
    Cow::Owned(plain)
}
