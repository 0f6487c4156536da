//! Detects how a site is built and proposes a configuration that serves its posts.
//!
//! Files are read and never executed, and nothing is asked. A value that was read keeps its file
//! and line, a guess says why, and a placeholder says what is missing.

mod author_data;
mod check_addresses;
mod config_file_name;
mod date_field;
mod emoji;
mod feed_paths;
mod language;
mod locate_posts;
mod post_fields;
mod proposed_config;
mod site_branding;
mod site_identity;
mod subdirectory;
mod suggestions;
mod summary;
mod write_config;

use std::io;
use std::path::{Path, PathBuf};

use crate::decap;
use crate::detect::detected::DetectedSite;
use crate::detect::pages::MarkdownPages;
use crate::detect::site_tree::SiteTree;
use crate::generators;

pub use check_addresses::format_address_check;
pub use config_file_name::{config_file_name, config_name_advice, find_published_config};
pub use proposed_config::ProposedConfig;
pub use summary::format_summary;
pub use write_config::format_config;

/// Error for a directory from which no configuration can be proposed.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The directory cannot be listed.
    #[error("cannot read the directory `{}`", dir.display())]
    UnreadableDirectory {
        /// The directory.
        dir: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// No generator was recognised, and no file is a post.
    #[error("no posts and no generator configuration in `{}`", dir.display())]
    NothingFound {
        /// The directory.
        dir: PathBuf,
    },
}

/// Detects the site in a directory and proposes its configuration.
///
/// # Errors
/// The directory cannot be listed, or has neither posts nor a generator's configuration.
pub fn propose_config(dir: &Path) -> Result<ProposedConfig, InitError> {
    let unreadable = |source| InitError::UnreadableDirectory {
        dir: dir.to_owned(),
        source,
    };
    std::fs::read_dir(dir).map_err(unreadable)?;
    let real_path = std::fs::canonicalize(dir).map_err(unreadable)?;
    let directory_name = real_path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let tree = SiteTree::new(dir);
    let subdirs = subdirectory::list_site_dirs(&tree);
    let subtrees: Vec<_> = subdirs
        .iter()
        .map(|subdir| (subdir, SiteTree::new(&dir.join(subdir))))
        .collect();
    let (mut site, mut posts) = detect_posts(&tree);
    let mut subdir = "";
    if site.tools.is_empty() {
        for (name, subtree) in &subtrees {
            let (found, pages) = detect_posts(subtree);
            // Without a generator at the top, its posts are those of the directory with most.
            let has_more = match subdir {
                "" => found.post_count > 0 && found.post_count * 2 >= site.post_count,
                _ => found.post_count > site.post_count,
            };
            let is_first = site.tools.is_empty() && site.post_count == 0;
            let generator = found.tools.first().map(|tool| tool.0);
            if generator.is_some_and(|name| name != "Decap CMS") && (has_more || is_first) {
                (site, posts, subdir) = (found, pages, name.as_str());
            }
        }
    }
    if site.tools.is_empty() && site.post_count == 0 {
        return Err(InitError::NothingFound {
            dir: dir.to_owned(),
        });
    }
    language::guess_language(&mut site, &posts);
    language::match_listed_language(&mut site);
    language::warn_of_unlisted_languages(&mut site);
    post_fields::set_permalink_field(&mut site, &mut posts);
    post_fields::set_title_field(&mut site, &posts);
    site_identity::set_url_and_title(&mut site, &posts, &directory_name.unwrap_or_default());
    site_branding::set_theme_color(&mut site);
    site_branding::set_feed_images(&mut site);
    let authors = author_data::list_authors(&site);
    suggestions::add_suggestions(&mut site, &posts);
    subdirectory::prefix_paths(&mut site, subdir);
    let mut findings = site.findings;
    for finding in &mut findings {
        finding.file = summary::display_path(dir, &finding.file, None);
    }
    Ok(ProposedConfig {
        root: dir.to_owned(),
        tools: site.tools,
        settings: site.settings.into_values().chain(authors).collect(),
        suggestions: site.suggestions,
        findings,
        post_count: site.post_count,
        other_page_count: site.other_page_count,
        left_out_posts: site.left_out_posts,
    })
}

/// Reads the files of the generator, and finds the posts.
fn detect_posts(tree: &SiteTree) -> (DetectedSite<'_>, MarkdownPages) {
    let mut site = DetectedSite::new(tree);
    generators::read_generator_files(&mut site);
    decap::read_decap_config(&mut site);
    feed_paths::set_feed_aliases(&mut site);
    emoji::detect_emoji(&mut site);
    let posts = locate_posts::locate_posts(&mut site);
    (site, posts)
}
