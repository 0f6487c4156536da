//! Decides whether a post is public at a given instant; no other code does.
//!
//! A leak cannot be undone, so an unreadable value hides the post. A post that may be seen leaves
//! this module as a [`Visible`], and everything public is made from that type.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::HiddenPostsMode;
use crate::model::post::{FlagValue, Post, VisibilityEffect, VisibilityField};

/// Visibility of a post, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostState {
    /// In every output.
    Public,
    /// In no output, because of this field.
    Hidden(VisibilityField),
    /// In no output until this time.
    Scheduled(DateTime<Utc>),
    /// In no output since this time.
    Expired(DateTime<Utc>),
    /// Has a card but is in no list, because of this field.
    Unlisted(VisibilityField),
    /// In no output, because another post with the same permalink or id takes precedence.
    Shadowed {
        /// Path of the other post's file.
        by: String,
    },
}

/// Visibility of one file's post and the time of its next change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostEvaluation {
    /// Path of the file.
    pub path: String,
    /// Visibility of the post.
    pub state: PostState,
    /// Time at which the state changes although the file does not.
    pub next_change: Option<DateTime<Utc>>,
}

/// Proof that a post may be seen. Only this file can construct it.
#[derive(Debug, Clone, Copy)]
pub enum Visible<'a> {
    /// Seen in every output.
    Listed(VisibilityProof<'a>),
    /// Seen only by readers who know its URL.
    Unlisted(VisibilityProof<'a>),
}

/// Payload of a [`Visible`]; its private field keeps other files from constructing one.
#[derive(Debug, Clone, Copy)]
pub struct VisibilityProof<'a>(&'a Arc<Post>);

impl<'a> Visible<'a> {
    /// Returns the post that may be seen.
    pub fn post(&self) -> &'a Arc<Post> {
        match self {
            Visible::Listed(proof) | Visible::Unlisted(proof) => proof.0,
        }
    }

    /// Returns true if search engines may index the post. A post that its author keeps out of sitemaps counts as well.
    pub fn is_indexable(&self) -> bool {
        let says_noindex = self
            .post()
            .visibility_fields
            .iter()
            .any(|marker| match marker.effect {
                VisibilityEffect::NoIndex => marker.parse_value() != FlagValue::False,
                VisibilityEffect::InSitemap => marker.parse_value() != FlagValue::True,
                _ => false,
            });
        matches!(self, Visible::Listed(_)) && !says_noindex
    }

    /// Returns true if feeds may contain the post.
    pub fn is_in_feeds(&self) -> bool {
        let mut markers = self.post().visibility_fields.iter();
        matches!(self, Visible::Listed(_)) && !markers.any(VisibilityField::leaves_feeds)
    }

    /// Returns true if the sitemap may contain the post.
    pub fn is_in_sitemap(&self) -> bool {
        let permalink = &self.post().permalink;
        let is_original = self.post().canonical_url().is_none();
        // sitemaps.org: a `loc` has fewer than 2,048 characters.
        let fits = permalink.is_on_site && permalink.url.len() < 2048;
        self.is_indexable() && is_original && fits
    }
}

/// Evaluates the visibility of one post as of `now`, without regard to conflicts between posts.
pub fn evaluate_visibility(
    post: &Arc<Post>,
    hidden: HiddenPostsMode,
    now: DateTime<Utc>,
) -> (PostEvaluation, Option<Visible<'_>>) {
    let state = decide_state(post, hidden, now);
    let shown = match &state {
        PostState::Public => Some(Visible::Listed(VisibilityProof(post))),
        PostState::Unlisted(_) => Some(Visible::Unlisted(VisibilityProof(post))),
        _ => None,
    };
    let next_change = match &state {
        PostState::Scheduled(due) => Some(*due),
        PostState::Public | PostState::Unlisted(_) => [post.expires_at(), post.updated_at]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min(),
        _ => None,
    };
    (
        PostEvaluation {
            path: post.path.to_string(),
            state,
            next_change,
        },
        shown,
    )
}

fn decide_state(post: &Post, hidden: HiddenPostsMode, now: DateTime<Utc>) -> PostState {
    let find = |wanted: fn(&VisibilityField) -> bool| {
        post.visibility_fields
            .iter()
            .find(|marker| wanted(marker))
            .cloned()
    };
    if let Some(marker) = find(VisibilityField::hides_card) {
        return PostState::Hidden(marker);
    }
    let hides = find(VisibilityField::hides_post);
    if let (Some(marker), HiddenPostsMode::Hidden) = (&hides, hidden) {
        return PostState::Hidden(marker.clone());
    }
    let due = post
        .published_at
        .max(post.publish_after().unwrap_or(post.published_at));
    if due > now {
        return PostState::Scheduled(due);
    }
    if let Some(expired) = post.expires_at().filter(|expires| *expires <= now) {
        return PostState::Expired(expired);
    }
    match hides.or_else(|| find(VisibilityField::unlists_post)) {
        Some(marker) => PostState::Unlisted(marker),
        None => PostState::Public,
    }
}
