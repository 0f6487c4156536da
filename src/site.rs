//! Computes what is public from posts, settings and an instant.
//!
//! Everything downstream sees only this model, and no type in it can hold a hidden post. An
//! `Entry` or a `Card` is made from the proof that [`crate::visibility`] gives out, and from nothing
//! else. No disk and no clock is read: the same posts at the same instant give the same site.

mod alias_redirects;
pub mod card;
pub mod card_images;
pub mod cards_by_path;
pub mod entry;
pub mod feed;
pub mod feeds;
mod news;
mod public_site;
pub mod redirect_history;
pub mod site_index;
pub mod sitemap_urls;
pub mod timeline;
mod translations;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::model::finding::Finding;
use crate::model::post::Post;
use crate::visibility::PostEvaluation;
use redirect_history::RedirectHistory;
use site_index::SiteIndex;

pub use crate::model::posting_interval::PostingInterval;
pub use public_site::{Site, SiteSettings};
pub use translations::Translation;

/// Result of evaluating all posts: the site and, for the operator alone, the state of each post.
#[derive(Debug)]
pub struct SiteEvaluation {
    /// Public content.
    pub site: Arc<Site>,
    /// State of each post, sorted by path.
    pub post_evaluations: Vec<PostEvaluation>,
    /// Conflicts between posts, and dates that have no effect.
    pub findings: Vec<Finding>,
    /// Time at which the site changes next although no file does.
    pub next_change: Option<DateTime<Utc>>,
}

impl SiteEvaluation {
    /// Evaluates the posts as of `now`. Their order makes no difference.
    pub fn evaluate_posts<'a>(
        config: &Config,
        posts: impl IntoIterator<Item = &'a Arc<Post>>,
        now: DateTime<Utc>,
    ) -> SiteEvaluation {
        let mut index = SiteIndex::new(Arc::new(config.clone()), RedirectHistory::default());
        let changes = posts
            .into_iter()
            .map(|post| (Arc::clone(&post.path), Some(Arc::clone(post))))
            .collect();
        index.apply_changes(changes, now);
        SiteEvaluation {
            site: Arc::new(index.current_site().clone()),
            post_evaluations: index.collect_evaluations(),
            findings: index.collect_findings(),
            next_change: index.next_change(),
        }
    }
}
