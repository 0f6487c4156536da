//! Reads `content.rewrites`: paths that addresses and languages are made of, in place of those of the files.

use std::borrow::Cow;

use regex::Regex;

use crate::config_table::{ConfigErrors, Spanned};

/// Patterns of paths, each with the path that is read in place of a matching one.
#[derive(Clone, Default)]
pub struct PathRewrites {
    /// Patterns as written, the one with the longest text outside of its parts first.
    texts: Vec<(String, String)>,
    /// Their regular expressions and replacements.
    compiled: Vec<(Regex, String)>,
}

/// Two sets are equal if their texts are.
impl PartialEq for PathRewrites {
    fn eq(&self, other: &PathRewrites) -> bool {
        self.texts == other.texts
    }
}

impl std::fmt::Debug for PathRewrites {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.texts.fmt(to)
    }
}

impl PathRewrites {
    /// Returns the path that is read in place of a file's path, relative to the content directory.
    pub fn rewrite_path<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let mut rewritten = self
            .compiled
            .iter()
            .map(|(from, to)| from.replace(path, to));
        let changed = rewritten.find(|path| matches!(path, Cow::Owned(_)));
        changed.unwrap_or(Cow::Borrowed(path))
    }
}

/// Compiles the rewrites, which have the syntax of path-to-regexp: `:name` is a part without a slash, `:name*` and
/// `:name(.*)` are any path.
pub(super) fn read_path_rewrites(
    faults: &ConfigErrors<'_>,
    written: Option<Spanned<Vec<(String, String)>>>,
) -> PathRewrites {
    let Some(written) = written else {
        return PathRewrites::default();
    };
    let mut found = Vec::new();
    for (from, to) in &written.value {
        match compile_rewrite(from, to) {
            Some((regex, replacement, text_len)) => {
                let texts = (from.clone(), to.clone());
                found.push((text_len, texts, (regex, replacement)));
            }
            None => faults.report_at(
                &written,
                &format!("has an unsupported path: `{from}` to `{to}`"),
                "write parts as `:name`, or `:path*` at the end, and the same names on both sides",
            ),
        }
    }
    found.sort_by_key(|(text_len, _, _)| std::cmp::Reverse(*text_len));
    let (texts, compiled) = found
        .into_iter()
        .map(|(_, texts, compiled)| (texts, compiled))
        .unzip();
    PathRewrites { texts, compiled }
}

/// Piece of a path with parts.
enum PathPiece<'a> {
    Text(&'a str),
    /// Part with its name, which may be empty in front of `(.*)`.
    Part {
        name: &'a str,
        has_slashes: bool,
    },
}

/// Returns the regular expression of a rewrite, its replacement, and the length of the text outside of parts.
fn compile_rewrite(from: &str, to: &str) -> Option<(Regex, String, usize)> {
    let mut expression = "^".to_owned();
    let mut names = Vec::new();
    let mut text_len = 0;
    for piece in split_path(from)? {
        match piece {
            PathPiece::Text(text) => {
                text_len += text.len();
                expression.push_str(&regex::escape(text));
            }
            PathPiece::Part { name: "", .. } => expression.push_str(".*"),
            PathPiece::Part { name, has_slashes } => {
                names.push(name);
                let matched = if has_slashes { ".*" } else { "[^/]+?" };
                expression.push_str(&format!("(?<{name}>{matched})"));
            }
        }
    }
    let mut replacement = String::new();
    for piece in split_path(to)? {
        match piece {
            PathPiece::Text(text) => replacement.push_str(&text.replace('$', "$$")),
            PathPiece::Part { name, .. } if !names.contains(&name) => return None,
            PathPiece::Part { name, .. } => replacement.push_str(&format!("${{{name}}}")),
        }
    }
    expression.push('$');
    Some((Regex::new(&expression).ok()?, replacement, text_len))
}

/// Splits a path into text and parts; `None` if it has other signs of path-to-regexp.
fn split_path(path: &str) -> Option<Vec<PathPiece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = path.trim_matches('/');
    while let Some((text, after)) = rest
        .find([':', '('])
        .and_then(|at| rest.split_at_checked(at))
    {
        pieces.push(PathPiece::Text(text));
        let after_colon = after.strip_prefix(':').unwrap_or_default();
        let end = after_colon.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = after_colon.get(..end.unwrap_or(after_colon.len()))?;
        let after = after.trim_start_matches(':').strip_prefix(name)?;
        let after_path = after.strip_prefix("(.*)").or(after.strip_prefix('*'));
        pieces.push(PathPiece::Part {
            name,
            has_slashes: after_path.is_some(),
        });
        rest = after_path.or(Some(after).filter(|_| !name.is_empty()))?;
    }
    pieces.push(PathPiece::Text(rest));
    let is_plain = |piece: &PathPiece<'_>| match piece {
        PathPiece::Text(text) => !text.contains(['(', ')', '*', '+', '?', '{', '}', '^']),
        PathPiece::Part { .. } => true,
    };
    pieces.iter().all(is_plain).then_some(pieces)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    fn parse(rewrites: &str) -> Result<Config, Vec<crate::model::finding::Finding>> {
        let site = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n";
        let toml = format!("{site}[content]\nrewrites = {{ {rewrites} }}\n");
        Config::parse(&toml, "config.toml", Path::new(""))
    }

    #[test]
    fn paths_are_rewritten_by_the_most_specific_pattern() {
        let config = parse(
            "\"log/:year/:name.md\" = \"posts/:name.md\", \"english/:path*\" = \"en/:path*\", \"english/old/(.*)\" = \"old$1\"",
        );
        let rewrites = config.unwrap().content.rewrites;
        for (path, expected) in [
            ("log/2024/Tide.md", "posts/Tide.md"),
            ("log/2024/05/tide.md", "log/2024/05/tide.md"),
            ("a/log/2024/tide.md", "a/log/2024/tide.md"),
            ("english/posts/a.md", "en/posts/a.md"),
            ("english/old/a.md", "old$1"),
            ("englishman/a.md", "englishman/a.md"),
        ] {
            assert_eq!(rewrites.rewrite_path(path), expected, "{path}");
        }
    }

    #[test]
    fn unsupported_rewrites_are_all_reported() {
        for rewrite in [
            "a/:b|:c",
            "a/:b?|:b",
            "(\\\\d+)/a|a",
            ":a/:a|:a",
            "a/:|b",
            ":1|a",
        ] {
            let (from, to) = rewrite.split_once('|').unwrap();
            let findings = parse(&format!("\"{from}\" = \"{to}\"")).unwrap_err();
            assert!(
                findings[0].message.contains("unsupported path"),
                "{rewrite}"
            );
            assert_eq!(findings[0].line, Some(5));
        }
    }
}
