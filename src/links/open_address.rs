//! Finds the address at the end of a text, to which a template tag adds a part.

/// Maximum bytes before a tag in which the address that it is part of may begin.
pub(crate) const MAX_ADDRESS_BYTES: usize = 500;

/// An address at the end of a text that is not complete yet, by the position of its start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OpenAddress {
    /// The target of a link or image. Its text may be kept.
    Target(usize),
    /// An address that is its own text: `<https://…>`, `https://…`.
    Shown(usize),
}

/// Finds the address that a text ends in.
pub(crate) fn find_open_address(output: &str) -> Option<OpenAddress> {
    let is_delimiter = |byte: u8| byte.is_ascii_whitespace() || b"()<>[]\"'".contains(&byte);
    let bytes = output.bytes().rev().take(MAX_ADDRESS_BYTES);
    let start = output.len() - bytes.take_while(|byte| !is_delimiter(*byte)).count();
    let (before, word) = output.split_at_checked(start)?;
    if before.ends_with("](") || before.ends_with("](<") {
        return Some(OpenAddress::Target(start));
    }
    let is_address = |name: &str| {
        let mut kinds = ["src", "href", "srcset", "poster"].iter();
        kinds.any(|kind| name.ends_with(kind))
    };
    if let Some(name) = before
        .strip_suffix("=\"")
        .or_else(|| before.strip_suffix("='"))
    {
        return is_address(name).then_some(OpenAddress::Target(start));
    }
    if let Some((name, _)) = word.split_once('=').filter(|(name, _)| is_address(name)) {
        return Some(OpenAddress::Target(start + name.len() + "=".len()));
    }
    let label = before.strip_suffix('<').unwrap_or(before);
    if label.ends_with("]: ") {
        return Some(OpenAddress::Target(start));
    }
    let is_path = word.is_empty() || word.starts_with('/') || word.starts_with("http");
    if before.ends_with('<') && is_path {
        return Some(OpenAddress::Shown(start - "<".len()));
    }
    let url = ["https://", "http://"]
        .iter()
        .find_map(|scheme| word.find(scheme))?;
    Some(OpenAddress::Shown(start + url))
}
