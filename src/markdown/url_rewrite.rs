//! Makes the URLs of bodies absolute, and drops those with a forbidden scheme.
//!
//! Common forms are recognized by their bytes. Everything else goes through a parser of the URL standard. Both
//! give the same result.

use std::borrow::Cow;

use url::{Position, Url};

use crate::links::{LinkAnchor, LinkTarget, split_placeholder as split_link};

/// Allowed schemes. `javascript:` and `data:` are not among them.
pub(super) const ALLOWED_SCHEMES: [&str; 25] = [
    "bitcoin",
    "ftp",
    "ftps",
    "geo",
    "http",
    "https",
    "im",
    "irc",
    "ircs",
    "magnet",
    "mailto",
    "mms",
    "mx",
    "news",
    "nntp",
    "openpgp4fpr",
    "sip",
    "sms",
    "smsto",
    "ssh",
    "tel",
    "url",
    "webcal",
    "wtai",
    "xmpp",
];

/// Makes a URL absolute. One that already is stays as written, except for characters that no URL may have.
/// `None` for an invalid URL or a forbidden scheme.
pub(super) fn resolve_url<'a>(address: &'a str, base: &Url) -> Option<Cow<'a, str>> {
    if let Some((name, rest)) = split_placeholder(address) {
        // Other files have addresses that only Pelican knows.
        let is_known = match name {
            "static" => rest.starts_with('/') && !rest.starts_with("//"),
            "attach" => !rest.starts_with(['/', '.']) && !rest.contains(':'),
            _ => false,
        };
        return Some(rest)
            .filter(|_| is_known)
            .and_then(|rest| resolve_url(rest, base));
    }
    if let Some(after_host) = strip_plain_host(address)
        && (after_host.is_empty() || after_host.starts_with(['/', '?', '#']))
        && !after_host.bytes().any(is_forbidden_byte)
    {
        return Some(Cow::Borrowed(address));
    }
    let is_of_root = address.starts_with('/') && !address.starts_with("//");
    if is_of_root && is_plain_path(address) && matches!(base.scheme(), "http" | "https") {
        let origin = &base[..Position::BeforePath];
        return Some(Cow::Owned([origin, address].concat()));
    }
    match Url::parse(address) {
        Ok(url) if !ALLOWED_SCHEMES.contains(&url.scheme()) => None,
        Ok(url) if address.bytes().any(is_forbidden_byte) => {
            Some(Cow::Owned(escape_url(url.into())))
        }
        Ok(_) => Some(Cow::Borrowed(address)),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let url = base.join(address).ok()?;
            Some(Cow::Owned(escape_url(url.into())))
        }
        Err(_) => None,
    }
}

/// Makes the URL of a link absolute. A link to a Markdown file of the site gets a placeholder.
pub(super) fn resolve_link_url<'a>(address: &'a str, base: &Url) -> Option<Cow<'a, str>> {
    if split_link(address).is_some() {
        return Some(Cow::Borrowed(address));
    }
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (path, rest) = address.split_at_checked(end)?;
    let target = match split_placeholder(path) {
        Some(("filename", path)) => Some(LinkTarget::from_path(path, LinkAnchor::File)),
        _ => LinkTarget::from_href(path),
    };
    let Some(target) = target else {
        return resolve_url(address, base);
    };
    let fragment = rest.find('#').and_then(|at| rest.get(at..));
    let fragment = escape_url(fragment.unwrap_or_default().to_owned());
    Some(Cow::Owned(target.format_placeholder(&fragment)))
}

/// Splits Pelican's `{static}/a.png`, or its former `|static|/a.png`, into `static` and `/a.png`. `None` for another
/// address.
fn split_placeholder(address: &str) -> Option<(&str, &str)> {
    let marks = [("{", "}"), ("%7B", "%7D"), ("|", "|"), ("%7C", "%7C")];
    marks.into_iter().find_map(|(open, close)| {
        let (name, rest) = address.strip_prefix(open)?.split_once(close)?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
        is_name.then_some((name, rest))
    })
}

/// Makes the URL of an image or other embedded resource absolute. `None` also if it is the URL of the page
/// itself, such as `#` or an empty one.
pub(super) fn resolve_resource_url<'a>(address: &'a str, base: &Url) -> Option<Cow<'a, str>> {
    resolve_url(address, base).filter(|url| !is_same_document(url, base))
}

/// Returns true if an absolute URL is that of the page itself, with or without a fragment.
pub(crate) fn is_same_document(url: &str, base: &Url) -> bool {
    let page = &base[..Position::AfterQuery];
    url.is_empty() || url.split('#').next() == Some(page)
}

/// Normalizes an absolute URL as the URL standard does. `None` unless its scheme is `http` or `https`.
pub(crate) fn normalize_url(address: String) -> Option<String> {
    let is_normal = strip_plain_host(&address)
        .is_some_and(|after| after.starts_with('/') && is_plain_path(after));
    if is_normal {
        return Some(address);
    }
    let url = Url::parse(&address).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| escape_url(url.into()))
}

/// Percent-encodes the characters that the URL standard permits and RFC 3986 does not.
pub(crate) fn escape_url(url: String) -> String {
    let authority_end = url.find("://").map_or(0, |at| {
        let rest = url.get(at + 3..).unwrap_or_default();
        at + 3 + rest.find(['/', '?', '#']).unwrap_or(rest.len())
    });
    let is_escaped = |at: usize, byte: u8| {
        // Brackets are allowed around IPv6 addresses.
        if matches!(byte, b'[' | b']') {
            at >= authority_end
        } else {
            is_forbidden_byte(byte)
        }
    };
    if !url
        .bytes()
        .enumerate()
        .any(|(at, byte)| is_escaped(at, byte))
    {
        return url;
    }
    let mut spelled = String::with_capacity(url.len() + 16);
    for (at, character) in url.char_indices() {
        match u8::try_from(character) {
            Ok(byte) if is_escaped(at, byte) => spelled.push_str(&format!("%{byte:02X}")),
            _ => spelled.push(character),
        }
    }
    spelled
}

/// Returns true if a byte is not allowed in a URL (RFC 3986 §2), or only around an IPv6 address.
fn is_forbidden_byte(byte: u8) -> bool {
    byte <= b' '
        || matches!(
            byte,
            b'{' | b'}' | b'|' | b'\\' | b'^' | b'`' | b'<' | b'>' | b'"' | b'[' | b']' | 0x7f
        )
}

/// Returns the text after `https://` or `http://` and a host that needs no normalization. `None` in doubt.
fn strip_plain_host(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let end = rest
        .bytes()
        .position(|byte| {
            !byte.is_ascii_lowercase() && !byte.is_ascii_digit() && !b"-.".contains(&byte)
        })
        .unwrap_or(rest.len());
    let (host, after) = rest.split_at_checked(end)?;
    // A last label of digits may be an IPv4 address.
    let last = host.rsplit('.').next().unwrap_or(host);
    let is_name = last.starts_with(|c: char| c.is_ascii_lowercase())
        && host.len() < 200
        && !host.contains("--")
        && host.split('.').all(|part| (1..60).contains(&part.len()));
    is_name.then_some(after)
}

/// Returns true if a path with query and fragment needs no normalization.
fn is_plain_path(path: &str) -> bool {
    let mut before = b' ';
    path.bytes().all(|byte| {
        let is_dot_segment = byte == b'.' && before == b'/';
        before = byte;
        (byte.is_ascii_alphanumeric() || b"/-_.~=&+,:@?#".contains(&byte)) && !is_dot_segment
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resolve_by_standard(address: &str, base: &Url) -> Option<String> {
        match Url::parse(address) {
            Ok(url) => ALLOWED_SCHEMES.contains(&url.scheme()).then(|| {
                match address.bytes().any(is_forbidden_byte) {
                    true => escape_url(url.into()),
                    false => address.to_owned(),
                }
            }),
            Err(url::ParseError::RelativeUrlWithoutBase) => {
                base.join(address).ok().map(|url| escape_url(url.into()))
            }
            Err(_) => None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn byte_checks_agree_with_the_url_standard(
            address in "(https?://|HTTP://|/|//|javascript:|mailto:|)[a-z0-9.A-Z:@-]{0,8}[/?#\\\\]?[ -~é]{0,12}",
        ) {
            prop_assume!(split_placeholder(&address).is_none());
            let base = Url::parse("https://e.org:8080/blog/post?a#b").unwrap();
            prop_assert_eq!(
                resolve_url(&address, &base).map(Cow::into_owned),
                resolve_by_standard(&address, &base)
            );
            let spelled = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            prop_assert_eq!(normalize_url(address), spelled.map(|url| escape_url(url.into())));
        }

        #[test]
        fn resolved_urls_have_no_forbidden_character(
            address in "(https?://e\\.org|http://\\[::1\\]|mailto:|/|)[a-z/?#]{0,3}[ -~\t]{0,12}",
        ) {
            let base = Url::parse("https://e.org/blog/post").unwrap();
            if let Some(url) = resolve_url(&address, &base) {
                let host = url.replace("://[::1]", "://h");
                prop_assert!(!host.bytes().any(is_forbidden_byte), "{url}");
                prop_assert_eq!(escape_url(url.clone().into_owned()), url.into_owned());
            }
        }
    }

    #[test]
    fn placeholders_of_pelican_are_resolved_or_no_address() {
        let base = Url::parse("https://e.org/blog/post/").unwrap();
        for (address, url) in [
            ("{static}/images/a.png", Some("https://e.org/images/a.png")),
            ("|static|/a b.pdf", Some("https://e.org/a%20b.pdf")),
            ("%7Bstatic%7D/a.png", Some("https://e.org/a.png")),
            ("{attach}a.png", Some("https://e.org/blog/post/a.png")),
            ("{static}a.png", None),
            ("{static}//h.example/a", None),
            ("{attach}javascript:a", None),
            ("{attach}../a.png", None),
            ("{filename}/a.md", None),
            ("{category}boats", None),
            ("{a b}", Some("https://e.org/blog/post/%7Ba%20b%7D")),
        ] {
            assert_eq!(resolve_url(address, &base).as_deref(), url, "{address}");
        }
    }

    #[test]
    fn page_url_is_not_a_resource() {
        let base = Url::parse("https://e.org/blog/post?a=1").unwrap();
        for address in [
            "",
            " ",
            "#",
            "#a",
            "?a=1",
            "?a=1#b",
            "/blog/post?a=1",
            "https://e.org/blog/post?a=1",
        ] {
            assert_eq!(resolve_resource_url(address, &base), None, "{address}");
        }
        for address in ["a.png", "post", "?a=2", "/"] {
            assert!(resolve_resource_url(address, &base).is_some(), "{address}");
        }
    }

    #[test]
    fn forbidden_characters_are_escaped() {
        let base = Url::parse("https://e.org/blog/post").unwrap();
        for (address, url) in [
            (
                "https://e.org/{a}|b^c`d.png",
                "https://e.org/%7Ba%7D%7Cb%5Ec%60d.png",
            ),
            (
                "/a b\"<c>.png?d={e|f}#g^h",
                "https://e.org/a%20b%22%3Cc%3E.png?d=%7Be%7Cf%7D#g%5Eh",
            ),
            ("https://e.org/a[1].png", "https://e.org/a%5B1%5D.png"),
            ("http://[::1]/a.png", "http://[::1]/a.png"),
            ("https://e.org\\a", "https://e.org/a"),
        ] {
            assert_eq!(
                resolve_url(address, &base).as_deref(),
                Some(url),
                "{address}"
            );
        }
    }
}
