//! Writes `_headers` and `_redirects`, which Netlify and Cloudflare Pages read.
//!
//! Cloudflare Pages reads 100 rules of the first and 2,000 of the second, so one rule covers all outputs of a kind, and
//! the important ones come first. Rules must not overlap in a header: both hosts would join the values.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::output_stage::OutputStage;
use crate::model::artifact::{ArtifactKey, FeedAlias, FeedScope};
use crate::url_path;

/// Key of the file with headers.
pub(super) const HEADERS_FILE: &str = "_headers";
/// Key of the file with redirects.
pub(super) const REDIRECTS_FILE: &str = "_redirects";

/// Rules of both files.
#[derive(Debug, Default)]
pub(super) struct HostingFiles {
    /// Lines of each rule, by importance and pattern.
    rules: BTreeMap<(u8, String), String>,
    redirects: BTreeMap<String, String>,
    /// Former paths of feeds, which come last: they may have a placeholder, and so match other redirects.
    feed_aliases: Vec<FeedAlias>,
}

impl HostingFiles {
    /// Adds the rule of an output's kind.
    pub(super) fn add_output(&mut self, key: &ArtifactKey, path: &str, cache_control: &str) {
        let pattern = path_pattern(key, path);
        let importance = match OutputStage::from_key(key) {
            OutputStage::CardPages | OutputStage::CardImages => 0,
            OutputStage::Feeds | OutputStage::Home => 1,
            OutputStage::SitemapParts => 3,
            _ => 2,
        };
        self.rules.entry((importance, pattern)).or_insert_with(|| {
            let mut lines = format!("  Cache-Control: {cache_control}\n");
            let is_card = matches!(key, ArtifactKey::CardPage(_) | ArtifactKey::CardImage(_));
            if !is_card {
                // The hosts know the types of cards by their names.
                let _ = writeln!(lines, "  Content-Type: {}", key.media_type());
            }
            if matches!(key, ArtifactKey::Feed(..) | ArtifactKey::FeedPage(..)) {
                lines.push_str("  Access-Control-Allow-Origin: *\n");
            }
            lines
        });
    }

    /// Adds a permanent redirect to a URL. One on the same site becomes a path.
    pub(super) fn add_redirect(&mut self, path: &str, url: &str, public_url: &str) {
        let below = url
            .strip_prefix(public_url)
            .filter(|path| path.starts_with('/'));
        self.redirects.insert(
            escape_pattern(&decode_letters(path)),
            below.map_or_else(|| url.to_owned(), escape_pattern),
        );
    }

    /// Adds former paths of feeds. Both hosts prefer files, and read `:slug` as a placeholder.
    pub(super) fn add_feed_aliases(&mut self, aliases: &[FeedAlias]) {
        self.feed_aliases.extend_from_slice(aliases);
    }

    /// Returns the texts of the files with their keys.
    pub(super) fn render_files(&self) -> Vec<(&'static str, String)> {
        let mut headers = String::new();
        for ((_, pattern), lines) in &self.rules {
            let _ = writeln!(headers, "{pattern}\n{lines}");
        }
        let mut redirects = String::new();
        for (from, to) in &self.redirects {
            let _ = writeln!(redirects, "{from} {to} 301");
        }
        for FeedAlias {
            from,
            to,
            is_served,
        } in &self.feed_aliases
        {
            let status = if *is_served { 200 } else { 301 };
            let _ = writeln!(redirects, "{from} {to} {status}");
        }
        let mut files = vec![(HEADERS_FILE, headers), (REDIRECTS_FILE, redirects)];
        files.retain(|(_, text)| !text.is_empty());
        files
    }
}

/// Returns a pattern that matches all outputs of a kind, and no output of another.
fn path_pattern(key: &ArtifactKey, path: &str) -> String {
    match key {
        ArtifactKey::CardPage(_) | ArtifactKey::CardImage(_) => {
            ArtifactKey::CardPage("/*".to_owned()).url_path()
        }
        ArtifactKey::Feed(scope, format) => {
            ArtifactKey::Feed(generalize_scope(scope), *format).url_path()
        }
        ArtifactKey::FeedPage(scope, format, page) => {
            // Archives lie a directory below the other pages.
            let scope = generalize_scope(scope);
            let path = ArtifactKey::FeedPage(scope, *format, *page).url_path();
            let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
            format!("{}/*", dir.strip_suffix("/archive").unwrap_or(dir))
        }
        _ => escape_pattern(path),
    }
}

/// Replaces the name of a category, tag or author by a placeholder.
fn generalize_scope(scope: &FeedScope) -> FeedScope {
    let any = ":name".to_owned();
    match scope {
        FeedScope::Category(_) => FeedScope::Category(any),
        FeedScope::Tag(_) => FeedScope::Tag(any),
        FeedScope::Author(_) => FeedScope::Author(any),
        FeedScope::InLanguage(language, scope) => {
            FeedScope::InLanguage(language.clone(), Box::new(generalize_scope(scope)))
        }
        FeedScope::Site | FeedScope::Custom(_) => scope.clone(),
    }
}

/// Decodes the characters of a path that are not ASCII: Netlify does not find a rule that has them escaped.
fn decode_letters(path: &str) -> String {
    let escape_twice =
        |path: String, digit: char| path.replace(&format!("%{digit}"), &format!("%25{digit}"));
    let without_ascii = ('0'..='7').fold(path.to_owned(), escape_twice);
    url_path::decode_path(&without_ascii).unwrap_or_else(|| path.to_owned())
}

/// Escapes the characters that both hosts read as placeholders.
fn escape_pattern(path: &str) -> String {
    path.replace(':', "%3A").replace('*', "%2A")
}
