//! A site into the outputs that are made ahead. What they are made of tells what is made again: all else is that of
//! the generation before.

use std::collections::HashMap;
use std::sync::Arc;

use super::byte_limit::{self, Lengths};
use super::document::{self, Layout, Written};
use super::{
    CardImages, RenderError, Rendered, SiteShelf, alternates, artifact, feed_links, home_page,
    opml, robots,
};
use crate::artifact::{Artifact, ArtifactKey, FeedScope, OutputBytes};
use crate::site::entry::Entry;
use crate::site::feed::Document;
use crate::site::feeds::Feeds;
use crate::site::{Settings, Site};

/// What was made of the generation before.
#[derive(Debug, Default)]
pub struct Press {
    ground: Option<(Arc<Settings>, u64)>,
    documents: HashMap<ArtifactKey, Written>,
    lengths: HashMap<FeedScope, Lengths>,
    home: Option<Home>,
    opml: Option<(Arc<()>, Arc<OutputBytes>)>,
    robots: Option<Arc<OutputBytes>>,
}

/// The home page, and the entries and the names of feeds that it was made of.
type Home = (Vec<Arc<Entry>>, Arc<()>, Arc<OutputBytes>);

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

    fn feed(
        &mut self,
        site: &Site,
        document: &Document,
        images: &dyn CardImages,
        artifacts: &mut Vec<Artifact>,
    ) -> Result<(), RenderError> {
        let lengths = self.lengths.entry(document.feed.scope.clone()).or_default();
        let (mut written, mut changed) = (Vec::new(), Vec::new());
        for format in document.feed.formats.iter().copied() {
            let whole = byte_limit::whole_entries(site, document, images, format, lengths)?;
            let layout = Layout::new(site, document, images, format, whole)?;
            match self.documents.remove(&document.key(format)) {
                Some(before) if before.is(&layout, document) => written.push(before),
                before => changed.push((layout, before)),
            }
        }
        lengths.retain(document);
        written.extend(document::write(site, document, changed, images)?);
        for made in written {
            let (format, bytes) = (made.layout.format, Arc::clone(&made.bytes));
            let (key, links) = (document.key(format), feed_links(site, document, format));
            self.documents.insert(key.clone(), made);
            artifacts.push(artifact(key, bytes, links));
        }
        Ok(())
    }

    /// The outputs besides feeds.
    fn pages(&mut self, site: &Site) -> Result<Vec<Artifact>, RenderError> {
        let names = Feeds::names(&site.feeds);
        let main = site.feeds.main().first();
        let newest = main.entries.iter().take(home_page::NEWEST);
        let entries: Vec<Arc<Entry>> = newest.cloned().collect();
        let home = match self.home.take() {
            Some((before, known, home))
                if are_same(&before, &entries) && Arc::ptr_eq(&known, names) =>
            {
                home
            }
            _ => OutputBytes::new(home_page::render(site, &main)),
        };
        self.home = Some((entries, Arc::clone(names), Arc::clone(&home)));
        let opml = match self.opml.take() {
            Some((known, opml)) if Arc::ptr_eq(&known, names) => opml,
            _ => OutputBytes::new(opml::render(site)?),
        };
        self.opml = Some((Arc::clone(names), Arc::clone(&opml)));
        let robots = self
            .robots
            .get_or_insert_with(|| OutputBytes::new(robots::render(site)));
        Ok(vec![
            artifact(ArtifactKey::Robots, Arc::clone(robots), Vec::new()),
            artifact(ArtifactKey::Opml, opml, Vec::new()),
            artifact(ArtifactKey::Home, home, alternates(site)),
        ])
    }
}

/// Whether these are the very same entries: one that changed is another allocation.
fn are_same(before: &[Arc<Entry>], now: &[Arc<Entry>]) -> bool {
    before.len() == now.len() && before.iter().zip(now).all(|(a, b)| Arc::ptr_eq(a, b))
}
