//! Names the configuration so that the generator does not publish it with the site.
//!
//! It may hold mail addresses, tokens and the addresses of the operator's page.

use std::path::Path;

use super::file::real;
use super::{Survey, talk};
use crate::config::Config;

/// The name where files of the site's directory may be published. Jekyll leaves out names with a leading dot
/// or underscore; Hugo (in its content), `MkDocs` and many static web servers only those with a dot.
pub(super) const UNPUBLISHED_NAME: &str = ".courant.toml";

impl Survey {
    /// Names the configuration so that the generator neither takes it for its own nor publishes it.
    pub fn file_name(&self) -> &'static str {
        match self.generator() {
            Some("Hugo" | "Zola") => "courant.toml",
            // They publish directories of their own, and not that of the site.
            Some("Gatsby" | "Astro" | "Nuxt Content" | "Eleventy" | "Hexo") => "config.toml",
            _ => UNPUBLISHED_NAME,
        }
    }

    /// Says why a configuration has its name, or that it may be published with the site; `None` where
    /// neither is so.
    pub fn name_advice(&self, file: &Path) -> Option<String> {
        let name = file.file_name()?.to_string_lossy();
        let generator = self.generator();
        let is_in_site = real(file.parent()?).starts_with(real(&self.root));
        let is_for_jekyll = generator == Some("Jekyll") && name.starts_with('_');
        if self.file_name() != UNPUBLISHED_NAME || !is_in_site || is_for_jekyll {
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
                "`{name}` begins with a dot because many generators publish other files;\n  where a web server serves this directory as it is, keep the file outside of it: `--output FILE`"
            ),
            (None, false) => format!(
                "`{name}` is published where this directory is: call it `{UNPUBLISHED_NAME}`, or keep it outside"
            ),
        };
        Some(advice)
    }

    /// Finds a configuration that is published with the site, of a former `courant init`; names it as seen
    /// from the working directory.
    pub fn published_configuration(&self) -> Option<String> {
        if self.file_name() != UNPUBLISHED_NAME {
            return None;
        }
        let name = ["courant.toml", "config.toml"]
            .into_iter()
            .find(|name| is_configuration(&self.root.join(name)))?;
        Some(talk::place(&self.root, name, None))
    }

    /// The generator that was recognised. A CMS is none.
    fn generator(&self) -> Option<&'static str> {
        let mut names = self.makers.iter().map(|maker| maker.0);
        names.find(|name| *name != "Decap CMS")
    }
}

/// Whether a file is a configuration of courant's.
fn is_configuration(file: &Path) -> bool {
    let text = file.is_file().then(|| std::fs::read_to_string(file));
    matches!(text, Some(Ok(text)) if Config::parse(&text, "", Path::new("")).is_ok())
}
