//! Reads `[server.cache]` of `config.toml`: `Cache-Control` and cache tags of responses.

use crate::config_table::values::parse_choice;
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};

/// `[server.cache]`: `Cache-Control` values that replace the built-in ones, and cache tags.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CachePolicies {
    /// `Cache-Control` of feeds, the OPML list, the home page and the news sitemap.
    pub feeds: Option<String>,
    /// `Cache-Control` of sitemaps, `robots.txt` and `llms.txt`.
    pub maps: Option<String>,
    /// `Cache-Control` of card pages and their images.
    pub cards: Option<String>,
    /// Response header that carries cache tags.
    pub tags: CacheTagHeader,
}

/// Response header that carries cache tags, so that a cache can purge related responses at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheTagHeader {
    /// No header.
    #[default]
    None,
    /// `Cache-Tag`, as Cloudflare and Akamai read it.
    CacheTag,
    /// `Surrogate-Key`, as Fastly reads it.
    SurrogateKey,
}

pub(super) fn read_cache_policies(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
) -> CachePolicies {
    let read_policy = |written: Option<Spanned<String>>| {
        let written = written?;
        let value = written.value.trim();
        let is_value = !value.is_empty() && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !is_value {
            faults.report_at(
                &written,
                "is not a valid `Cache-Control` value",
                "write directives, such as `public, max-age=300`",
            );
        }
        Some(value.to_owned())
    };
    let feeds = read_policy(table.take_string("feeds"));
    let maps = read_policy(table.take_string("maps"));
    let cards = read_policy(table.take_string("cards"));
    let tags = parse_choice(
        faults,
        table.take_string("tags"),
        &[
            ("none", CacheTagHeader::None),
            ("cache-tag", CacheTagHeader::CacheTag),
            ("surrogate-key", CacheTagHeader::SurrogateKey),
        ],
    );
    table.reject_unknown();
    CachePolicies {
        feeds,
        maps,
        cards,
        tags: tags.unwrap_or_default(),
    }
}
