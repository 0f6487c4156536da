//! Addresses as bodies write them, made absolute, or dropped where no reader is to follow them.
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

/// An address absolute, one that is so already as it is written; `None` where it is to be dropped.
pub(super) fn absolute<'a>(address: &'a str, base: &Url) -> Option<Cow<'a, str>> {
    if let Some(after_host) = after_plain_host(address)
        && (after_host.is_empty() || after_host.starts_with(['/', '?', '#']))
    {
        return Some(Cow::Borrowed(address));
    }
    let is_of_root = address.starts_with('/') && !address.starts_with("//");
    if is_of_root && is_plain_path(address) && matches!(base.scheme(), "http" | "https") {
        let origin = &base[..Position::BeforePath];
        return Some(Cow::Owned([origin, address].concat()));
    }
    match Url::parse(address) {
        Ok(url) => SCHEMES
            .contains(&url.scheme())
            .then_some(Cow::Borrowed(address)),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            base.join(address).ok().map(|url| Cow::Owned(url.into()))
        }
        Err(_) => None,
    }
}

/// An absolute address in the one spelling of the URL standard, if it is one of the web.
pub(super) fn normal(address: String) -> Option<String> {
    let is_normal = after_plain_host(&address)
        .is_some_and(|after| after.starts_with('/') && is_plain_path(after));
    if is_normal {
        return Some(address);
    }
    let url = Url::parse(&address).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
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
            Ok(url) => SCHEMES.contains(&url.scheme()).then(|| address.to_owned()),
            Err(url::ParseError::RelativeUrlWithoutBase) => base.join(address).ok().map(Into::into),
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
            prop_assert_eq!(normal(address), spelled.map(String::from));
        }
    }
}
