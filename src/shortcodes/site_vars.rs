//! Holds the values of the site that shortcodes may use.

use crate::config::Config;
use url::Url;

/// Values of the site that shortcodes can show.
#[derive(Debug, Clone)]
pub(crate) struct SiteVars {
    /// URL of the site.
    pub(crate) url: Url,
    /// Title of the site.
    pub(crate) title: String,
}

impl SiteVars {
    pub(crate) fn from_config(config: &Config) -> SiteVars {
        SiteVars {
            url: config.site.url.clone(),
            title: config.site.title.clone(),
        }
    }
}
