//! Renders robots.txt (RFC 9309).

use std::fmt::Write as _;

use crate::model::artifact::ArtifactKey;
use crate::site::Site;

pub(super) fn render_robots_txt(site: &Site) -> Vec<u8> {
    let mut text = String::new();
    for group in &site.settings.robots_groups {
        for agent in &group.user_agents {
            let _ = writeln!(text, "User-agent: {agent}");
        }
        for path in &group.allow {
            let _ = writeln!(text, "Allow: {path}");
        }
        for path in &group.disallow {
            let _ = writeln!(text, "Disallow: {path}");
        }
        // Without a rule, the group would merge with the next one (§2.2). An empty `Disallow` matches no path.
        if group.allow.is_empty() && group.disallow.is_empty() {
            text.push_str("Disallow:\n");
        }
        text.push('\n');
    }
    let news = site.news.as_ref().map(|_| ArtifactKey::NewsSitemap);
    for key in std::iter::once(ArtifactKey::Sitemap).chain(news) {
        let url = key.absolute_url(&site.settings.public_url);
        let _ = writeln!(text, "Sitemap: {url}");
    }
    text.into_bytes()
}
