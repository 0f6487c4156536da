//! Reads wiki links, as Obsidian and Quartz write them: `[[a post]]`, `[[a post#part|text]]`.

use super::{LinkAnchor, LinkTarget, is_static_file};
use crate::text::{first_bytes, slugify_label};

/// Maximum bytes of a wiki link: twice those of a file name.
const MAX_WIKI_LINK_BYTES: usize = 500;

/// Reads the wiki link at the start of a text, and returns Markdown for it and its length. `before` is the text in
/// front of it. `None` for other brackets, such as those of a shell's test or of a link `[[1]](…)`.
pub(crate) fn replace_wiki_link(rest: &str, before: &str) -> Option<(String, usize)> {
    let inside = first_bytes(rest.strip_prefix("[[")?, MAX_WIKI_LINK_BYTES);
    let (inside, _) = inside.split_once("]]")?;
    let length = inside.len() + "[[]]".len();
    let after = rest.get(length..)?;
    let is_subscript = before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '\\');
    if is_subscript || after.starts_with(['(', '[', ':', ']']) {
        return None;
    }
    let (target, alias) = match inside.split_once('|') {
        // In a table the bar is escaped.
        Some((target, alias)) => (target.trim_end_matches('\\'), Some(alias.trim())),
        None => (inside, None),
    };
    let (name, part) = target.split_once('#').unwrap_or((target, ""));
    let is_name = |text: &str| {
        text.contains(char::is_alphabetic)
            && !text.starts_with(|c: char| c.is_whitespace() || "-_$!".contains(c))
            && !text.contains(|c: char| c.is_control() || "[]<>{}\"=`".contains(c))
    };
    let is_toc = name.eq_ignore_ascii_case("toc");
    if !is_name(target.trim_start_matches('#'))
        || is_toc
        || is_static_file(name)
        || alias.is_some_and(|alias| alias.is_empty() || alias.contains(['[', ']', '\n']))
    {
        return None;
    }
    // A reference to a block has no address.
    let fragment = match part.is_empty() || part.starts_with('^') {
        true => String::new(),
        false => format!("#{}", slugify_label(part)),
    };
    let url = match name {
        "" => fragment,
        name => LinkTarget::from_path(name, LinkAnchor::Name).format_placeholder(&fragment),
    };
    let text = match alias {
        Some(alias) => alias.to_owned(),
        None => escape_markdown(target.trim_start_matches('#')),
    };
    Some((format!("[{text}]({url})"), length))
}

/// Escapes the characters that Markdown may interpret.
fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wiki_links_become_markdown_links() {
        for (text, markdown) in [
            ("[[x]]", "[x](x-post:n::x)"),
            ("[[My Post]]", "[My Post](x-post:n::My%20Post)"),
            ("[[a/x.md|the *post*]].", "[the *post*](x-post:n::a/x.md)"),
            ("[[x#A Part]]", "[x\\#A Part](x-post:n::x#a-part)"),
            ("[[x#^b1|y]]", "[y](x-post:n::x)"),
            ("[[#A Part]]", "[A Part](#a-part)"),
            ("[[x\\|y]]", "[y](x-post:n::x)"),
            ("[[../x]]", "[\\.\\.\\/x](x-post:f::../x)"),
        ] {
            let replaced = replace_wiki_link(text, "see ").map(|(markdown, _)| markdown);
            assert_eq!(replaced.as_deref(), Some(markdown), "{text}");
        }
    }

    #[test]
    fn other_double_brackets_are_text() {
        for (before, text) in [
            ("", "[[1]](https://e.org)"),
            ("", "[[a]](https://e.org)"),
            ("", "[[a]][b]"),
            ("", "[[ -f x ]]"),
            ("", "[[0]]"),
            ("a", "[[b]]"),
            ("", "[[TOC]]"),
            ("", "[[_TOC_]]"),
            ("!", "[[a.png]]"),
            ("", "[[a"),
            ("", "[[a\nb]]"),
            ("", "[[a|]]"),
        ] {
            assert_eq!(replace_wiki_link(text, before), None, "{text}");
        }
    }
}
