//! Renders the style sheet with which browsers show feeds and sitemaps that they open as XML.
//!
//! That happens with a saved file, with a cached copy, or where a feed has no HTML page. CSS cannot make links of URLs,
//! or parse escaped HTML. So it shows titles, dates and summaries, and hides the rest.

use super::html_escape::escape_html;
use crate::color;
use crate::hash;
use crate::model::artifact::ArtifactKey;
use crate::site::SiteSettings;

/// Hashes everything that the style sheet depends on.
pub(super) fn stylesheet_fingerprint(settings: &SiteSettings) -> String {
    hash::hash_value_hex(&(XML_CSS, &settings.theme_color))
}

pub(super) fn render_stylesheet(settings: &SiteSettings) -> Vec<u8> {
    let accent = &settings.theme_color;
    let on_accent = color::text_color_on(accent);
    format!(":root{{--accent:{accent};--on-accent:{on_accent};{XML_CSS}").into_bytes()
}

/// Adds the `xml-stylesheet` instruction to a document, after the XML declaration.
pub(super) fn link_stylesheet(mut document: Vec<u8>, settings: &SiteSettings) -> Vec<u8> {
    let end = document.windows(2).position(|window| window == b"?>");
    if let Some(end) = end {
        let at = end + 2;
        document.splice(at..at, stylesheet_instruction(settings).into_bytes());
    }
    document
}

fn stylesheet_instruction(settings: &SiteSettings) -> String {
    let url = ArtifactKey::FeedStylesheet
        .versioned_url(&settings.public_url, &stylesheet_fingerprint(settings));
    let url = escape_html(&url).replace('"', "&quot;");
    format!("\n<?xml-stylesheet type=\"text/css\" href=\"{url}\"?>")
}

/// Style rules, after the colours that depend on the site.
const XML_CSS: &str = "color-scheme:light dark;\
--paper:#fbfaf8;--card:#fff;--ink:#1c1b1a;--soft:#5d5a55;--line:#e4e0da}\n\
@media(prefers-color-scheme:dark){:root{--paper:#161514;--card:#1f1e1c;--ink:#eeebe6;--soft:#aaa49b;--line:#363330}}\n\
rss *,feed *,urlset *,sitemapindex *{display:none}\n\
:root{display:block;box-sizing:border-box;min-height:100vh;max-width:44rem;margin:0 auto;padding:2rem 1.25rem 3rem;\
background:var(--paper);color:var(--ink);overflow-wrap:anywhere;\
font:17px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif}\n\
:root::before{display:block;margin:0 0 2rem;padding:.9rem 1.2rem;border-radius:12px;background:var(--accent);color:var(--on-accent);\
font-weight:600;content:\"This is a feed. To subscribe, copy its address into a feed reader.\"}\n\
urlset::before,sitemapindex::before{content:\"This is a sitemap. It tells search engines what there is.\"}\n\
rss>channel{display:block}\n\
channel>title,feed>title{display:block;font-size:2.2rem;font-weight:700;line-height:1.15;letter-spacing:-.02em;margin:0 0 .5rem}\n\
channel>description,feed>subtitle{display:block;font-size:1.1rem;color:var(--soft);margin:0 0 .5rem}\n\
channel>link:not(:empty){display:block;font-size:.9rem;color:var(--soft)}\n\
item,entry{display:flex!important;flex-direction:column;margin:1.6rem 0 0;padding:1.3rem 0 0;border-top:1px solid var(--line)}\n\
item>pubDate,entry>published{display:block;order:1;font-size:.85rem;color:var(--soft);font-variant-numeric:tabular-nums}\n\
item>title,entry>title{display:block;order:2;font-size:1.25rem;font-weight:600;line-height:1.3;margin:.1rem 0 .35rem}\n\
item>description,entry>summary{display:block;order:3;color:var(--soft)}\n\
item>encoded,entry>content{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:6;order:3;overflow:hidden;\
color:var(--soft);font-size:.9rem}\n\
description~encoded,summary~content{display:none!important}\n\
item>creator,entry>author,author>name{display:block;order:4;font-size:.9rem}\n\
item>link,entry>link[rel=alternate]{display:block;order:5;margin:.45rem 0 0;\
font:.82rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--soft);user-select:all}\n\
entry>link[rel=alternate]::after{content:attr(href)}\n\
url,sitemap{display:flex!important;flex-wrap:wrap;justify-content:space-between;gap:0 1.5rem;padding:.5rem 0;border-top:1px solid var(--line)}\n\
url>loc,sitemap>loc{display:block}\n\
url>lastmod,sitemap>lastmod{display:block;font-size:.85rem;color:var(--soft);font-variant-numeric:tabular-nums}\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_zone::IanaZone;

    #[test]
    fn stylesheet_instruction_follows_the_declaration() {
        let settings = SiteSettings {
            title: String::new(),
            description: String::new(),
            url: String::new(),
            public_url: "https://e.org/a&b".to_owned(),
            language: "en".to_owned(),
            timezone: IanaZone::UTC,
            theme_color: "#0f766e".to_owned(),
            copyright: None,
            icon_url: None,
            logo_url: None,
            managing_editor: None,
            webmaster: None,
            link_posts_lead_away: false,
            ttl_minutes: Some(60),
            has_sitemap_videos: false,
            has_llms_txt: false,
            news_publication: None,
            has_html_feeds: true,
            page_urls: Vec::new(),
            robots_groups: Vec::new(),
            feed_aliases: Vec::new(),
            hubs: Vec::new(),
            indexnow_key: None,
        };
        let styled = link_stylesheet(b"<?xml version=\"1.0\"?>\n<rss/>".to_vec(), &settings);
        let styled = String::from_utf8(styled).unwrap();
        let version = stylesheet_fingerprint(&settings);
        assert_eq!(
            styled,
            format!(
                "<?xml version=\"1.0\"?>\n<?xml-stylesheet type=\"text/css\" \
                 href=\"https://e.org/a&amp;b/feed.css?v={version}\"?>\n<rss/>"
            )
        );
        let other = SiteSettings {
            theme_color: "#ff0000".to_owned(),
            ..settings.clone()
        };
        assert_ne!(render_stylesheet(&settings), render_stylesheet(&other));
        assert_ne!(version, super::stylesheet_fingerprint(&other));
    }
}
