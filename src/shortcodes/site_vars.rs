//! Holds the values of the site and of a post that shortcodes may use.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Config;
use crate::model::markup::Markup;
use url::Url;

/// Values of the site that shortcodes can show.
#[derive(Debug, Clone)]
pub(crate) struct SiteVars {
    /// URL of the site.
    pub(crate) url: Url,
    /// Title of the site.
    pub(crate) title: String,
    /// Contents of the site's own files.
    pub(crate) files: Arc<SiteFiles>,
}

/// Contents of the files of a site that its posts use.
#[derive(Debug, Default, Hash)]
pub(crate) struct SiteFiles {
    /// Texts of `_config.yml` by dotted path.
    pub(crate) values: BTreeMap<String, String>,
    /// Markdown files by path below `_includes`.
    pub(crate) includes: BTreeMap<String, String>,
    /// True if the site's Markdown parser is kramdown, as in Jekyll.
    pub(crate) uses_kramdown: bool,
}

/// Values of one post that its body uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PageVars {
    /// Language that the body is written in.
    pub(crate) markup: Markup,
    /// Texts of front matter fields by dotted path in lower case.
    pub(crate) values: Vec<(String, String)>,
    /// Description that feeds show in place of a body most of which is left out.
    pub(crate) summary: Option<String>,
}

impl SiteVars {
    pub(crate) fn new(config: &Config, files: Arc<SiteFiles>) -> SiteVars {
        SiteVars {
            url: config.site.url.clone(),
            title: config.site.title.clone(),
            files,
        }
    }
}
