//! The public pages of the site as a sitemap (sitemaps.org), with Google's image extension.
//!
//! One file while it fits. Past 50,000 URLs or 52,428,800 bytes the URLs are dealt by a hash of
//! their address into parts, two, four, eight …, under an index: an edit changes the one part its
//! post is in, and so does a new or withdrawn post. `lastmod` is what the post says of itself,
//! and nothing where it says nothing; `changefreq` and `priority` are read by nobody.
//!
//! It is rendered when it is asked for. How many parts there are, and the fingerprint of each, are known before
//! ([`UrlSet`]).

use std::sync::Arc;

use super::xml::Xml;
use super::{RenderError, failed, rfc3339, xml_style};
use crate::artifact::{ArtifactKey, Deferred, Draw, DrawError};
use crate::fingerprint;
use crate::site::entry::Entry;
use crate::site::url_set::{MAX_IMAGES, Totals, UrlSet};
use crate::site::{Site, Translation};

const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
const LINK_NAMESPACE: &str = "http://www.w3.org/1999/xhtml";
const IMAGE_NAMESPACE: &str = "http://www.google.com/schemas/sitemap-image/1.1";
/// To be raised when the same addresses become other bytes.
const EDITION: u32 = 1;

/// What one file may hold.
#[derive(Debug, Clone, Copy)]
struct Limits {
    urls: usize,
    bytes: usize,
}

/// What a file has besides its addresses, in bytes, at most.
const FRAME: usize = 1_000;

const LIMITS: Limits = Limits {
    urls: 50_000,
    bytes: 52_428_800,
};

/// One file of a sitemap that can be rendered.
#[derive(Debug)]
struct SitemapDrawing {
    site: Arc<Site>,
    /// The number of the part, counted from 0; `None` for the index.
    part: Option<usize>,
    parts: usize,
    totals: Totals,
}

/// The sitemap, its index or a part of it, if there is one of this name.
pub(super) fn deferred(site: &Arc<Site>, key: &ArtifactKey) -> Option<Deferred> {
    let drawing = SitemapDrawing::new(site, key, LIMITS)?;
    Some(Deferred {
        fingerprint: drawing.fingerprint(),
        draw: Arc::new(drawing),
    })
}

/// The names of the sitemap and its parts.
pub(super) fn keys(site: &Site) -> impl Iterator<Item = ArtifactKey> + use<> {
    let parts = parts(&site.urls, LIMITS);
    let numbered = (1..=parts).filter(move |_| parts > 1);
    std::iter::once(ArtifactKey::Sitemap).chain(numbered.map(ArtifactKey::SitemapPart))
}

fn parts(urls: &UrlSet, limits: Limits) -> usize {
    urls.parts(|part| part.urls <= limits.urls && part.bytes + FRAME <= limits.bytes)
}

impl SitemapDrawing {
    fn new(site: &Arc<Site>, key: &ArtifactKey, limits: Limits) -> Option<SitemapDrawing> {
        let parts = parts(&site.urls, limits);
        let part = match key {
            ArtifactKey::Sitemap if parts == 1 => Some(0),
            ArtifactKey::Sitemap => None,
            ArtifactKey::SitemapPart(number) if parts > 1 && *number <= parts => {
                Some(number.checked_sub(1)?)
            }
            _ => return None,
        };
        Some(SitemapDrawing {
            totals: match part {
                Some(part) => site.urls.part(part, parts),
                None => site.urls.part(0, 1),
            },
            site: Arc::clone(site),
            part,
            parts,
        })
    }

    /// A hash of all that the bytes depend on.
    fn fingerprint(&self) -> String {
        let settings = &self.site.settings;
        fingerprint::of(&(
            (EDITION, env!("CARGO_PKG_VERSION")),
            xml_style::version(settings),
            (&settings.public_url, &settings.language),
            (self.part, self.parts, self.totals.urls, self.totals.hash),
        ))
    }

    /// The posts in a part, newest first.
    fn posts(&self, part: usize) -> impl Iterator<Item = &Arc<Entry>> {
        self.site.entries().iter().filter(move |entry| {
            entry.in_sitemap() && UrlSet::part_of(entry.bucket(), self.parts) == part
        })
    }

    fn render(&self) -> Result<Vec<u8>, RenderError> {
        let xml = match self.part {
            Some(part) => self.url_set(part)?,
            None => self.index()?,
        };
        Ok(xml_style::styled(xml.finish(), &self.site.settings))
    }

    fn index(&self) -> std::io::Result<Xml> {
        let mut newest = vec![None; self.parts];
        for entry in self.site.entries().iter() {
            let part = UrlSet::part_of(entry.bucket(), self.parts);
            if let Some(newest) = newest.get_mut(part).filter(|_| entry.in_sitemap()) {
                *newest = (*newest).max(Some(entry.updated()));
            }
        }
        let mut xml = Xml::document()?;
        xml.open("sitemapindex", &[("xmlns", NAMESPACE)])?;
        for (part, newest) in newest.into_iter().enumerate() {
            let key = ArtifactKey::SitemapPart(part + 1);
            xml.open("sitemap", &[])?;
            xml.text("loc", &key.url(&self.site.settings.public_url))?;
            if let Some(lastmod) = newest {
                xml.text("lastmod", &rfc3339(lastmod))?;
            }
            xml.close("sitemap")?;
        }
        xml.close("sitemapindex")?;
        Ok(xml)
    }

    /// The pages of a part, then its posts.
    fn url_set(&self, part: usize) -> std::io::Result<Xml> {
        let site = &*self.site;
        let translations = |entry: &Arc<Entry>| site.translations_of(entry);
        let has_languages = !site.translations.is_empty()
            && self.posts(part).any(|entry| translations(entry).is_some());
        let mut names = vec![("xmlns", NAMESPACE), ("xmlns:image", IMAGE_NAMESPACE)];
        if has_languages {
            names.push(("xmlns:xhtml", LINK_NAMESPACE));
        }
        let mut xml = Xml::document_of(self.totals.bytes + FRAME)?;
        xml.open("urlset", &names)?;
        for page in site.urls.pages() {
            let bucket = fingerprint::bucket_hash(page.as_bytes());
            if UrlSet::part_of(bucket, self.parts) == part {
                xml.open("url", &[])?;
                xml.text("loc", page)?;
                xml.close("url")?;
            }
        }
        for entry in self.posts(part) {
            xml.open("url", &[])?;
            xml.text("loc", entry.url())?;
            xml.text("lastmod", &rfc3339(entry.updated()))?;
            if let Some(translations) = translations(entry).filter(|_| has_languages) {
                alternates(&mut xml, &translations, &site.settings.language)?;
            }
            for image in entry.images().iter().take(MAX_IMAGES) {
                xml.open("image:image", &[])?;
                xml.text("image:loc", &image.url)?;
                xml.close("image:image")?;
            }
            xml.close("url")?;
        }
        xml.close("urlset")?;
        Ok(xml)
    }
}

impl Draw for SitemapDrawing {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        let mut bytes = failed(self.render())?;
        bytes.shrink_to_fit();
        Ok(bytes)
    }

    fn max_len(&self) -> Option<usize> {
        self.part.map(|_| self.totals.bytes + FRAME)
    }
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

    use chrono::DateTime;

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

    /// The files with their names, and their fingerprints; no file is larger than was said.
    fn drawn_within(site: &Arc<Site>, limits: Limits) -> Vec<(ArtifactKey, Vec<u8>, String)> {
        let mut keys = std::iter::once(ArtifactKey::Sitemap)
            .chain((1..).map(ArtifactKey::SitemapPart))
            .map_while(|key| Some((SitemapDrawing::new(site, &key, limits)?, key)));
        let drawn = |(drawing, key): (SitemapDrawing, ArtifactKey)| {
            let bytes = drawing.draw().expect("rendered");
            assert!(drawing.max_len().is_none_or(|most| bytes.len() <= most));
            (key, bytes, drawing.fingerprint())
        };
        keys.by_ref().map(drawn).collect()
    }

    fn render_within(site: &Arc<Site>, limits: Limits) -> Vec<(ArtifactKey, Vec<u8>)> {
        let drawn = drawn_within(site, limits).into_iter();
        drawn.map(|(key, bytes, _)| (key, bytes)).collect()
    }

    fn render(site: &Arc<Site>) -> Vec<(ArtifactKey, Vec<u8>)> {
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
        let parts = |site: &Arc<Site>| drawn_within(site, limits);
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
                .filter(|(a, b)| {
                    assert_eq!(a.1 == b.1, a.2 == b.2, "the fingerprint tells");
                    a.1 != b.1
                })
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
