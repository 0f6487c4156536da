//! The crawlers' rules as robots.txt (RFC 9309).

use std::fmt::Write as _;

use crate::artifact::ArtifactKey;
use crate::site::Site;

pub(super) fn render(site: &Site) -> Vec<u8> {
    let mut text = String::new();
    for group in &site.settings.robots {
        for agent in &group.user_agents {
            let _ = writeln!(text, "User-agent: {agent}");
        }
        for path in &group.allow {
            let _ = writeln!(text, "Allow: {path}");
        }
        for path in &group.disallow {
            let _ = writeln!(text, "Disallow: {path}");
        }
        // §2.2: a group has rules; this one forbids nothing.
        if group.allow.is_empty() && group.disallow.is_empty() {
            text.push_str("Disallow:\n");
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "Sitemap: {}",
        ArtifactKey::Sitemap.url(&site.settings.public_url)
    );
    text.into_bytes()
}
