//! Renders the eager outputs, which are ready before any request, and reuses each one whose inputs did not change.

use std::collections::HashMap;
use std::sync::Arc;

use super::byte_limit::{self, EntryLengths};
use super::feed_document::{self, DocumentLayout, WrittenDocument};
use super::links::{feed_links, new_ready_artifact};
use super::render_error::RenderError;
use super::{SiteArtifacts, llms_txt, news_sitemap, opml, robots};
use crate::model::artifact::LazyArtifacts;
use crate::model::artifact::{Artifact, ArtifactKey, FeedScope, OutputBytes};
use crate::pages::feed_html::alternate_links;
use crate::pages::home_page;
use crate::site::card_images::CardImageSource;
use crate::site::entry::Entry;
use crate::site::feed::FeedDocument;
use crate::site::feeds::Feeds;
use crate::site::{Site, SiteSettings};

/// Renderer that keeps the outputs of the previous generation, to reuse what did not change.
#[derive(Debug, Default)]
pub struct Renderer {
    inputs: Option<(Arc<SiteSettings>, u64)>,
    documents: HashMap<ArtifactKey, WrittenDocument>,
    lengths: HashMap<FeedScope, EntryLengths>,
    home_pages: HashMap<ArtifactKey, CachedHomePage>,
    opml: Option<(Arc<()>, Arc<OutputBytes>)>,
    robots: Option<Arc<OutputBytes>>,
    news_sitemap: Option<CachedPostList>,
    llms_txt: Option<CachedPostList>,
}

/// Inputs of the home page (its entries and the version of the feed list), and its bytes.
type CachedHomePage = (Vec<Arc<Entry>>, Arc<()>, Arc<OutputBytes>);
/// Entries of an output that depends on nothing else, and its bytes.
type CachedPostList = (Vec<Arc<Entry>>, Arc<OutputBytes>);

impl Renderer {
    /// Renders the eager outputs; the lazy ones are rendered on first request.
    ///
    /// # Errors
    /// Returns an error if a writer fails, which does not happen on well-formed input.
    pub fn render(
        &mut self,
        site: &Arc<Site>,
        images: &Arc<dyn CardImageSource>,
    ) -> Result<RenderedSite, RenderError> {
        let inputs = (Arc::clone(&site.settings), images.assets_version());
        let has_same_inputs = self
            .inputs
            .as_ref()
            .is_some_and(|(settings, assets_version)| {
                Arc::ptr_eq(settings, &inputs.0) && *assets_version == inputs.1
            });
        if !has_same_inputs {
            *self = Renderer {
                inputs: Some(inputs),
                ..Renderer::default()
            };
        }
        let mut artifacts = Vec::new();
        for feed in site.feeds.eager_feeds() {
            self.render_feed(site, &feed.first_document(), &**images, &mut artifacts)?;
        }
        artifacts.extend(self.render_pages(site)?);
        let lazy_artifacts = SiteArtifacts {
            site: Arc::clone(site),
            images: Arc::clone(images),
        };
        Ok(RenderedSite {
            artifacts,
            lazy_artifacts: Arc::new(lazy_artifacts),
        })
    }

    /// Renders a feed document in all its formats.
    fn render_feed(
        &mut self,
        site: &Site,
        document: &FeedDocument,
        images: &dyn CardImageSource,
        artifacts: &mut Vec<Artifact>,
    ) -> Result<(), RenderError> {
        let lengths = self.lengths.entry(document.feed.scope.clone()).or_default();
        let (mut written, mut changed) = (Vec::new(), Vec::new());
        for format in document.feed.formats.iter().copied() {
            let full_entries =
                byte_limit::select_full_entries(site, document, images, format, lengths)?;
            let layout = DocumentLayout::new(site, document, images, format, full_entries)?;
            match self.documents.remove(&document.artifact_key(format)) {
                Some(previous) if previous.is_current(&layout, document) => written.push(previous),
                previous => changed.push((layout, previous)),
            }
        }
        lengths.retain_document(document);
        written.extend(feed_document::write_document(
            site, document, changed, images,
        )?);
        for output in written {
            let (format, bytes) = (output.layout.format, Arc::clone(&output.bytes));
            let (key, links) = (
                document.artifact_key(format),
                feed_links(site, document, format),
            );
            self.documents.insert(key.clone(), output);
            artifacts.push(new_ready_artifact(key, bytes, links));
        }
        Ok(())
    }

    /// Renders the eager outputs other than feeds: robots.txt, OPML, the key file of IndexNow, the news sitemap,
    /// llms.txt, and the home page of each language.
    fn render_pages(&mut self, site: &Site) -> Result<Vec<Artifact>, RenderError> {
        let feed_list_version = Feeds::list_version(&site.feeds);
        let mut pages = Vec::new();
        for feeds in site.feeds.languages() {
            let entries = home_page::select_posts(feeds);
            let key = ArtifactKey::home_of_language(feeds.language_segment());
            let home = match self.home_pages.remove(&key) {
                Some((previous_entries, previous_version, home))
                    if has_same_entries(&previous_entries, &entries)
                        && Arc::ptr_eq(&previous_version, feed_list_version) =>
                {
                    home
                }
                _ => OutputBytes::new(home_page::render_home_page(site, feeds, &entries)),
            };
            let inputs = (entries, Arc::clone(feed_list_version), Arc::clone(&home));
            self.home_pages.insert(key.clone(), inputs);
            let links = alternate_links(site, feeds.main_feed());
            pages.push(new_ready_artifact(key, home, links));
        }
        let opml = match self.opml.take() {
            Some((previous_version, opml)) if Arc::ptr_eq(&previous_version, feed_list_version) => {
                opml
            }
            _ => OutputBytes::new(opml::render_opml(site)?),
        };
        self.opml = Some((Arc::clone(feed_list_version), Arc::clone(&opml)));
        let robots = self
            .robots
            .get_or_insert_with(|| OutputBytes::new(robots::render_robots_txt(site)));
        pages.push(new_ready_artifact(
            ArtifactKey::Robots,
            Arc::clone(robots),
            Vec::new(),
        ));
        pages.push(new_ready_artifact(ArtifactKey::Opml, opml, Vec::new()));
        pages.extend(site.settings.indexnow_key.clone().map(|key| {
            let bytes = OutputBytes::new(key.clone().into_bytes());
            new_ready_artifact(ArtifactKey::IndexNowKey(key), bytes, Vec::new())
        }));
        if let (Some(news), Some(publication)) = (&site.news, &site.settings.news_publication) {
            let bytes = reuse_or_render(&mut self.news_sitemap, news.to_vec(), |news| {
                news_sitemap::render_news_sitemap(&site.settings, publication, news)
            })?;
            pages.push(new_ready_artifact(
                ArtifactKey::NewsSitemap,
                bytes,
                Vec::new(),
            ));
        }
        if site.settings.has_llms_txt {
            let posts = llms_txt::select_posts(site);
            let bytes = reuse_or_render(&mut self.llms_txt, posts, |posts| {
                Ok(llms_txt::render_llms_txt(site, posts))
            })?;
            pages.push(new_ready_artifact(ArtifactKey::LlmsTxt, bytes, Vec::new()));
        }
        Ok(pages)
    }
}

/// Returns the bytes of an output that depends on these entries only, rendered again if one of them changed.
fn reuse_or_render(
    cached: &mut Option<CachedPostList>,
    entries: Vec<Arc<Entry>>,
    render: impl FnOnce(&[Arc<Entry>]) -> Result<Vec<u8>, RenderError>,
) -> Result<Arc<OutputBytes>, RenderError> {
    if let Some((previous, bytes)) = cached
        && has_same_entries(previous, &entries)
    {
        return Ok(Arc::clone(bytes));
    }
    let bytes = OutputBytes::new(render(&entries)?);
    *cached = Some((entries, Arc::clone(&bytes)));
    Ok(bytes)
}

/// Returns true if both lists hold the same entries, compared by pointer. A changed entry is a new allocation.
fn has_same_entries(previous: &[Arc<Entry>], current: &[Arc<Entry>]) -> bool {
    previous.len() == current.len() && previous.iter().zip(current).all(|(a, b)| Arc::ptr_eq(a, b))
}

/// All outputs of a site.
#[derive(Debug)]
pub struct RenderedSite {
    /// Eager outputs, already rendered.
    pub artifacts: Vec<Artifact>,
    /// Outputs rendered on first request.
    pub lazy_artifacts: Arc<dyn LazyArtifacts>,
}
