//! Lists all outputs of a snapshot with their keys and fingerprints, without rendering any.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::export_error::ExportError;
use super::export_target::{ExportTarget, ObjectHeaders};
use super::hosting_files::HostingFiles;
use super::manifest::Fingerprint;
use super::object_keys::{KeyRank, object_keys};
use super::output_stage::OutputStage;
use crate::config::Config;
use crate::hash;
use crate::http::CacheHeaders;
use crate::model::artifact::{ArtifactKey, LazyRenderError};
use crate::parallel;
use crate::publish::snapshot::{Encoding, ResourceContent, Snapshot};

pub use super::object_keys::Layout;

/// Media type of `_headers` and `_redirects`.
const HOSTING_FILE_TYPE: &str = "text/plain; charset=utf-8";

/// All outputs of a snapshot.
#[derive(Debug)]
pub struct OutputSet {
    snapshot: Arc<Snapshot>,
    cache_headers: CacheHeaders,
    is_gzip: bool,
    pub(super) config_hash: String,
    /// Sorted by key.
    pub(super) outputs: Vec<Output>,
    /// Paths that have no key.
    pub(super) skipped: Vec<String>,
}

/// One object that is to exist.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) key: String,
    pub(super) fingerprint: Fingerprint,
    pub(super) stage: OutputStage,
    source: OutputSource,
}

#[derive(Debug)]
enum OutputSource {
    /// Resource of the snapshot, by its path.
    Path(String),
    Text(Bytes),
}

/// Resource of a snapshot, as far as keys and rules depend on it.
struct ListedResource {
    path: String,
    key: ArtifactKey,
    content: ListedContent,
}

enum ListedContent {
    Bytes(Fingerprint),
    Moved(String),
    Gone,
}

impl OutputSet {
    /// Lists the outputs of a snapshot, as `target` stores them.
    pub fn from_snapshot(
        snapshot: Arc<Snapshot>,
        config: &Config,
        target: &ExportTarget,
    ) -> OutputSet {
        let mut set = OutputSet {
            cache_headers: CacheHeaders::new(&config.server.cache),
            is_gzip: target.is_gzip(),
            config_hash: hash_config(config, target),
            outputs: Vec::new(),
            skipped: Vec::new(),
            snapshot,
        };
        let layout = target.layout();
        let mut paths = set.snapshot.all_paths();
        paths.sort();
        paths.dedup();
        let listed = parallel::map_items(paths, |path| set.list_resource(path, layout));
        // `_headers` and `_redirects` count only at the root of a site.
        let is_at_root = Url::parse(&config.server.public_url).is_ok_and(|url| url.path() == "/");
        let mut hosting = HostingFiles::default();
        hosting.add_feed_aliases(&config.feed.aliases);
        let mut ranked = Vec::new();
        for resource in listed.into_iter().flatten() {
            let fingerprint = match &resource.content {
                ListedContent::Bytes(fingerprint) => *fingerprint,
                ListedContent::Moved(url) => {
                    let path = url.strip_prefix(&config.server.public_url);
                    let card = path.and_then(|path| set.snapshot.get(path));
                    // Many hosts serve the file, and nobody is to find an unlisted post.
                    if !card.is_some_and(|card| card.noindex) {
                        hosting.add_redirect(&resource.path, url, &config.server.public_url);
                    }
                    continue;
                }
                ListedContent::Gone => continue,
            };
            let policy = set.cache_control(&resource.key);
            hosting.add_output(&resource.key, &resource.path, policy);
            let keys = object_keys(&resource.key, &resource.path, layout);
            if keys.is_empty() {
                set.skipped.push(resource.path.clone());
            }
            ranked.extend(keys.into_iter().map(|(key, rank)| {
                let output = Output {
                    key,
                    fingerprint,
                    stage: OutputStage::from_key(&resource.key),
                    source: OutputSource::Path(resource.path.clone()),
                };
                (rank, output)
            }));
        }
        if layout == Layout::Directory && is_at_root {
            let files = hosting.render_files().into_iter();
            ranked.extend(files.map(|(name, text)| (KeyRank::Exact, hosting_file(name, text))));
        }
        let (outputs, hidden) = remove_collisions(ranked, layout);
        set.outputs = outputs;
        set.skipped.extend(hidden);
        set
    }

    fn list_resource(&self, path: String, layout: Layout) -> Option<ListedResource> {
        let resource = self.snapshot.get(&path)?;
        let tag = match &resource.content {
            ResourceContent::Eager(body) => body.entity_tags().get(Encoding::Identity),
            ResourceContent::Lazy { tags, .. } => tags.get(Encoding::Identity),
            ResourceContent::Moved(_) | ResourceContent::Gone => String::new().into(),
        };
        let content = match &resource.content {
            ResourceContent::Moved(url) => ListedContent::Moved(url.clone()),
            ResourceContent::Gone => ListedContent::Gone,
            _ => {
                let headers = (layout == Layout::Store).then(|| {
                    let policy = self.cache_control(&resource.key);
                    (resource.key.media_type(), policy, self.is_gzip)
                });
                ListedContent::Bytes(Fingerprint(hash::hash_value_u128(&(&*tag, headers))))
            }
        };
        Some(ListedResource {
            key: resource.key.clone(),
            content,
            path,
        })
    }

    fn cache_control(&self, key: &ArtifactKey) -> &str {
        self.cache_headers
            .cache_control(key, self.snapshot.feed_max_age())
    }

    /// Returns the output with this key.
    pub(super) fn find(&self, key: &str) -> Option<&Output> {
        let found = self
            .outputs
            .binary_search_by(|output| output.key.as_str().cmp(key));
        self.outputs.get(found.ok()?)
    }

    /// Renders an output, with its headers. Takes milliseconds, so it must run on a blocking thread.
    ///
    /// # Errors
    /// The inputs changed meanwhile, or rendering failed.
    pub(super) fn render(&self, output: &Output) -> Result<(Bytes, ObjectHeaders), ExportError> {
        let failed = |source| ExportError::Render {
            key: output.key.clone(),
            source,
        };
        let path = match &output.source {
            OutputSource::Path(path) => path,
            OutputSource::Text(text) => {
                let headers = ObjectHeaders {
                    media_type: HOSTING_FILE_TYPE,
                    cache_control: String::new(),
                    content_encoding: None,
                };
                return Ok((text.clone(), headers));
            }
        };
        let resource = self.snapshot.get(path);
        let resource =
            resource.ok_or_else(|| failed(LazyRenderError::SourceChanged(path.clone())))?;
        let bytes = match &resource.content {
            ResourceContent::Eager(body) => body.identity_encoding().payload.to_vec(),
            ResourceContent::Lazy { body, .. } => {
                let rendered = body.renderer.render_body().map_err(failed)?;
                body.make_payload(rendered.into()).to_vec()
            }
            ResourceContent::Moved(_) | ResourceContent::Gone => Ok(Vec::new()),
        };
        let bytes = bytes.map_err(|error| failed(LazyRenderError::Failed(error.to_string())))?;
        let is_text = !matches!(resource.key, ArtifactKey::CardImage(_));
        let gzip = match self.is_gzip && is_text {
            true => Encoding::Gzip.encode_fully(&bytes),
            false => None,
        };
        let headers = ObjectHeaders {
            media_type: resource.key.media_type(),
            cache_control: self.cache_control(&resource.key).to_owned(),
            content_encoding: gzip.as_ref().map(|_| "gzip"),
        };
        Ok((gzip.unwrap_or(bytes).into(), headers))
    }
}

fn hosting_file(name: &str, text: String) -> Output {
    Output {
        key: name.to_owned(),
        fingerprint: Fingerprint(hash::hash_value_u128(&text)),
        stage: OutputStage::HostingFiles,
        source: OutputSource::Text(text.into()),
    }
}

/// Sorts outputs by key, and keeps one per key. A directory cannot have a file and a directory of one name: the file
/// stays.
fn remove_collisions(
    mut ranked: Vec<(KeyRank, Output)>,
    layout: Layout,
) -> (Vec<Output>, BTreeSet<String>) {
    ranked.sort_by(|a, b| (&a.1.key, a.0).cmp(&(&b.1.key, b.0)));
    ranked.dedup_by(|later, first| later.1.key == first.1.key);
    let mut outputs: Vec<Output> = ranked.into_iter().map(|(_, output)| output).collect();
    let mut hidden = BTreeSet::new();
    if layout == Layout::Directory {
        let files: HashSet<String> = outputs.iter().map(|output| output.key.clone()).collect();
        let below_files = outputs.extract_if(.., |output| {
            let mut parents = output.key.match_indices('/');
            parents.any(|(end, _)| output.key.get(..end).is_some_and(|dir| files.contains(dir)))
        });
        hidden.extend(below_files.filter_map(|output| match output.source {
            OutputSource::Path(path) => Some(path),
            OutputSource::Text(_) => None,
        }));
        // A card page may have a second file.
        for output in &outputs {
            if let OutputSource::Path(path) = &output.source {
                hidden.remove(path);
            }
        }
    }
    (outputs, hidden)
}

/// Hashes the settings that decide outputs. Replicas may differ in addresses, limits and directories.
fn hash_config(config: &Config, target: &ExportTarget) -> String {
    let site = crate::config::SiteConfig {
        ids: crate::config::IdMap::default(),
        ..config.site.clone()
    };
    let content = crate::config::ContentConfig {
        dir: PathBuf::new(),
        static_dir: None,
        ..config.content.clone()
    };
    let cards = &config.cards;
    let card_files = (
        cards.template.is_some(),
        cards.logo.is_some(),
        cards.fonts.len(),
    );
    let settings = format!(
        "{:?}",
        (
            site,
            content,
            (cards.picture, cards.theme, card_files, cards.system_fonts),
            config.hidden_posts,
            &config.feed,
            &config.feeds,
            &config.sitemap,
            &config.robots,
            &config.authors,
            &config.server.public_url,
            &config.server.cache,
            target.is_gzip(),
        )
    );
    hash::blake3_hex(settings.as_bytes())
}
