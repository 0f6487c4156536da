//! Renders the sitemap (sitemaps.org) of the public pages, with Google's extensions for images and videos.
//!
//! It is one file while it fits. Past 50,000 URLs or 52,428,800 bytes, an index lists two, four,
//! eight … parts, and a hash of each URL selects its part. So an edited, new or withdrawn post
//! changes only one part. `lastmod` is the date that the post gives; `changefreq` and `priority`
//! are left out, as search engines ignore them.
//!
//! Files are rendered on request. The site index keeps the number of parts and the fingerprint of each.

use std::sync::Arc;

use super::render_error::{RenderError, map_render_error};
use super::xml::XmlWriter;
use super::xml_stylesheet;
use crate::hash;
use crate::model::artifact::{ArtifactKey, LazyBody, LazyRenderError, OUTPUT_VERSION, RenderBody};
use crate::model::post::Video;
use crate::site::entry::Entry;
use crate::site::sitemap_urls::{MAX_IMAGES_PER_URL, SitemapUrls, UrlTotals};
use crate::site::{Site, Translation};
use crate::timestamp::format_rfc3339;

const SITEMAP_NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
const XHTML_NAMESPACE: &str = "http://www.w3.org/1999/xhtml";
const IMAGE_NAMESPACE: &str = "http://www.google.com/schemas/sitemap-image/1.1";
const VIDEO_NAMESPACE: &str = "http://www.google.com/schemas/sitemap-video/1.1";

/// Maximum size of one sitemap file.
#[derive(Debug, Clone, Copy)]
struct SitemapLimits {
    urls: usize,
    bytes: usize,
}

/// Upper bound of the bytes of a file besides its URLs.
const ENVELOPE_BYTES: usize = 1_000;

/// Limits of the sitemaps.org protocol.
const PROTOCOL_LIMITS: SitemapLimits = SitemapLimits {
    urls: 50_000,
    bytes: 52_428_800,
};

/// Renders one file of the sitemap on request.
#[derive(Debug)]
struct SitemapRenderer {
    site: Arc<Site>,
    /// Index of the part, from 0; `None` for the sitemap index.
    part: Option<usize>,
    part_count: usize,
    totals: UrlTotals,
}

/// Returns the sitemap, its index or a part of it; `None` if the key names no such file.
pub(super) fn lazy_sitemap(site: &Arc<Site>, key: &ArtifactKey) -> Option<LazyBody> {
    let drawing = SitemapRenderer::new(site, key, PROTOCOL_LIMITS)?;
    Some(LazyBody {
        fingerprint: drawing.compute_fingerprint(),
        renderer: Arc::new(drawing),
    })
}

/// Returns the keys of the sitemap and its parts.
pub(super) fn sitemap_keys(site: &Site) -> impl Iterator<Item = ArtifactKey> + use<> {
    let parts = count_parts(&site.sitemap_urls, PROTOCOL_LIMITS);
    let numbered = (1..=parts).filter(move |_| parts > 1);
    std::iter::once(ArtifactKey::Sitemap).chain(numbered.map(ArtifactKey::SitemapPart))
}

/// Returns the number of parts into which the URLs are split.
fn count_parts(urls: &SitemapUrls, limits: SitemapLimits) -> usize {
    urls.count_parts(|part| {
        part.url_count <= limits.urls && part.estimated_bytes + ENVELOPE_BYTES <= limits.bytes
    })
}

impl SitemapRenderer {
    fn new(site: &Arc<Site>, key: &ArtifactKey, limits: SitemapLimits) -> Option<SitemapRenderer> {
        let parts = count_parts(&site.sitemap_urls, limits);
        let part = match key {
            ArtifactKey::Sitemap if parts == 1 => Some(0),
            ArtifactKey::Sitemap => None,
            ArtifactKey::SitemapPart(number) if parts > 1 && *number <= parts => {
                Some(number.checked_sub(1)?)
            }
            _ => return None,
        };
        Some(SitemapRenderer {
            totals: match part {
                Some(part) => site.sitemap_urls.sum_part(part, parts),
                None => site.sitemap_urls.sum_part(0, 1),
            },
            site: Arc::clone(site),
            part,
            part_count: parts,
        })
    }

    /// Hashes everything that the bytes depend on.
    fn compute_fingerprint(&self) -> String {
        let settings = &self.site.settings;
        hash::hash_value_hex(&(
            (OUTPUT_VERSION, env!("CARGO_PKG_VERSION")),
            xml_stylesheet::stylesheet_fingerprint(settings),
            (&settings.public_url, &settings.language),
            settings.has_sitemap_videos,
            (
                self.part,
                self.part_count,
                self.totals.url_count,
                self.totals.hash_sum,
            ),
        ))
    }

    /// Returns the posts in a part, newest first.
    fn posts_in_part(&self, part: usize) -> impl Iterator<Item = &Arc<Entry>> {
        self.site.listed_entries().iter().filter(move |entry| {
            entry.is_in_sitemap()
                && SitemapUrls::part_of_hash(entry.url_hash(), self.part_count) == part
        })
    }

    fn render_file(&self) -> Result<Vec<u8>, RenderError> {
        let xml = match self.part {
            Some(part) => self.render_url_set(part)?,
            None => self.render_index()?,
        };
        Ok(xml_stylesheet::link_stylesheet(
            xml.finish(),
            &self.site.settings,
        ))
    }

    /// Renders the sitemap index, with the newest `lastmod` of each part.
    fn render_index(&self) -> std::io::Result<XmlWriter> {
        let mut newest = vec![None; self.part_count];
        for entry in self.site.listed_entries().iter() {
            let part = SitemapUrls::part_of_hash(entry.url_hash(), self.part_count);
            if let Some(newest) = newest.get_mut(part).filter(|_| entry.is_in_sitemap()) {
                *newest = (*newest).max(Some(entry.modified_at()));
            }
        }
        let mut xml = XmlWriter::new()?;
        xml.open_element("sitemapindex", &[("xmlns", SITEMAP_NAMESPACE)])?;
        for (part, newest) in newest.into_iter().enumerate() {
            let key = ArtifactKey::SitemapPart(part + 1);
            xml.open_element("sitemap", &[])?;
            xml.write_text_element("loc", &key.absolute_url(&self.site.settings.public_url))?;
            if let Some(lastmod) = newest {
                xml.write_text_element("lastmod", &format_rfc3339(lastmod))?;
            }
            xml.close_element("sitemap")?;
        }
        xml.close_element("sitemapindex")?;
        Ok(xml)
    }

    /// Renders a part: its pages, then its posts.
    fn render_url_set(&self, part: usize) -> std::io::Result<XmlWriter> {
        let site = &*self.site;
        let translations = |entry: &Arc<Entry>| site.entry_translations(entry);
        let has_languages = !site.translations.is_empty()
            && self
                .posts_in_part(part)
                .any(|entry| translations(entry).is_some());
        let mut names = vec![
            ("xmlns", SITEMAP_NAMESPACE),
            ("xmlns:image", IMAGE_NAMESPACE),
        ];
        if site.settings.has_sitemap_videos {
            names.push(("xmlns:video", VIDEO_NAMESPACE));
        }
        if has_languages {
            names.push(("xmlns:xhtml", XHTML_NAMESPACE));
        }
        let mut xml = XmlWriter::with_capacity(self.totals.estimated_bytes + ENVELOPE_BYTES)?;
        xml.open_element("urlset", &names)?;
        for page in site.sitemap_urls.page_urls() {
            let bucket = hash::blake3_u64(page.as_bytes());
            if SitemapUrls::part_of_hash(bucket, self.part_count) == part {
                xml.open_element("url", &[])?;
                xml.write_text_element("loc", page)?;
                xml.close_element("url")?;
            }
        }
        for entry in self.posts_in_part(part) {
            xml.open_element("url", &[])?;
            xml.write_text_element("loc", entry.url())?;
            xml.write_text_element("lastmod", &format_rfc3339(entry.modified_at()))?;
            if let Some(translations) = translations(entry).filter(|_| has_languages) {
                write_alternates(&mut xml, &translations, &site.settings.language)?;
            }
            for image in entry.all_images().iter().take(MAX_IMAGES_PER_URL) {
                xml.open_element("image:image", &[])?;
                xml.write_text_element("image:loc", &image.url)?;
                xml.close_element("image:image")?;
            }
            for video in entry.videos() {
                write_video(&mut xml, entry, video)?;
            }
            xml.close_element("url")?;
        }
        xml.close_element("urlset")?;
        Ok(xml)
    }
}

impl RenderBody for SitemapRenderer {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        let mut bytes = map_render_error(self.render_file())?;
        bytes.shrink_to_fit();
        Ok(bytes)
    }

    fn max_rendered_len(&self) -> Option<usize> {
        self.part
            .map(|_| self.totals.estimated_bytes + ENVELOPE_BYTES)
    }
}

/// Writes a video of a post, with the title and the description of the post.
fn write_video(xml: &mut XmlWriter, entry: &Entry, video: &Video) -> std::io::Result<()> {
    let summary = entry.short_summary();
    let description = Some(summary.as_str()).filter(|text| !text.is_empty());
    let address = match video.is_player {
        true => "video:player_loc",
        false => "video:content_loc",
    };
    let published = format_rfc3339(entry.published_at());
    xml.open_element("video:video", &[])?;
    xml.write_text_element("video:thumbnail_loc", &video.thumbnail_url)?;
    xml.write_text_element("video:title", entry.title())?;
    xml.write_text_element("video:description", description.unwrap_or(entry.title()))?;
    xml.write_text_element(address, &video.url)?;
    xml.write_text_element("video:publication_date", &published)?;
    xml.close_element("video:video")
}

/// Writes links to all translations of a page, including itself as Google requires. `x-default` is the
/// translation in the site's language.
fn write_alternates(
    xml: &mut XmlWriter,
    translations: &[Translation],
    language: &str,
) -> std::io::Result<()> {
    let site = translations.iter().find(|one| one.language == language);
    let fallback = site.map(|one| ("x-default", one.url.as_str()));
    let all = translations
        .iter()
        .map(|one| (one.language.as_str(), one.url.as_str()));
    for (language, url) in all.chain(fallback) {
        let attributes = [("rel", "alternate"), ("hreflang", language), ("href", url)];
        xml.write_empty_element("xhtml:link", &attributes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::config::Config;
    use crate::model::parse_mode::ParseMode;
    use crate::model::post::{Permalink, Post, PostExtras};
    use crate::post::{ParsedFile, parse_file};
    use crate::site::SiteEvaluation;

    /// Builds a site with this number of posts; `changed` is the number of an edited one.
    fn site_with_posts(posts: usize, changed: Option<usize>) -> Arc<Site> {
        site_with_edits(posts, |number, post| {
            if changed == Some(number) {
                post.updated_at = Some(post.published_at + TimeDelta::days(100));
            }
        })
    }

    /// Builds a site with this number of posts, each edited by the function, which gets its number.
    fn site_with_edits(posts: usize, edit: impl Fn(usize, &mut Post)) -> Arc<Site> {
        let toml = "[site]\nurl = \"https://example.org\"\ntitle = \"t\"\n[feed]\nlimit = 1\n";
        let config = Config::parse(toml, "", Path::new("")).expect("a configuration");
        let text = b"---\ntitle: t\ndate: 2024-01-01\n---\n";
        let ParsedFile::Post { post, .. } = parse_file(text, "a.md", &config, ParseMode::Full)
        else {
            panic!("a post")
        };
        let numbered = |number: usize| {
            let mut post = Post::clone(&post);
            post.path = format!("{number}.md").into();
            let url = format!("https://example.org/{number}/");
            post.permalink = Permalink::new(url.parse().expect("an address"), true, None);
            edit(number, &mut post);
            Arc::new(post)
        };
        let posts: Vec<_> = (0..posts).map(numbered).collect();
        let now = DateTime::from_timestamp(1_735_689_600, 0).expect("an instant");
        SiteEvaluation::evaluate_posts(&config, &posts, now).site
    }

    /// Renders all files with their keys and fingerprints, and checks each against its announced maximum length.
    fn render_with_fingerprints(
        site: &Arc<Site>,
        limits: SitemapLimits,
    ) -> Vec<(ArtifactKey, Vec<u8>, String)> {
        let mut keys = std::iter::once(ArtifactKey::Sitemap)
            .chain((1..).map(ArtifactKey::SitemapPart))
            .map_while(|key| Some((SitemapRenderer::new(site, &key, limits)?, key)));
        let drawn = |(drawing, key): (SitemapRenderer, ArtifactKey)| {
            let bytes = drawing.render_body().expect("rendered");
            assert!(
                drawing
                    .max_rendered_len()
                    .is_none_or(|most| bytes.len() <= most)
            );
            (key, bytes, drawing.compute_fingerprint())
        };
        keys.by_ref().map(drawn).collect()
    }

    fn render_within(site: &Arc<Site>, limits: SitemapLimits) -> Vec<(ArtifactKey, Vec<u8>)> {
        let drawn = render_with_fingerprints(site, limits).into_iter();
        drawn.map(|(key, bytes, _)| (key, bytes)).collect()
    }

    fn render_sitemap(site: &Arc<Site>) -> Vec<(ArtifactKey, Vec<u8>)> {
        render_within(site, PROTOCOL_LIMITS)
    }

    fn count_matches(bytes: &[u8], needle: &str) -> usize {
        String::from_utf8_lossy(bytes).matches(needle).count()
    }

    #[test]
    fn sitemap_splits_above_fifty_thousand_urls() {
        // The home page adds one URL to those of the posts.
        let full = render_sitemap(&site_with_posts(49_999, None));
        assert_eq!(full.len(), 1);
        assert_eq!(count_matches(&full[0].1, "<url>"), 50_000);
        let more = render_sitemap(&site_with_posts(50_000, None));
        let keys: Vec<_> = more.iter().map(|(key, _)| key.url_path()).collect();
        assert_eq!(keys, ["/sitemap.xml", "/sitemap-1.xml", "/sitemap-2.xml"]);
        assert_eq!(
            count_matches(&more[0].1, "<loc>https://example.org/sitemap-"),
            2
        );
        assert_eq!(
            more[1..]
                .iter()
                .map(|(_, body)| count_matches(body, "<url>"))
                .sum::<usize>(),
            50_001
        );
    }

    #[test]
    fn one_changed_post_changes_one_part() {
        let limits = SitemapLimits {
            urls: 50,
            bytes: 1_000_000,
        };
        let parts = |site: &Arc<Site>| render_with_fingerprints(site, limits);
        let before = parts(&site_with_posts(300, None));
        assert!(before.len() > 5);
        for after in [
            parts(&site_with_posts(300, Some(77))),
            parts(&site_with_posts(301, None)),
            parts(&site_with_posts(299, None)),
        ] {
            assert_eq!(after.len(), before.len());
            let changed = before
                .iter()
                .zip(&after)
                .skip(1)
                .filter(|(a, b)| {
                    assert_eq!(a.1 == b.1, a.2 == b.2, "fingerprints follow bytes");
                    a.1 != b.1
                })
                .count();
            assert_eq!(changed, 1);
        }
        let index = &parts(&site_with_posts(300, Some(77)))[0].1;
        assert_eq!(
            count_matches(index, "<lastmod>2024-04-10T00:00:00Z</lastmod>"),
            1
        );
    }

    #[test]
    fn order_of_the_urls_changes_the_fingerprint() {
        // The dates of two posts are exchanged. Both were updated on the same day, so only the order changes.
        let site = |newest: usize| {
            let site = site_with_edits(2, |number, post| {
                post.updated_at = Some(post.published_at + TimeDelta::days(100));
                if number == newest {
                    post.published_at += TimeDelta::days(1);
                }
            });
            render_with_fingerprints(&site, PROTOCOL_LIMITS)
        };
        let [first, second] = [site(0), site(1)].map(|mut files| files.remove(0));
        assert_ne!(first.1, second.1);
        assert_ne!(first.2, second.2);
    }

    #[test]
    fn videos_count_in_the_length_and_the_fingerprint() {
        let render = |title: &str, summary: &str, poster: &str| {
            let site = site_with_edits(50, |_, post| {
                (post.title, post.description) = (title.into(), summary.into());
                let video = Video::from_file("https://example.org/a.mp4?x=1&y=2", Some(poster));
                let player = Video::from_embed_url("https://youtu.be/dQw4w9WgXcQ");
                let videos = std::iter::once(video)
                    .chain(player)
                    .cycle()
                    .take(8)
                    .collect();
                let extras = PostExtras {
                    videos,
                    ..PostExtras::default()
                };
                post.extras = extras.into_option();
            });
            render_with_fingerprints(&site, PROTOCOL_LIMITS).remove(0)
        };
        let full = "<\"&'>".repeat(80);
        let (_, bytes, first) = render(&full, &full, "https://example.org/a.png");
        assert_eq!(count_matches(&bytes, "<video:video>"), 400);
        assert_eq!(count_matches(&bytes, "<video:player_loc>"), 200);
        let others = [
            render("b", &full, "https://example.org/a.png"),
            render(&full, "b", "https://example.org/a.png"),
            render(&full, "", "https://example.org/a.png"),
            render(&full, &full, "https://example.org/b.png"),
        ];
        for (_, _, fingerprint) in others {
            assert_ne!(fingerprint, first);
        }
    }

    #[test]
    fn no_part_exceeds_its_byte_limit() {
        let limits = SitemapLimits {
            urls: 50_000,
            bytes: 8_000,
        };
        let rendered = render_within(&site_with_posts(300, None), limits);
        assert!(rendered.len() > 2);
        assert!(rendered[1..].iter().all(|(_, body)| body.len() <= 8_000));
    }
}
