//! Lists the default names of each front matter field.
//!
//! The names are those that Decap, Gatsby, Hugo, Jekyll, Zola, Astro, Eleventy, Nuxt, Docusaurus and Pelican sites
//! use. They are tried in order, ignoring case, and the first that the front matter contains is used. `params` holds a
//! site's own fields in Hugo, `extra` in Zola. `docs/content.md` says which tool uses which name.

use crate::config::Field;

/// Default names of a field, in the order in which they are tried. Some are dotted paths.
pub(crate) fn default_names(field: Field) -> &'static [&'static str] {
    match field {
        Field::Title => &["title", "seo.title", "head.title"],
        Field::PreviewTitle => &[
            "seo.title",
            "seo_title",
            "seoTitle",
            "metaTitle",
            "meta_title",
        ],
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
        ],
        Field::Image => &[
            "seo.image",
            "image",
            "cover",
            "featured_image",
            "featuredImage",
            "heroImage",
            "hero",
            "thumbnail",
            "banner",
            "images",
            "og_image",
            "ogImage",
            "socialImage",
            "social_image",
            "header.image",
            "header.teaser",
            "params.image",
            "params.images",
            "params.cover",
            "params.og_image",
            "params.thumbnail",
            "extra.image",
            "extra.images",
            "extra.cover",
            "extra.og_image",
            "extra.thumbnail",
        ],
        Field::ImageAlt => &[
            "seo.imageAlt",
            "imageAlt",
            "image_alt",
            "cover_alt",
            "coverAlt",
            "heroImageAlt",
            "featured_image_alt",
            "extra.image_alt",
        ],
        Field::Slug => &["slug"],
        Field::Permalink => &[
            "seo.url",
            "canonical_url",
            "canonicalUrl",
            "canonical",
            "permalink",
            "url",
            "path",
        ],
        Field::Id => &["id", "guid"],
        Field::Language => &["lang", "language", "locale"],
        Field::Twitter => &["seo.twitterUsername", "twitterUsername", "twitter"],
        Field::Aliases => &["aliases", "alias", "redirect_from", "redirectFrom"],
        Field::TranslationKey => &["translationKey", "translation_key"],
        // `visibility_field_names.rs` lists the default names of fields that hide a post.
        Field::Hidden => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
