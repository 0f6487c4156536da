//! A post that was read into what is kept of it, and back.
//!
//! A post that says anything against its being seen is not kept, so that whether it is seen is never a matter of
//! what was known before.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Known;
use crate::content::{Rendering, later};
use crate::finding::Finding;
use crate::post::{Author, Field, IdFrom, Images, Labels, Marker, Permalink, Post, Rare};

/// Seconds and nanoseconds of an instant.
type Instant = (i64, u32);

/// What is kept of a post.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record<'a> {
    pub(super) path: &'a str,
    /// The stamp that its file had.
    pub(super) seal: u64,
    title: &'a str,
    id_from: IdFrom,
    url: &'a str,
    place: (u32, u32),
    on_site: bool,
    field: Option<Cow<'a, Field>>,
    published: Instant,
    updated: Option<Instant>,
    authors: Cow<'a, [Author]>,
    #[serde(borrow)]
    categories: Vec<&'a str>,
    #[serde(borrow)]
    tags: Vec<&'a str>,
    description: &'a str,
    images: &'a str,
    body: u128,
    markers: Cow<'a, [Marker]>,
    rare: Option<Cow<'a, Rare>>,
    findings: Cow<'a, [Finding]>,
    /// Whether the body was looked at for them.
    pub(super) is_deep: bool,
}

impl Record<'_> {
    /// Whether a post may be kept.
    pub(super) fn may_be_of(post: &Post) -> bool {
        !withdraws(&post.markers)
    }

    pub(super) fn of(known: &Known) -> Record<'_> {
        // Each by its name, so that none is forgotten.
        let Known {
            seal,
            post,
            findings,
            is_deep,
        } = known;
        let Post {
            path,
            title,
            id_from,
            permalink,
            published,
            updated,
            authors,
            categories,
            tags,
            description,
            images,
            body,
            markers,
            rare,
        } = &**post;
        Record {
            path,
            seal: seal.number().get(),
            title,
            id_from: *id_from,
            url: &permalink.url,
            place: permalink.place(),
            on_site: permalink.on_site,
            field: permalink.field.as_deref().map(Cow::Borrowed),
            published: instant(*published),
            updated: updated.map(instant),
            authors: Cow::Borrowed(authors),
            categories: categories.iter().map(AsRef::as_ref).collect(),
            tags: tags.iter().map(AsRef::as_ref).collect(),
            description,
            images: images.packed(),
            body: body.fingerprint,
            markers: Cow::Borrowed(markers),
            rare: rare.as_deref().map(Cow::Borrowed),
            findings: Cow::Borrowed(findings),
            is_deep: *is_deep,
        }
    }

    /// The post, and what was found wrong with it. Its body is read from `file` when it is asked for.
    pub(super) fn post(
        &self,
        file: &Path,
        rendering: &Arc<Rendering>,
    ) -> Option<(Post, Vec<Finding>)> {
        if withdraws(&self.markers) {
            return None;
        }
        let labels =
            |labels: &[&str]| -> Labels { labels.iter().map(|label| Arc::from(*label)).collect() };
        let path: Arc<str> = self.path.into();
        let permalink = Permalink::known(
            self.url.into(),
            self.place,
            self.on_site,
            self.field.clone().map(Cow::into_owned),
        );
        let post = Post {
            title: self.title.into(),
            id_from: self.id_from,
            published: at(self.published)?,
            updated: match self.updated {
                Some(updated) => Some(at(updated)?),
                None => None,
            },
            authors: self.authors.as_ref().into(),
            categories: labels(&self.categories),
            tags: labels(&self.tags),
            description: self.description.into(),
            images: Images::from_packed(self.images),
            body: later::unread(self.body, &permalink, (&path, file), rendering),
            markers: self.markers.as_ref().into(),
            rare: self.rare.clone().map(|rare| Box::new(rare.into_owned())),
            path,
            permalink,
        };
        Some((post, self.findings.to_vec()))
    }
}

fn withdraws(markers: &[Marker]) -> bool {
    markers.iter().any(Marker::withdraws_or_is_in_doubt)
}

fn instant(at: DateTime<Utc>) -> Instant {
    (at.timestamp(), at.timestamp_subsec_nanos())
}

fn at((seconds, nanoseconds): Instant) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, nanoseconds)
}
