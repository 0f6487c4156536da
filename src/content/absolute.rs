//! Makes addresses absolute as bodies write them, or drops them where no reader is to follow them.
//!
//! The common forms are told by their bytes; what those leave in doubt, the URL standard's parser
//! decides, so that both say the same.

use std::borrow::Cow;

use url::{Position, Url};

/// The schemes of addresses that readers may follow; those of scripts and data are not among them.
pub(super) const SCHEMES: [&str; 25] = [
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

/// An address absolute, one that is so already as it is written, but for characters that no URL may have;
/// `None` where it is to be dropped.
pub(super) fn absolute<'a>(address: &'a str, base: &Url) -> Option<Cow<'a, str>> {
    if let Some(after_host) = after_plain_host(address)
        && (after_host.is_empty() || after_host.starts_with(['/', '?', '#']))
        && !after_host.bytes().any(is_forbidden)
    {
        return Some(Cow::Borrowed(address));
    }
    let is_of_root = address.starts_with('/') && !address.starts_with("//");
    if is_of_root && is_plain_path(address) && matches!(base.scheme(), "http" | "https") {
        let origin = &base[..Position::BeforePath];
        return Some(Cow::Owned([origin, address].concat()));
    }
    match Url::parse(address) {
        Ok(url) if !SCHEMES.contains(&url.scheme()) => None,
        Ok(url) if address.bytes().any(is_forbidden) => Some(Cow::Owned(escaped(url.into()))),
        Ok(_) => Some(Cow::Borrowed(address)),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let url = base.join(address).ok()?;
            Some(Cow::Owned(escaped(url.into())))
        }
        Err(_) => None,
    }
}

/// The absolute address of a picture, or of what else is shown within a page; `None` also where it is that of
/// the page itself, as `#` and the empty one are.
pub(super) fn of_resource<'a>(address: &'a str, base: &Url) -> Option<Cow<'a, str>> {
    absolute(address, base).filter(|url| !is_same_document(url, base))
}

/// Whether an absolute address is that of the page itself, wherever in it.
pub(super) fn is_same_document(url: &str, base: &Url) -> bool {
    let page = &base[..Position::AfterQuery];
    url.is_empty() || url.split('#').next() == Some(page)
}

/// An absolute address in the one spelling of the URL standard, if it is one of the web.
pub(super) fn normal(address: String) -> Option<String> {
    let is_normal = after_plain_host(&address)
        .is_some_and(|after| after.starts_with('/') && is_plain_path(after));
    if is_normal {
        return Some(address);
    }
    let url = Url::parse(&address).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| escaped(url.into()))
}

/// A URL with the characters escaped that the URL standard lets pass and RFC 3986 does not.
pub(super) fn escaped(url: String) -> String {
    // Brackets have their place around addresses of the sixth version of IP.
    let is_bracket = |byte: u8| matches!(byte, b'[' | b']');
    let authority_end = url.find("://").map_or(0, |at| {
        let rest = url.get(at + 3..).unwrap_or_default();
        at + 3 + rest.find(['/', '?', '#']).unwrap_or(rest.len())
    });
    let is_escaped = |(at, byte): (usize, u8)| {
        if is_bracket(byte) {
            at >= authority_end
        } else {
            is_forbidden(byte)
        }
    };
    if !url.bytes().enumerate().any(is_escaped) {
        return url;
    }
    let mut spelled = String::with_capacity(url.len() + 16);
    for (at, character) in url.char_indices() {
        match u8::try_from(character) {
            Ok(byte) if is_escaped((at, byte)) => spelled.push_str(&format!("%{byte:02X}")),
            _ => spelled.push(character),
        }
    }
    spelled
}

/// Whether a byte has no place in a URL (RFC 3986 §2), or only one around an address of the sixth version of IP.
fn is_forbidden(byte: u8) -> bool {
    byte <= b' '
        || matches!(
            byte,
            b'{' | b'}' | b'|' | b'\\' | b'^' | b'`' | b'<' | b'>' | b'"' | b'[' | b']' | 0x7f
        )
}

/// What comes after `https://` and a host in small letters, with nothing about it to normalise.
fn after_plain_host(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let is_of_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let end = rest
        .bytes()
        .position(|byte| !is_of_host(byte))
        .unwrap_or(rest.len());
    let (host, after) = rest.split_at_checked(end)?;
    // A last part of digits is that of an address in numbers.
    let last = host.rsplit('.').next().unwrap_or(host);
    let is_name = last.starts_with(|c: char| c.is_ascii_lowercase())
        && host.len() < 200
        && !host.contains("--")
        && host.split('.').all(|part| (1..60).contains(&part.len()));
    is_name.then_some(after)
}

/// Whether a path, with what may come behind it, is spelled as the URL standard spells it.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'/' | b'-'
                    | b'_'
                    | b'.'
                    | b'~'
                    | b'='
                    | b'&'
                    | b'+'
                    | b','
                    | b':'
                    | b'@'
                    | b'?'
                    | b'#'
            )
    };
    let mut before = b' ';
    path.bytes().all(|byte| {
        let is_dot_segment = byte == b'.' && before == b'/';
        before = byte;
        is_plain(byte) && !is_dot_segment
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_the_standard(address: &str, base: &Url) -> Option<String> {
        match Url::parse(address) {
            Ok(url) => {
                SCHEMES
                    .contains(&url.scheme())
                    .then(|| match address.bytes().any(is_forbidden) {
                        true => escaped(url.into()),
                        false => address.to_owned(),
                    })
            }
            Err(url::ParseError::RelativeUrlWithoutBase) => {
                base.join(address).ok().map(|url| escaped(url.into()))
            }
            Err(_) => None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn what_the_bytes_tell_is_what_the_standard_says(
            address in "(https?://|HTTP://|/|//|javascript:|mailto:|)[a-z0-9.A-Z:@-]{0,8}[/?#\\\\]?[ -~é]{0,12}",
        ) {
            let base = Url::parse("https://e.org:8080/blog/post?a#b").unwrap();
            prop_assert_eq!(
                absolute(&address, &base).map(Cow::into_owned),
                by_the_standard(&address, &base)
            );
            let spelled = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            prop_assert_eq!(normal(address), spelled.map(|url| escaped(url.into())));
        }

        #[test]
        fn no_address_has_a_character_that_urls_lack(
            address in "(https?://e\\.org|http://\\[::1\\]|mailto:|/|)[a-z/?#]{0,3}[ -~\t]{0,12}",
        ) {
            let base = Url::parse("https://e.org/blog/post").unwrap();
            if let Some(url) = absolute(&address, &base) {
                let host = url.replace("://[::1]", "://h");
                prop_assert!(!host.bytes().any(is_forbidden), "{url}");
                prop_assert_eq!(escaped(url.clone().into_owned()), url.into_owned());
            }
        }
    }

    #[test]
    fn the_page_itself_is_no_picture() {
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
            assert_eq!(of_resource(address, &base), None, "{address}");
        }
        for address in ["a.png", "post", "?a=2", "/"] {
            assert!(of_resource(address, &base).is_some(), "{address}");
        }
    }

    #[test]
    fn characters_that_urls_lack_are_escaped() {
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
            assert_eq!(absolute(address, &base).as_deref(), Some(url), "{address}");
        }
    }
}
