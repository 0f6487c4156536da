//! The public pages of the site as a sitemap (sitemaps.org), with Google's image extension.
//!
//! One file while it fits. Past 50,000 URLs or 52,428,800 bytes the URLs are dealt by a hash of
//! their address into parts, two, four, eight …, under an index: an edit changes the one part its
//! post is in, and so does a new or withdrawn post. `lastmod` is what the post says of itself,
//! and nothing where it says nothing; `changefreq` and `priority` are read by nobody.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::document::{self, Frame};
use super::xml::Xml;
use super::{RenderError, rfc3339, xml_style};
use crate::artifact::{ArtifactKey, Chunk};
use crate::site::entry::Entry;
use crate::site::url_set::{Bucket, SiteUrl};
use crate::site::{Site, Translation};

const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
const LINK_NAMESPACE: &str = "http://www.w3.org/1999/xhtml";
const IMAGE_NAMESPACE: &str = "http://www.google.com/schemas/sitemap-image/1.1";
/// Google reads no more of one URL.
const MAX_IMAGES: usize = 1000;

/// What one file may hold.
#[derive(Clone, Copy)]
struct Limits {
    urls: usize,
    bytes: usize,
}

/// What a part has besides its addresses, in bytes, at most.
const FRAME: usize = 1_000;

const LIMITS: Limits = Limits {
    urls: 50_000,
    bytes: 52_428_800,
};

/// The addresses of a bucket as they stand in a part.
#[derive(Debug)]
pub(super) struct Sheet {
    chunk: Chunk,
    urls: usize,
    lastmod: Option<DateTime<Utc>>,
    has_languages: bool,
}

impl Sheet {
    pub(super) fn of(bucket: &Bucket, language: &str) -> Result<Sheet, RenderError> {
        let mut xml = Xml::document()?;
        xml.open("urlset", &[])?;
        let mut sheet = Sheet {
            chunk: Chunk::new(Vec::new()),
            urls: bucket.len(),
            lastmod: None,
            has_languages: false,
        };
        for url in bucket {
            xml.open("url", &[])?;
            match url {
                SiteUrl::Page(page) => xml.text("loc", page)?,
                SiteUrl::Post(entry, translations) => {
                    post(&mut xml, entry, translations.as_deref(), language)?;
                    sheet.has_languages |= translations.is_some();
                    sheet.lastmod = sheet.lastmod.max(Some(entry.updated()));
                }
            }
            xml.close("url")?;
        }
        xml.close("urlset")?;
        sheet.chunk = Chunk::new(Frame::inside(xml.finish(), URL));
        Ok(sheet)
    }
}

/// How an address begins and ends.
const URL: (&str, &str) = ("\n  <url>", "</url>");

fn post(
    xml: &mut Xml,
    entry: &Entry,
    translations: Option<&[Translation]>,
    language: &str,
) -> std::io::Result<()> {
    xml.text("loc", entry.url())?;
    xml.text("lastmod", &rfc3339(entry.updated()))?;
    alternates(xml, translations.unwrap_or_default(), language)?;
    for image in entry.images().iter().take(MAX_IMAGES) {
        xml.open("image:image", &[])?;
        xml.text("image:loc", &image.url)?;
        xml.close("image:image")?;
    }
    Ok(())
}

/// The sitemap of all sheets, or the index and its parts.
pub(super) fn assemble(
    site: &Site,
    sheets: &[Arc<Sheet>],
) -> Result<Vec<(ArtifactKey, Vec<Chunk>)>, RenderError> {
    assemble_within(site, sheets, LIMITS)
}

fn assemble_within(
    site: &Site,
    sheets: &[Arc<Sheet>],
    limits: Limits,
) -> Result<Vec<(ArtifactKey, Vec<Chunk>)>, RenderError> {
    // Buckets are a power of two, and so are parts: when they double, each splits in two.
    let mut parts = 1;
    let dealt = loop {
        let mut dealt: Vec<Vec<&Arc<Sheet>>> = vec![Vec::new(); parts];
        for (number, sheet) in sheets.iter().enumerate() {
            if let Some(part) = dealt.get_mut(number % parts) {
                part.push(sheet);
            }
        }
        let fits = |part: &Vec<&Arc<Sheet>>| {
            let urls: usize = part.iter().map(|sheet| sheet.urls).sum();
            let bytes: usize = part.iter().map(|sheet| sheet.chunk.len()).sum();
            urls <= limits.urls && bytes + FRAME <= limits.bytes
        };
        if parts >= sheets.len() || dealt.iter().all(fits) {
            break dealt;
        }
        parts *= 2;
    };
    if let [only] = dealt.as_slice() {
        return Ok(vec![(ArtifactKey::Sitemap, url_set(site, only)?)]);
    }
    let mut index = Xml::document()?;
    index.open("sitemapindex", &[("xmlns", NAMESPACE)])?;
    let mut artifacts = Vec::new();
    for (number, part) in dealt.iter().enumerate() {
        let key = ArtifactKey::SitemapPart(number + 1);
        index.open("sitemap", &[])?;
        index.text("loc", &key.url(&site.settings.public_url))?;
        if let Some(lastmod) = part.iter().filter_map(|sheet| sheet.lastmod).max() {
            index.text("lastmod", &rfc3339(lastmod))?;
        }
        index.close("sitemap")?;
        artifacts.push((key, url_set(site, part)?));
    }
    index.close("sitemapindex")?;
    let index = xml_style::styled(index.finish(), &site.settings);
    artifacts.insert(0, (ArtifactKey::Sitemap, vec![Chunk::new(index)]));
    Ok(artifacts)
}

fn url_set(site: &Site, sheets: &[&Arc<Sheet>]) -> std::io::Result<Vec<Chunk>> {
    let mut xml = Xml::document()?;
    let mut names = vec![("xmlns", NAMESPACE), ("xmlns:image", IMAGE_NAMESPACE)];
    if sheets.iter().any(|sheet| sheet.has_languages) {
        names.push(("xmlns:xhtml", LINK_NAMESPACE));
    }
    xml.open("urlset", &names)?;
    let is_empty = sheets.iter().all(|sheet| sheet.urls == 0);
    if !is_empty {
        xml.open("url", &[])?;
        xml.close("url")?;
    }
    xml.close("urlset")?;
    let frame = Frame::around(xml_style::styled(xml.finish(), &site.settings), URL);
    let sheets = sheets.iter().filter(|sheet| sheet.urls > 0);
    Ok(document::assemble(
        frame,
        sheets.map(|sheet| sheet.chunk.clone()),
    ))
}

/// All languages of a page, its own among them, as Google asks for; readers of none of them get the
/// site's.
fn alternates(xml: &mut Xml, translations: &[Translation], language: &str) -> std::io::Result<()> {
    let site = translations.iter().find(|one| one.language == language);
    let fallback = site.map(|one| ("x-default", one.url.as_str()));
    let all = translations
        .iter()
        .map(|one| (one.language.as_str(), one.url.as_str()));
    for (language, url) in all.chain(fallback) {
        let link = [("rel", "alternate"), ("hreflang", language), ("href", url)];
        xml.empty("xhtml:link", &link)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;
    use crate::content::{Depth, Parsed, parse};
    use crate::post::{Permalink, Post};

    /// A site of so many posts, of which one may have been changed.
    fn site(posts: usize, changed: Option<usize>) -> Arc<Site> {
        let toml = "[site]\nurl = \"https://example.org\"\ntitle = \"t\"\n[feed]\nlimit = 1\n";
        let config = Config::parse(toml, "", Path::new("")).expect("a configuration");
        let text = b"---\ntitle: t\ndate: 2024-01-01\n---\n";
        let Parsed::Post { post, .. } = parse(text, "a.md", &config, Depth::Publish) else {
            panic!("a post")
        };
        let numbered = |number: usize| {
            let mut post = Post::clone(&post);
            post.path = format!("{number}.md").into();
            let url = format!("https://example.org/{number}/");
            post.permalink = Permalink::new(url.parse().expect("an address"), true, None);
            if changed == Some(number) {
                post.updated = Some(post.published + chrono::TimeDelta::days(100));
            }
            Arc::new(post)
        };
        let posts: Vec<_> = (0..posts).map(numbered).collect();
        let now = DateTime::from_timestamp(1_735_689_600, 0).expect("an instant");
        Site::judge(&config, &posts, now).site
    }

    fn render_within(site: &Site, limits: Limits) -> Vec<(ArtifactKey, Vec<u8>)> {
        let sheet = |bucket| Arc::new(Sheet::of(bucket, "en").expect("rendered"));
        let sheets: Vec<_> = site
            .urls
            .buckets()
            .iter()
            .map(|bucket| sheet(bucket))
            .collect();
        let parts = assemble_within(site, &sheets, limits)
            .expect("rendered")
            .into_iter();
        let whole = |chunks: Vec<Chunk>| {
            let chunks = chunks
                .iter()
                .map(|chunk| chunk.bytes().expect("just made").to_vec());
            chunks.collect::<Vec<_>>().concat()
        };
        parts.map(|(key, chunks)| (key, whole(chunks))).collect()
    }

    fn render(site: &Site) -> Vec<(ArtifactKey, Vec<u8>)> {
        render_within(site, LIMITS)
    }

    fn count(bytes: &[u8], needle: &str) -> usize {
        String::from_utf8_lossy(bytes).matches(needle).count()
    }

    #[test]
    fn fifty_thousand_urls_are_one_file_and_one_more_are_an_index_over_parts() {
        // With the home page there is one URL more than posts.
        let full = render(&site(49_999, None));
        assert_eq!(full.len(), 1);
        assert_eq!(count(&full[0].1, "<url>"), 50_000);
        let more = render(&site(50_000, None));
        let keys: Vec<_> = more.iter().map(|(key, _)| key.path()).collect();
        assert_eq!(keys, ["/sitemap.xml", "/sitemap-1.xml", "/sitemap-2.xml"]);
        assert_eq!(count(&more[0].1, "<loc>https://example.org/sitemap-"), 2);
        assert_eq!(
            more[1..]
                .iter()
                .map(|(_, body)| count(body, "<url>"))
                .sum::<usize>(),
            50_001
        );
    }

    #[test]
    fn an_edit_a_new_post_and_a_withdrawn_one_each_change_one_part() {
        let limits = Limits {
            urls: 50,
            bytes: 1_000_000,
        };
        let parts = |site: &Site| render_within(site, limits);
        let before = parts(&site(300, None));
        assert!(before.len() > 5);
        for after in [
            parts(&site(300, Some(77))),
            parts(&site(301, None)),
            parts(&site(299, None)),
        ] {
            assert_eq!(after.len(), before.len());
            let changed = before
                .iter()
                .zip(&after)
                .skip(1)
                .filter(|(a, b)| a.1 != b.1)
                .count();
            assert_eq!(changed, 1);
        }
        let index = &parts(&site(300, Some(77)))[0].1;
        assert_eq!(count(index, "<lastmod>2024-04-10T00:00:00Z</lastmod>"), 1);
    }

    #[test]
    fn no_part_is_larger_than_its_bytes() {
        let limits = Limits {
            urls: 50_000,
            bytes: 8_000,
        };
        let rendered = render_within(&site(300, None), limits);
        assert!(rendered.len() > 2);
        assert!(rendered[1..].iter().all(|(_, body)| body.len() <= 8_000));
    }
}
