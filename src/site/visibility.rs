//! A post and an instant into its state: the one place that decides who may see it.
//!
//! A leak cannot be recalled, so doubt hides. Only what may be seen comes out of here as a
//! [`Shown`], and nothing public is made of anything else.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::HiddenPosts;
use crate::post::{Marker, MarkerKind, Post, Reading};

/// The state of a post, with what decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is in every output.
    Public,
    /// It is nowhere.
    Hidden(Marker),
    /// It is nowhere until then.
    Scheduled(DateTime<Utc>),
    /// It is nowhere since then.
    Expired(DateTime<Utc>),
    /// It has a card and is in no list.
    Unlisted(Marker),
    /// It is nowhere, because a newer post claims its address.
    Shadowed {
        /// The other post's file.
        by: String,
    },
}

/// What was decided on one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The file.
    pub path: String,
    /// The state.
    pub state: State,
    /// When it will be another, though the file is the same.
    pub next_change: Option<DateTime<Utc>>,
}

/// The proof that a post may be seen. It can be made in this file only.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// Everywhere.
    Listed(Proof<'a>),
    /// By those who know its address.
    Unlisted(Proof<'a>),
}

/// What a [`Shown`] holds.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a>(&'a Arc<Post>);

impl<'a> Shown<'a> {
    /// The post that may be seen.
    pub fn post(&self) -> &'a Arc<Post> {
        match self {
            Shown::Listed(proof) | Shown::Unlisted(proof) => proof.0,
        }
    }

    /// Whether search engines may list it.
    pub fn is_indexed(&self) -> bool {
        let says_noindex =
            self.post().markers.iter().any(|marker| {
                marker.kind == MarkerKind::NoIndex && marker.reading() != Reading::False
            });
        matches!(self, Shown::Listed(_)) && !says_noindex
    }

    /// Whether the sitemap may hold it.
    pub fn is_in_sitemap(&self) -> bool {
        let says_no = self.post().markers.iter().any(|marker| {
            marker.kind == MarkerKind::InSitemap && marker.reading() != Reading::True
        });
        let permalink = &self.post().permalink;
        // sitemaps.org: a `loc` has fewer than 2,048 characters.
        self.is_indexed() && !says_no && permalink.on_site && permalink.url.len() < 2048
    }
}

/// Decides on one post as of `now`.
pub fn judge(
    post: &Arc<Post>,
    hidden: HiddenPosts,
    now: DateTime<Utc>,
) -> (Verdict, Option<Shown<'_>>) {
    let state = state(post, hidden, now);
    let shown = match &state {
        State::Public => Some(Shown::Listed(Proof(post))),
        State::Unlisted(_) => Some(Shown::Unlisted(Proof(post))),
        _ => None,
    };
    let next_change = match &state {
        State::Scheduled(due) => Some(*due),
        State::Public | State::Unlisted(_) => [post.expires(), post.updated]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min(),
        _ => None,
    };
    (
        Verdict {
            path: post.path.to_string(),
            state,
            next_change,
        },
        shown,
    )
}

fn state(post: &Post, hidden: HiddenPosts, now: DateTime<Utc>) -> State {
    let find =
        |wanted: fn(&Marker) -> bool| post.markers.iter().find(|marker| wanted(marker)).cloned();
    if let Some(marker) = find(Marker::hides_its_card) {
        return State::Hidden(marker);
    }
    let hides = find(Marker::surely_hides);
    if let (Some(marker), HiddenPosts::Hidden) = (&hides, hidden) {
        return State::Hidden(marker.clone());
    }
    let due = post
        .published
        .max(post.publish_after().unwrap_or(post.published));
    if due > now {
        return State::Scheduled(due);
    }
    if let Some(expired) = post.expires().filter(|expires| *expires <= now) {
        return State::Expired(expired);
    }
    let unlists = || find(Marker::surely_unlists);
    match hides.or_else(unlists) {
        Some(marker) => State::Unlisted(marker),
        None => State::Public,
    }
}
