//! Finds the mark that ends the summary of a post: `<!--more-->`, `<!-- truncate -->`, `<!-- excerpt -->`.

use super::first_bytes;

/// The mark as which all others are written.
pub(crate) const EXCERPT_MARK: &str = "<!--more-->";
/// Words that are a mark if they are all of a comment, without spaces, hyphens and underscores.
const MARK_WORDS: [&str; 5] = ["more", "truncate", "excerpt", "endexcerpt", "readmore"];
/// Maximum bytes of a comment that is a mark.
const MAX_MARK_BYTES: usize = 40;

/// Returns true if the text inside a comment is that of a mark.
fn is_mark_text(inside: &str) -> bool {
    if inside.len() > MAX_MARK_BYTES {
        return false;
    }
    let parts = inside.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_'));
    let word: String = parts.collect();
    MARK_WORDS
        .iter()
        .any(|mark| word.eq_ignore_ascii_case(mark))
}

/// Returns true if a comment of MDX is a mark: `{/* more */}`.
pub(crate) fn is_mdx_mark(comment: &str) -> bool {
    let inside = comment
        .strip_prefix('{')
        .and_then(|tag| tag.strip_suffix('}'));
    let inside = inside.and_then(|tag| tag.trim().strip_prefix("/*")?.strip_suffix("*/"));
    inside.is_some_and(is_mark_text)
}

/// Returns true if a text begins with a comment that is a mark.
pub(crate) fn starts_with_mark(text: &str) -> bool {
    mark_length(text).is_some()
}

/// Finds the first mark. Returns its position and its length.
pub(crate) fn find_mark(text: &str) -> Option<(usize, usize)> {
    memchr::memmem::find_iter(text.as_bytes(), b"<!--").find_map(|at| {
        let length = mark_length(text.get(at..)?)?;
        Some((at, length))
    })
}

/// Returns the length of the mark at the start of a text.
fn mark_length(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("<!--")?;
    let near = first_bytes(inside, MAX_MARK_BYTES);
    let end = near.find("-->")?;
    is_mark_text(near.get(..end)?).then_some("<!--".len() + end + "-->".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_comments_of_one_known_word() {
        for mark in [
            "<!--more-->",
            "<!-- More -->",
            "<!-- truncate -->",
            "<!-- excerpt -->",
            "<!--end_excerpt-->",
        ] {
            assert!(starts_with_mark(mark), "{mark}");
        }
        for text in [
            "<!-- more to come -->",
            "<!---->",
            "<!-- note -->",
            "more",
            "<!--more",
        ] {
            assert!(find_mark(text).is_none(), "{text}");
        }
    }
}
