//! Reads `site.permalinks`: one pattern for all posts, or patterns by directory.

use crate::config_table::values::{parse_language_tag, parse_permalink_pattern, with_value};
use crate::config_table::{ConfigErrors, Spanned};

/// Pattern of posts for which none is configured.
const DEFAULT_PATTERN: &str = "/:path/";

/// Permalink patterns of posts whose front matter has no permalink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermalinkPatterns {
    /// Directories below the content directory, the deepest first, each with its pattern.
    by_dir: Vec<(String, String)>,
}

impl PermalinkPatterns {
    /// Returns the pattern of the deepest configured directory that a file is in. `path` is relative
    /// to the content directory.
    pub fn pattern_for(&self, path: &str) -> &str {
        let mut patterns = self.by_dir.iter();
        patterns
            .find(|(dir, _)| {
                let below = path.strip_prefix(dir.as_str());
                dir.is_empty() || below.is_some_and(|below| below.starts_with('/'))
            })
            .map_or(DEFAULT_PATTERN, |(_, pattern)| pattern)
    }
}

/// Reads the patterns by directory. The directory `""` is the content directory itself.
pub(super) fn read_permalink_patterns(
    faults: &ConfigErrors<'_>,
    written: Option<Spanned<Vec<(String, String)>>>,
) -> PermalinkPatterns {
    let mut by_dir = Vec::new();
    if let Some(written) = written {
        for (dir, pattern) in &written.value {
            let pattern = parse_permalink_pattern(faults, &with_value(&written, pattern.clone()));
            by_dir.extend(pattern.map(|pattern| (dir.trim_matches('/').to_owned(), pattern)));
        }
    }
    if !by_dir.iter().any(|(dir, _)| dir.is_empty()) {
        by_dir.push((String::new(), DEFAULT_PATTERN.to_owned()));
    }
    by_dir.sort_by_key(|(dir, _)| std::cmp::Reverse(dir.len()));
    PermalinkPatterns { by_dir }
}

/// Reads the patterns of languages beside the default one.
pub(super) fn read_language_permalinks(
    faults: &ConfigErrors<'_>,
    written: Option<Spanned<Vec<(String, String)>>>,
) -> Vec<(String, String)> {
    let mut patterns = Vec::new();
    if let Some(written) = written {
        for (tag, pattern) in &written.value {
            let tag = parse_language_tag(faults, &with_value(&written, tag.clone()));
            let pattern = parse_permalink_pattern(faults, &with_value(&written, pattern.clone()));
            patterns.extend(tag.zip(pattern));
        }
    }
    patterns
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    fn pattern_for(permalinks: &str, path: &str) -> String {
        let toml =
            format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\npermalinks = {permalinks}\n");
        let config = Config::parse(&toml, "config.toml", Path::new("")).unwrap();
        config.site.permalinks.pattern_for(path).to_owned()
    }

    #[test]
    fn deepest_directory_has_the_pattern() {
        let table =
            "{ \"\" = \"/p/:path/\", blog = \"/b/:slug/\", \"/blog/old/\" = \"/:year/:slug\" }";
        for (path, expected) in [
            ("a.md", "/p/:path/"),
            ("blog.md", "/p/:path/"),
            ("blogs/a.md", "/p/:path/"),
            ("blog/a.md", "/b/:slug/"),
            ("blog/older/a.md", "/b/:slug/"),
            ("blog/old/2019/a.md", "/:year/:slug"),
        ] {
            assert_eq!(pattern_for(table, path), expected, "{path}");
        }
    }

    #[test]
    fn one_pattern_serves_all_and_the_default_the_rest() {
        assert_eq!(pattern_for("\"/:slug/\"", "blog/a.md"), "/:slug/");
        assert_eq!(pattern_for("{ blog = \"/:slug/\" }", "a.md"), "/:path/");
    }

    #[test]
    fn each_pattern_of_a_table_is_checked() {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\npermalinks = { a = \"/:slug/\", b = \"/:yeer/\" }\n";
        let findings = Config::parse(toml, "config.toml", Path::new("")).unwrap_err();
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].message,
            "`site.permalinks` holds the unknown part `:yeer`"
        );
        let toml = toml.replace("{ a = \"/:slug/\", b = \"/:yeer/\" }", "{ a = [\"/a/\"] }");
        let findings = Config::parse(&toml, "config.toml", Path::new("")).unwrap_err();
        assert!(
            findings[0]
                .message
                .contains("a string or a table of strings")
        );
    }
}
