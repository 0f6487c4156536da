//! Finds code in a body and removes the escapes that keep a generator from running it.

use std::borrow::Cow;

/// Hugo's escapes of a shortcode, and the text they stand for.
const HUGO_ESCAPES: [(&str, &str); 4] = [
    ("{{</*", "{{<"),
    ("*/>}}", ">}}"),
    ("{{%/*", "{{%"),
    ("*/%}}", "%}}"),
];

/// Maximum length of a code element, in bytes. A longer one is read as other HTML.
const MAX_CODE_ELEMENT_BYTES: usize = 200_000;

/// Removes the escapes that keep a generator from running code.
pub(crate) fn remove_escapes(code: &str) -> Cow<'_, str> {
    let code = remove_raw_tags(code);
    if !code.contains("/*") && !code.contains("*/") {
        return code;
    }
    let mut plain = code.into_owned();
    for (escaped, meant) in HUGO_ESCAPES {
        plain = plain.replace(escaped, meant);
    }
    Cow::Owned(plain)
}

/// Removes `{% raw %}` and `{% endraw %}`. A code span of nothing else is kept.
fn remove_raw_tags(code: &str) -> Cow<'_, str> {
    if !code.contains("raw") {
        return Cow::Borrowed(code);
    }
    let mut plain = code.to_owned();
    for mark in ["raw", "endraw"] {
        for form in ["{% _ %}", "{%- _ -%}", "{%_%}"] {
            plain = plain.replace(&form.replace('_', mark), "");
        }
    }
    if plain.trim_matches(['`', ' ']).is_empty() {
        return Cow::Borrowed(code);
    }
    Cow::Owned(plain)
}

/// Parses an escaped shortcode at the start of a text. Returns it without the escape, and its length as written.
/// `find` returns the first position of a delimiter at or after the given position.
pub(crate) fn parse_escaped_shortcode(
    rest: &str,
    find: impl FnOnce(&'static str, usize) -> Option<usize>,
) -> Option<(String, usize)> {
    let (begin, end) = [("{{</*", "*/>}}"), ("{{%/*", "*/%}}")]
        .into_iter()
        .find(|(begin, _)| rest.starts_with(begin))?;
    let whole = rest.get(..find(end, begin.len())? + end.len())?;
    Some((remove_escapes(whole).into_owned(), whole.len()))
}

/// Returns the length of a `<pre>` or `<code>` element at the start of a text.
pub(crate) fn code_element_length(rest: &str) -> Option<usize> {
    for (begin, end) in [("<pre", "</pre>"), ("<code", "</code>")] {
        let begins = rest.strip_prefix(begin);
        if begins.is_some_and(|rest| rest.starts_with(['>', ' ', '\n'])) {
            let rest = super::first_bytes(rest, MAX_CODE_ELEMENT_BYTES);
            return rest.find(end).map(|at| at + end.len());
        }
    }
    None
}

/// Returns a fence for the code: longer than any run of backticks in it.
pub(crate) fn fence_around(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max();
    "`".repeat(longest.unwrap_or_default().max(2) + 1)
}
