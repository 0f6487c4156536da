//! The public pages of the site as a sitemap (sitemaps.org), with Google's image extension.
//!
//! One file while it fits. Past 50,000 URLs or 52,428,800 bytes the URLs are dealt by a hash of
//! their address into parts, two, four, eight …, under an index: an edit changes the one part its
//! post is in, and so does a new or withdrawn post. `lastmod` is what the post says of itself,
//! and nothing where it says nothing; `changefreq` and `priority` are read by nobody.

use chrono::{DateTime, Utc};

use super::xml::Xml;
use super::{RenderError, rfc3339};
use crate::artifact::ArtifactKey;
use crate::fingerprint;
use crate::post::Image;
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

const LIMITS: Limits = Limits {
    urls: 50_000,
    bytes: 52_428_800,
};

struct SitemapUrl<'a> {
    loc: &'a str,
    lastmod: Option<DateTime<Utc>>,
    images: &'a [Image],
    translations: &'a [Translation],
}

pub(super) fn render(site: &Site) -> Result<Vec<(ArtifactKey, Vec<u8>)>, RenderError> {
    render_within(site, LIMITS)
}

fn render_within(site: &Site, limits: Limits) -> Result<Vec<(ArtifactKey, Vec<u8>)>, RenderError> {
    let entries = site.entries.iter().filter(|entry| entry.in_sitemap);
    let urls: Vec<SitemapUrl<'_>> = site
        .pages
        .iter()
        // A page that is a post's is told of as the post.
        .filter(|page| site.entries.iter().all(|entry| entry.url != **page))
        .map(|page| SitemapUrl {
            loc: page,
            lastmod: None,
            images: &[],
            translations: &[],
        })
        .chain(entries.map(|entry| {
            SitemapUrl {
                loc: &entry.url,
                lastmod: Some(entry.updated),
                images: &entry.images,
                translations: entry
                    .translation_key
                    .as_ref()
                    .and_then(|key| site.translations.get(key))
                    // A second one of its language is none of the group's: sets that do not name one
                    // another are read by nobody.
                    .filter(|group| group.iter().any(|one| one.url == entry.url))
                    .map_or(&[], Vec::as_slice),
            }
        }))
        .collect();
    let mut parts = 1;
    loop {
        let dealt = deal(&urls, parts);
        let fits = dealt.iter().all(|part| part.len() <= limits.urls);
        let bodies = if fits {
            Some(
                dealt
                    .iter()
                    .map(|part| url_set(part, &site.language))
                    .collect::<Result<Vec<_>, _>>()?,
            )
        } else {
            None
        };
        match bodies {
            Some(bodies)
                if bodies.iter().all(|body| body.len() <= limits.bytes) || parts >= urls.len() =>
            {
                return Ok(assemble(site, &dealt, bodies)?);
            }
            _ => parts *= 2,
        }
    }
}

fn deal<'a, 'b>(urls: &'b [SitemapUrl<'a>], parts: usize) -> Vec<Vec<&'b SitemapUrl<'a>>> {
    let mut dealt = vec![Vec::new(); parts];
    for url in urls {
        // Parts are a power of two: when they double, each splits in two.
        let part = fingerprint::bucket_hash(url.loc.as_bytes()) % parts as u64;
        if let Some(part) = usize::try_from(part)
            .ok()
            .and_then(|part| dealt.get_mut(part))
        {
            part.push(url);
        }
    }
    dealt
}

fn assemble(
    site: &Site,
    dealt: &[Vec<&SitemapUrl<'_>>],
    bodies: Vec<Vec<u8>>,
) -> std::io::Result<Vec<(ArtifactKey, Vec<u8>)>> {
    if bodies.len() == 1 {
        return Ok(bodies
            .into_iter()
            .map(|body| (ArtifactKey::Sitemap, body))
            .collect());
    }
    let mut index = Xml::document()?;
    index.open("sitemapindex", &[("xmlns", NAMESPACE)])?;
    let mut artifacts = Vec::new();
    for (number, (part, body)) in dealt.iter().zip(bodies).enumerate() {
        let key = ArtifactKey::SitemapPart(number + 1);
        index.open("sitemap", &[])?;
        index.text("loc", &key.url(&site.public_url))?;
        if let Some(lastmod) = part.iter().filter_map(|url| url.lastmod).max() {
            index.text("lastmod", &rfc3339(lastmod))?;
        }
        index.close("sitemap")?;
        artifacts.push((key, body));
    }
    index.close("sitemapindex")?;
    artifacts.insert(0, (ArtifactKey::Sitemap, index.finish()));
    Ok(artifacts)
}

fn url_set(urls: &[&SitemapUrl<'_>], language: &str) -> std::io::Result<Vec<u8>> {
    let mut xml = Xml::document()?;
    let mut names = vec![("xmlns", NAMESPACE), ("xmlns:image", IMAGE_NAMESPACE)];
    if urls.iter().any(|url| !url.translations.is_empty()) {
        names.push(("xmlns:xhtml", LINK_NAMESPACE));
    }
    xml.open("urlset", &names)?;
    for url in urls {
        xml.open("url", &[])?;
        xml.text("loc", url.loc)?;
        if let Some(lastmod) = url.lastmod {
            xml.text("lastmod", &rfc3339(lastmod))?;
        }
        alternates(&mut xml, url.translations, language)?;
        for image in url.images.iter().take(MAX_IMAGES) {
            xml.open("image:image", &[])?;
            xml.text("image:loc", &image.url)?;
            xml.close("image:image")?;
        }
        xml.close("url")?;
    }
    xml.close("urlset")?;
    Ok(xml.finish())
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
    use crate::post::Post;

    /// A site of so many posts, of which one may have been changed.
    fn site(posts: usize, changed: Option<usize>) -> Site {
        let toml = "[site]\nurl = \"https://example.org\"\ntitle = \"t\"\n[feed]\nlimit = 1\n";
        let config = Config::parse(toml, "", Path::new("")).expect("a configuration");
        let text = b"---\ntitle: t\ndate: 2024-01-01\n---\n";
        let Parsed::Post { post, .. } = parse(text, "a.md", &config, Depth::Publish) else {
            panic!("a post")
        };
        let numbered = |number: usize| {
            let mut post = Post::clone(&post);
            post.path = format!("{number}.md");
            post.permalink.path = format!("/{number}/");
            post.permalink.url = format!("https://example.org/{number}/");
            post.id.clone_from(&post.permalink.url);
            if changed == Some(number) {
                post.updated = Some(post.published + chrono::TimeDelta::days(100));
            }
            Arc::new(post)
        };
        let posts: Vec<_> = (0..posts).map(numbered).collect();
        let now = DateTime::from_timestamp(1_735_689_600, 0).expect("an instant");
        Site::judge(&config, &posts, now).site
    }

    fn count(bytes: &[u8], needle: &str) -> usize {
        String::from_utf8_lossy(bytes).matches(needle).count()
    }

    #[test]
    fn fifty_thousand_urls_are_one_file_and_one_more_are_an_index_over_parts() {
        // With the home page there is one URL more than posts.
        let full = render(&site(49_999, None)).expect("rendered");
        assert_eq!(full.len(), 1);
        assert_eq!(count(&full[0].1, "<url>"), 50_000);
        let more = render(&site(50_000, None)).expect("rendered");
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
        let parts = |site: &Site| render_within(site, limits).expect("rendered");
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
            bytes: 4_000,
        };
        let rendered = render_within(&site(300, None), limits).expect("rendered");
        assert!(rendered.len() > 2);
        assert!(rendered[1..].iter().all(|(_, body)| body.len() <= 4_000));
    }
}
