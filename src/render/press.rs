//! A site into the outputs that are made ahead, where what they are made of tells what is made again:
//! pieces of the generation before are carried over.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::byte_limit::{self, Lengths};
use super::document::{self, Features, Told};
use super::sitemap::Sheet;
use super::{
    CardImages, RenderError, Rendered, SiteShelf, alternates, artifact, feed_links, home_page,
    opml, robots, sitemap,
};
use crate::artifact::{Artifact, ArtifactKey, Chunk, FeedFormat};
use crate::site::entry::Entry;
use crate::site::feed::Document;
use crate::site::feeds::Feeds;
use crate::site::url_set::Bucket;
use crate::site::{Settings, Site};

/// What was made of the generation before.
#[derive(Debug, Default)]
pub struct Press {
    ground: Option<(Arc<Settings>, u64)>,
    documents: HashMap<ArtifactKey, Made>,
    sheets: Sheets,
    home: Option<(Vec<ByAddress>, Arc<()>, Chunk)>,
    opml: Option<(Arc<()>, Chunk)>,
    robots: Option<Chunk>,
}

/// What was made of the first document of a feed.
#[derive(Debug, Default)]
struct Made {
    groups: Groups,
    lengths: Lengths,
}

type Groups = HashMap<GroupKey, Chunk, FxBuildHasher>;
/// By where the buckets are, which they keep for as long as they are here.
type Sheets = HashMap<usize, (Arc<Bucket>, Arc<Sheet>), FxBuildHasher>;
/// The entries of a group in a format, and whether each carries the whole post.
type GroupKey = (FeedFormat, Vec<(ByAddress, bool)>);

/// How a document is made in one format.
struct Plan {
    format: FeedFormat,
    /// Whether each entry carries the whole post.
    whole: Vec<bool>,
    /// Of each group of entries.
    keys: Vec<GroupKey>,
}

impl Plan {
    fn is_whole(&self, place: usize) -> bool {
        self.whole.get(place) == Some(&true)
    }
}

/// An entry that is the same only if it is the same allocation.
#[derive(Debug, Clone)]
struct ByAddress(Arc<Entry>);

impl PartialEq for ByAddress {
    fn eq(&self, other: &ByAddress) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ByAddress {}

impl Hash for ByAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl Press {
    /// Renders what is made ahead, and puts the rest on the shelf.
    ///
    /// # Errors
    /// A writer failed, which none does on well-formed input.
    pub fn render(
        &mut self,
        site: &Arc<Site>,
        images: &Arc<dyn CardImages>,
    ) -> Result<Rendered, RenderError> {
        let ground = (Arc::clone(&site.settings), images.edition());
        let is_same = self.ground.as_ref().is_some_and(|(settings, edition)| {
            Arc::ptr_eq(settings, &ground.0) && *edition == ground.1
        });
        if !is_same {
            *self = Press {
                ground: Some(ground),
                ..Press::default()
            };
        }
        let mut artifacts = Vec::new();
        for feed in site.feeds.chosen() {
            self.feed(site, &feed.first(), &**images, &mut artifacts)?;
        }
        artifacts.extend(self.sitemap(site)?);
        artifacts.extend(self.pages(site)?);
        let shelf = SiteShelf {
            site: Arc::clone(site),
            images: Arc::clone(images),
        };
        Ok(Rendered {
            artifacts,
            shelf: Arc::new(shelf),
        })
    }

    #[expect(
        clippy::mutable_key_type,
        reason = "an entry is looked up by where it is, which does not change"
    )]
    fn feed(
        &mut self,
        site: &Site,
        document: &Document,
        images: &dyn CardImages,
        artifacts: &mut Vec<Artifact>,
    ) -> Result<(), RenderError> {
        let groups = document::groups(&document.entries);
        let name = document.key(document.feed.main_format());
        let mut known = self.documents.remove(&name).unwrap_or_default();
        let mut plans = Vec::new();
        for format in document.feed.formats.iter().copied() {
            let lengths = &mut known.lengths;
            let whole = byte_limit::whole_entries(site, document, images, format, lengths)?;
            let keys = groups.iter().map(|group| {
                let entries = document.entries.get(group.clone()).unwrap_or_default();
                let whole = whole.get(group.clone()).unwrap_or_default();
                let entries = entries.iter().cloned().map(ByAddress);
                (format, entries.zip(whole.iter().copied()).collect())
            });
            plans.push(Plan {
                keys: keys.collect(),
                format,
                whole,
            });
        }
        known.lengths.retain(document);
        let fresh = groups
            .par_iter()
            .enumerate()
            .map(|(number, group)| {
                let missing: Vec<(&Plan, &GroupKey)> = plans
                    .iter()
                    .filter_map(|plan| Some((plan, plan.keys.get(number)?)))
                    .filter(|(_, key)| !known.groups.contains_key(*key))
                    .collect();
                if missing.is_empty() {
                    return Ok(Vec::new());
                }
                // A post is rendered once, for all formats that carry it whole.
                let is_whole = |place| missing.iter().any(|(plan, _)| plan.is_whole(place));
                let told = document::told(site, document, group.clone(), is_whole, images);
                let mut made = Vec::with_capacity(missing.len());
                for (plan, key) in &missing {
                    let mut told: Vec<Told<'_>> = told.clone();
                    for (place, told) in group.clone().zip(&mut told) {
                        told.html = told.html.take().filter(|_| plan.is_whole(place));
                    }
                    let bytes = document::entries(site, &told, plan.format)?;
                    made.push(((*key).clone(), Chunk::new(bytes)));
                }
                Ok(made)
            })
            .collect::<Result<Vec<Vec<(GroupKey, Chunk)>>, RenderError>>()?;
        known.groups.extend(fresh.into_iter().flatten());
        for plan in &plans {
            let features = Features::of(document, &plan.whole, images);
            let frame = document::frame(site, document, features, plan.format)?;
            let chunks = plan.keys.iter().filter_map(|key| known.groups.get(key));
            artifacts.push(artifact(
                document.key(plan.format),
                document::assemble(frame, chunks.cloned()),
                feed_links(site, document, plan.format),
            ));
        }
        // What is in the document no more is not kept.
        let mut kept = Groups::default();
        for key in plans.into_iter().flat_map(|plan| plan.keys) {
            if let Some((key, chunk)) = known.groups.remove_entry(&key) {
                kept.insert(key, chunk);
            }
        }
        known.groups = kept;
        self.documents.insert(name, known);
        Ok(())
    }

    fn sitemap(&mut self, site: &Site) -> Result<Vec<Artifact>, RenderError> {
        let language = &site.settings.language;
        let fresh = site
            .urls
            .buckets()
            .par_iter()
            .filter(|bucket| !self.sheets.contains_key(&address(bucket)))
            .map(|bucket| Ok((Arc::clone(bucket), Arc::new(Sheet::of(bucket, language)?))))
            .collect::<Result<Vec<_>, RenderError>>()?;
        let mut known = std::mem::take(&mut self.sheets);
        let fresh = fresh.into_iter();
        known.extend(fresh.map(|(bucket, sheet)| (address(&bucket), (bucket, sheet))));
        let mut sheets = Vec::with_capacity(site.urls.buckets().len());
        for bucket in site.urls.buckets() {
            if let Some((address, kept)) = known.remove_entry(&address(bucket)) {
                sheets.push(Arc::clone(&kept.1));
                self.sheets.insert(address, kept);
            }
        }
        let outputs = sitemap::assemble(site, &sheets)?;
        let outputs = outputs.into_iter();
        Ok(outputs
            .map(|(key, chunks)| artifact(key, chunks, Vec::new()))
            .collect())
    }

    /// The outputs that have one piece.
    fn pages(&mut self, site: &Site) -> Result<Vec<Artifact>, RenderError> {
        let names = Feeds::names(&site.feeds);
        let main = site.feeds.main().first();
        let newest = main.entries.iter().take(home_page::NEWEST);
        let entries: Vec<ByAddress> = newest.cloned().map(ByAddress).collect();
        let home = match self.home.take() {
            Some((before, known, chunk)) if before == entries && Arc::ptr_eq(&known, names) => {
                chunk
            }
            _ => Chunk::new(home_page::render(site, &main)),
        };
        self.home = Some((entries, Arc::clone(names), home.clone()));
        let opml = match self.opml.take() {
            Some((known, chunk)) if Arc::ptr_eq(&known, names) => chunk,
            _ => Chunk::new(opml::render(site)?),
        };
        self.opml = Some((Arc::clone(names), opml.clone()));
        let robots = self
            .robots
            .get_or_insert_with(|| Chunk::new(robots::render(site)));
        Ok(vec![
            artifact(ArtifactKey::Robots, vec![robots.clone()], Vec::new()),
            artifact(ArtifactKey::Opml, vec![opml], Vec::new()),
            artifact(ArtifactKey::Home, vec![home], alternates(site)),
        ])
    }
}

fn address(bucket: &Arc<Bucket>) -> usize {
    Arc::as_ptr(bucket).addr()
}
