//! Lists the default names of each front matter field.
//!
//! The names are those that Decap, Gatsby, Hugo, Jekyll, Zola, Astro, Eleventy, Nuxt, Docusaurus and Pelican sites
//! use. They are tried in order, ignoring case, hyphens and underscores, and the first that the front matter
//! contains is used. `params` holds a
//! site's own fields in Hugo, `extra` in Zola. `docs/content.md` says which tool uses which name.

use crate::config::Field;

/// Default names of a field, in the order in which they are tried. Some are dotted paths.
pub(crate) fn default_names(field: Field) -> &'static [&'static str] {
    match field {
        Field::Title => &["title", "seo.title", "head.title"],
        Field::PreviewTitle => &["seo.title", "seoTitle", "metaTitle"],
        Field::Date => &[
            "date",
            "pubDate",
            "publishedAt",
            "publishedOn",
            "publishedDate",
            "datePublished",
            "published",
            "publish",
            "created",
            "createdAt",
        ],
        Field::PublishDate => &[
            "publishDate",
            "publishAt",
            "publishOn",
            "publishTime",
            "publishFrom",
            "publishAfter",
            "publishedAfter",
            "publishedTime",
            "datePublish",
            "publicationDate",
            "scheduled",
            "schedule",
            "scheduledFor",
            "scheduledAt",
            "scheduledDate",
            "scheduleDate",
            "releaseDate",
            "releaseAt",
            "releaseOn",
            "embargo",
            "embargoUntil",
            "embargoDate",
            "embargoedUntil",
            "goLive",
            "goLiveDate",
            "goLiveAt",
            "liveDate",
            "liveAt",
            "liveFrom",
            "showFrom",
            "showAfter",
            "displayFrom",
            "notBefore",
            "activateAt",
            "validFrom",
            "availableFrom",
            "availableOn",
            "visibleFrom",
        ],
        Field::Updated => &[
            "updated",
            "lastmod",
            "last_modified_at",
            "modified",
            "updatedDate",
            "dateModified",
            "updatedAt",
            "updated_at",
            "lastUpdated",
            "last_updated",
            "extra.updated",
        ],
        Field::Expires => &[
            "expiryDate",
            "expires",
            "expiry",
            "expire",
            "expiresAt",
            "expiresOn",
            "expireDate",
            "expireAt",
            "expireOn",
            "expirationDate",
            "expiration",
            "unpublishDate",
            "unpublishAt",
            "unpublishOn",
            "unpublishedAt",
            "validUntil",
            "validTo",
            "validThrough",
            "availableUntil",
            "visibleUntil",
            "visibleTo",
            "publishUntil",
            "publishTo",
            "publishedUntil",
            "showUntil",
            "displayUntil",
            "liveUntil",
            "notAfter",
            "sunset",
            "sunsetDate",
            "hideAfter",
            "removeAfter",
        ],
        Field::Author => &[
            "author",
            "authors",
            "seo.author",
            "taxonomies.authors",
            "taxonomies.author",
            "params.author",
            "params.authors",
            "extra.author",
            "extra.authors",
            "by",
            "byline",
        ],
        Field::Category => &[
            "category",
            "categories",
            "taxonomies.categories",
            "taxonomies.category",
            "extra.category",
        ],
        Field::Tags => &[
            "tags",
            "tag",
            "topics",
            "taxonomies.tags",
            "taxonomies.tag",
            "extra.tags",
        ],
        Field::Description => &[
            "seo.description",
            "description",
            "summary",
            "excerpt",
            "params.description",
            "extra.description",
            "extra.summary",
            "seoDescription",
            "metaDescription",
            "meta.description",
            "ogDescription",
            "intro",
            "lead",
            "lede",
            "abstract",
            "teaser",
            "blurb",
            "subtitle",
        ],
        Field::Image => &[
            "seo.image",
            "image",
            "cover",
            "featuredImage",
            "heroImage",
            "hero",
            "thumbnail",
            "banner",
            "images",
            "ogImage",
            "socialImage",
            "coverImage",
            "coverImg",
            "featureImage",
            "featureImg",
            "headerImage",
            "headerImg",
            "bannerImage",
            "shareImage",
            "shareImg",
            "socialCard",
            "previewImage",
            "preview",
            "cardImage",
            "mainImage",
            "twitterImage",
            "meta.image",
            "openGraph.image",
            "og.image",
            "thumbnailImage",
            "thumbnailImg",
            "thumb",
            "photo",
            "picture",
            "img",
            "background",
            "header.image",
            "header.og_image",
            "header.overlay_image",
            "header.teaser",
            "params.image",
            "params.images",
            "params.cover",
            "params.og_image",
            "params.thumbnail",
            "params.featuredImage",
            "extra.image",
            "extra.images",
            "extra.cover",
            "extra.og_image",
            "extra.thumbnail",
            "extra.coverImage",
            "extra.featuredImage",
            "extra.social_media_card",
        ],
        Field::ImageAlt => &[
            "seo.imageAlt",
            "imageAlt",
            "image_alt",
            "cover_alt",
            "heroImageAlt",
            "featured_image_alt",
            "extra.image_alt",
        ],
        Field::Enclosure => &[
            "enclosure",
            "enclosures",
            "audio",
            "podcast",
            "video",
            "media",
            "episode",
            "mp3",
            "podcastFile",
            "podcastLink",
            "podcastUrl",
            "podcastAudio",
            "audioUrl",
            "audioFile",
            "audioLink",
            "audioSrc",
            "mediaUrl",
            "mediaFile",
            "mp3Url",
            "mp3File",
            "episodeFile",
            "episodeAudio",
            "videoUrl",
            "videoFile",
            "params.enclosure",
            "params.audio",
            "params.podcast",
            "params.video",
            "extra.enclosure",
            "extra.audio",
            "extra.podcast",
            "extra.video",
        ],
        Field::Slug => &["slug"],
        Field::Permalink => &["seo.url", "permalink", "url", "path"],
        Field::Canonical => &[
            "canonical_url",
            "canonicalUrl",
            "canonical",
            "seo.canonical",
            "seo.canonicalUrl",
            "params.canonical",
            "params.canonicalUrl",
            "extra.canonical",
            "extra.canonical_url",
        ],
        Field::ExternalUrl => &[
            "external_url",
            "externalLink",
            "linkUrl",
            "linkedUrl",
            "link",
            "bookmarkOf",
            "params.externalUrl",
            "extra.external_url",
            "extra.link",
        ],
        Field::Id => &["id", "guid"],
        Field::Language => &["lang", "language", "locale"],
        Field::Twitter => &["seo.twitterUsername", "twitterUsername", "twitter"],
        Field::Aliases => &["aliases", "alias", "redirect_from", "redirectFrom"],
        Field::TranslationKey => &["translationKey"],
        // `visibility_field_names.rs` lists the default names of fields that hide a post.
        Field::Hidden => &[],
    }
}

/// Returns true if a text may be an address. Numbers and dates are none, except as Zola's `path`, which needs no slash.
pub(crate) fn is_address(name: &str, text: &str) -> bool {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b':'));
    is_slug(name, text) && (name == "path" || !is_number)
}

/// Returns true if a text may be a slug. A boolean is none: it switches a page on or off.
pub(crate) fn is_slug(_name: &str, text: &str) -> bool {
    let switches = ["true", "false", "yes", "no", "on", "off"];
    !switches.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_and_numbers_are_no_addresses() {
        for text in ["true", "False", "no", "42", "1.5", "2024-05-01"] {
            assert!(!is_address("permalink", text), "{text}");
        }
        for text in ["/a/", "a-word", "none", "date", "/2024", "truer"] {
            assert!(is_address("permalink", text), "{text}");
        }
        assert!(is_address("path", "42") && !is_address("path", "true"));
        assert!(is_slug("slug", "1984") && is_slug("slug", "none") && !is_slug("slug", "false"));
    }

    #[test]
    fn content_docs_list_all_default_names_in_order() {
        let text = include_str!("../../docs/content.md");
        for field in Field::ALL.iter().filter(|field| **field != Field::Hidden) {
            let row = text
                .lines()
                .find(|line| line.contains(&format!("(`{}`)", field.key())))
                .unwrap_or_else(|| panic!("no row for `{}`", field.key()));
            let mut remaining_row = row;
            for name in default_names(*field) {
                let offset = remaining_row.find(&format!("`{name}`"));
                let offset = offset.unwrap_or_else(|| panic!("`{name}` is not in {row}"));
                remaining_row = remaining_row.get(offset + 1..).unwrap_or_default();
            }
        }
    }
}
