//! `[server.cache]` of `config.toml` into what caches are told.

use super::cards::choice;
use super::raw::{Faults, Table, Written};

/// `[server.cache]`: what caches are told, where it is other than what each output says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Caching {
    /// The `Cache-Control` of feeds, their list and the page of all.
    pub feeds: Option<String>,
    /// That of the sitemap and the crawlers' rules.
    pub maps: Option<String>,
    /// That of cards and their pictures.
    pub cards: Option<String>,
    /// In which field caches are told what an answer belongs to.
    pub tags: CacheTags,
}

/// The field by which caches know what an answer belongs to, so that all of it can be purged at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheTags {
    /// None.
    #[default]
    None,
    /// `Cache-Tag`, as Cloudflare, Akamai and others have it.
    CacheTag,
    /// `Surrogate-Key`, as Fastly has it.
    SurrogateKey,
}

pub(super) fn caching(mut table: Table<'_, '_>, faults: &Faults<'_>) -> Caching {
    let policy = |written: Option<Written<String>>| {
        let written = written?;
        let value = written.value.trim();
        let is_value = !value.is_empty() && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !is_value {
            faults.at(
                &written,
                "is no value of `Cache-Control`",
                "write directives, such as `public, max-age=300`",
            );
        }
        Some(value.to_owned())
    };
    let feeds = policy(table.string("feeds"));
    let maps = policy(table.string("maps"));
    let cards = policy(table.string("cards"));
    let tags = choice(
        faults,
        table.string("tags"),
        &[
            ("none", CacheTags::None),
            ("cache-tag", CacheTags::CacheTag),
            ("surrogate-key", CacheTags::SurrogateKey),
        ],
    );
    table.finish();
    Caching {
        feeds,
        maps,
        cards,
        tags: tags.unwrap_or_default(),
    }
}
