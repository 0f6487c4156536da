//! Code within a body: where it is, and how it reads without the marks that keep a generator from it.

use std::borrow::Cow;

/// What keeps Hugo from running a shortcode, and what is there without it.
const ESCAPES: [(&str, &str); 4] = [
    ("{{</*", "{{<"),
    ("*/>}}", ">}}"),
    ("{{%/*", "{{%"),
    ("*/%}}", "%}}"),
];

/// Code without the marks that keep a generator from reading it.
pub(super) fn unmarked(code: &str) -> Cow<'_, str> {
    let code = without_raw(code);
    if !code.contains("/*") && !code.contains("*/") {
        return code;
    }
    let mut plain = code.into_owned();
    for (escaped, meant) in ESCAPES {
        plain = plain.replace(escaped, meant);
    }
    Cow::Owned(plain)
}

/// A code span of nothing but the mark shows the mark.
fn without_raw(code: &str) -> Cow<'_, str> {
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

/// A shortcode that is escaped in a text, as it is meant, and how long it is as written.
pub(super) fn escaped_shortcode(rest: &str) -> Option<(String, usize)> {
    let rest = super::tag::head(rest, 2000);
    for (begin, end) in [("{{</*", "*/>}}"), ("{{%/*", "*/%}}")] {
        if let Some(inside) = rest.strip_prefix(begin) {
            let at = inside.find(end)?;
            let whole = rest.get(..begin.len() + at + end.len())?;
            return Some((unmarked(whole).into_owned(), whole.len()));
        }
    }
    None
}

/// The length of an element of HTML whose content is code.
pub(super) fn element(rest: &str) -> Option<usize> {
    for (begin, end) in [("<pre", "</pre>"), ("<code", "</code>")] {
        let begins = rest.strip_prefix(begin);
        if begins.is_some_and(|rest| rest.starts_with(['>', ' ', '\n'])) {
            let rest = super::tag::head(rest, 200_000);
            return rest.find(end).map(|at| at + end.len());
        }
    }
    None
}

/// A fence that holds the code: one longer than any in it.
pub(super) fn fence_around(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max();
    "`".repeat(longest.unwrap_or_default().max(2) + 1)
}
