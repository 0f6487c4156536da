//! Chooses a name for the configuration that the generator does not publish with the site.
//!
//! A configuration may hold mail addresses, tokens and the address of the admin page.

use std::path::Path;

use super::proposed_config::ProposedConfig;
use super::summary;
use super::write_config::resolve_path;
use crate::config::Config;
use crate::detect::site_tree::UNPUBLISHED_NAME;

/// Returns a file name that the generator neither reads as its own nor publishes.
pub fn config_file_name(proposed: &ProposedConfig) -> &'static str {
    match proposed.generator_name() {
        Some("Hugo" | "Zola") => "courant.toml",
        // They publish an output directory, not the site's directory.
        Some(
            "Gatsby" | "Astro" | "Nuxt Content" | "Eleventy" | "Hexo" | "Docusaurus" | "VitePress"
            | "Pelican",
        ) => "config.toml",
        _ => UNPUBLISHED_NAME,
    }
}

/// Explains the dot in a configuration's name, or warns that the file may be published; `None`
/// if neither applies.
pub fn config_name_advice(proposed: &ProposedConfig, file: &Path) -> Option<String> {
    let name = file.file_name()?.to_string_lossy();
    let generator = proposed.generator_name();
    let is_in_site = resolve_path(file.parent()?).starts_with(resolve_path(&proposed.root));
    let is_for_jekyll = generator == Some("Jekyll") && name.starts_with('_');
    if config_file_name(proposed) != UNPUBLISHED_NAME || !is_in_site || is_for_jekyll {
        return None;
    }
    let advice = match (generator, name.starts_with('.')) {
        (Some(generator), true) => format!(
            "`{name}` begins with a dot because {generator} publishes other files of this directory"
        ),
        (Some(generator), false) => format!(
            "{generator} publishes `{name}` with the site: call it `{UNPUBLISHED_NAME}`, or keep it outside of this directory"
        ),
        (None, true) => format!(
            "`{name}` begins with a dot because many generators publish other files;\n  if a web server serves this directory as it is, keep the file outside of it: `--output FILE`"
        ),
        (None, false) => format!(
            "`{name}` is published if this directory is: call it `{UNPUBLISHED_NAME}`, or keep it outside"
        ),
    };
    Some(advice)
}

/// Finds a configuration of an earlier `courant init` that is published with the site. The path
/// is relative to the working directory.
pub fn find_published_config(proposed: &ProposedConfig) -> Option<String> {
    if config_file_name(proposed) != UNPUBLISHED_NAME {
        return None;
    }
    let name = ["courant.toml", "config.toml"]
        .into_iter()
        .find(|name| is_courant_config(&proposed.root.join(name)))?;
    Some(summary::display_path(&proposed.root, name, None))
}

/// Returns true if the file is a valid configuration of courant.
fn is_courant_config(file: &Path) -> bool {
    let text = file.is_file().then(|| std::fs::read_to_string(file));
    matches!(text, Some(Ok(text)) if Config::parse(&text, "", Path::new("")).is_ok())
}
