//! Renders the HTML page of a card for link-preview bots (ogp.me, X cards, schema.org JSON-LD).
//!
//! The head ends within the first 32 KB, which is all that some bots fetch; the card's texts are bounded. Every
//! attribute is quoted and every URL absolute. `og:` comes before `twitter:`, as the first of both counts. Visitors
//! get a plain link to the post: bots would follow a redirect away from the card.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Value, json};

use super::page_style;
use crate::model::artifact::{ArtifactKey, FeedFormat};
use crate::model::card_image::CardImage;
use crate::model::card_size::{CARD_HEIGHT, CARD_WIDTH};
use crate::site::Site;
use crate::site::card::{ArticleMetadata, Card, PreviewSource};
use crate::timestamp::format_rfc3339;

/// Image that link previews show.
struct OpenGraphImage {
    url: String,
    alt: Option<String>,
    /// Width and height in pixels, and the media type; `None` if unknown.
    size: Option<(u32, u32, &'static str)>,
}

impl OpenGraphImage {
    fn from_card(site: &Site, card: &Card, images: Option<&CardImage>) -> Option<OpenGraphImage> {
        let position = images.map_or(Some(0), |images| images.own_position);
        match (
            card.preview_source,
            position.and_then(|at| card.images.get(at)),
        ) {
            (PreviewSource::Own, Some(image)) => Some(OpenGraphImage {
                url: image.url.clone(),
                alt: image.alt.clone(),
                size: images
                    .and_then(|images| images.own_image)
                    .map(|size| (size.width, size.height, size.mime_type)),
            }),
            _ => {
                let key = card.image_key();
                let fingerprint = &images?.body.fingerprint;
                Some(OpenGraphImage {
                    url: key.versioned_url(&site.settings.public_url, fingerprint),
                    alt: Some(card.image_alt_text(&site.settings.title)),
                    size: Some((CARD_WIDTH, CARD_HEIGHT, key.media_type())),
                })
            }
        }
    }
}

pub(crate) fn render_card_page(site: &Site, card: &Card, images: Option<&CardImage>) -> Vec<u8> {
    let picture = OpenGraphImage::from_card(site, card, images);
    let picture = picture.as_ref();
    let page = html! {
        (DOCTYPE)
        html lang=(card.language) prefix="og: https://ogp.me/ns# article: https://ogp.me/ns/article#" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (card.title) }
                meta name="description" content=(card.description);
                link rel="canonical" href=(card.canonical_url);
                @if card.is_noindex { meta name="robots" content="noindex"; }
                (open_graph_tags(site, card, picture))
                @if let Some(article) = &card.article { (article_tags(article)) }
                (x_card_tags(card, picture))
                @if let Some(account) = &card.fediverse_handle { meta name="fediverse:creator" content=(account); }
                meta name="theme-color" content=(site.settings.theme_color);
                script type="application/ld+json" { (PreEscaped(escape_json_for_script(&json_ld_object(site, card, picture).to_string()))) }
                @let feed = site.feeds.main_feed_of_language(&card.language);
                @for format in FeedFormat::ALL {
                    link rel="alternate" type=(format.mime_type()) title=(feed.title)
                        href=(feed.artifact_key(format).absolute_url(&site.settings.public_url));
                }
                meta name="color-scheme" content="light dark";
                style { (PreEscaped(page_style::page_stylesheet(&site.settings.theme_color))) }
            }
            body { (render_body(site, card, picture)) }
        }
    };
    page.into_string().into_bytes()
}

fn meta_property(name: &str, content: &str) -> Markup {
    html! { meta property=(name) content=(content); }
}

fn open_graph_tags(site: &Site, card: &Card, picture: Option<&OpenGraphImage>) -> Markup {
    html! {
        (meta_property("og:type", if card.article.is_some() { "article" } else { "website" }))
        (meta_property("og:site_name", &site.settings.title))
        (meta_property("og:title", &card.title))
        @if !card.description.is_empty() { (meta_property("og:description", &card.description)) }
        (meta_property("og:url", &card.canonical_url))
        @if let Some(locale) = open_graph_locale(&card.language) { (meta_property("og:locale", &locale)) }
        @if let Some(picture) = picture {
            (meta_property("og:image", &picture.url))
            @if let Some((width, height, mime_type)) = picture.size {
                (meta_property("og:image:type", mime_type))
                (meta_property("og:image:width", &width.to_string()))
                (meta_property("og:image:height", &height.to_string()))
            }
            @if let Some(alt) = &picture.alt { (meta_property("og:image:alt", alt)) }
        }
    }
}

fn article_tags(article: &ArticleMetadata) -> Markup {
    html! {
        (meta_property("article:published_time", &format_rfc3339(article.published_at)))
        (meta_property("article:modified_time", &format_rfc3339(article.modified_at)))
        @for person in article.authors.iter() {
            (meta_property("article:author", person.url.as_deref().unwrap_or(&person.name)))
        }
        @if let Some(section) = article.categories.first() { (meta_property("article:section", section)) }
        @for tag in article.categories.iter() { (meta_property("article:tag", tag)) }
        @for person in article.authors.iter() { meta name="author" content=(person.name); }
    }
}

/// Renders the X card tags. X reads title, description and image from `og:`; Slack shows the labels as well.
fn x_card_tags(card: &Card, picture: Option<&OpenGraphImage>) -> Markup {
    let kind = if picture.is_some() {
        "summary_large_image"
    } else {
        "summary"
    };
    let mut labels = Vec::new();
    if let Some(article) = &card.article {
        let names: Vec<_> = article
            .authors
            .iter()
            .map(|person| person.name.as_str())
            .collect();
        let tags: Vec<_> = article.categories.iter().map(String::as_str).collect();
        labels.extend((!names.is_empty()).then(|| ("Written by", names.join(", "))));
        labels.extend((!tags.is_empty()).then(|| ("Filed under", tags.join(", "))));
    }
    html! {
        meta name="twitter:card" content=(kind);
        @if let Some(account) = &card.site_twitter_handle { meta name="twitter:site" content={ "@" (account) }; }
        @if let Some(account) = &card.twitter_handle { meta name="twitter:creator" content={ "@" (account) }; }
        @if let Some(alt) = picture.and_then(|picture| picture.alt.as_ref()) {
            meta name="twitter:image:alt" content=(alt);
        }
        @for (number, (label, text)) in (1..).zip(&labels) {
            meta name=(format!("twitter:label{number}")) content=(label);
            meta name=(format!("twitter:data{number}")) content=(text);
        }
    }
}

fn json_ld_object(site: &Site, card: &Card, picture: Option<&OpenGraphImage>) -> Value {
    let Some(article) = &card.article else {
        return json!({
            "@context": "https://schema.org",
            "@type": "WebSite",
            "name": card.title,
            "description": card.description,
            "url": card.url,
            "inLanguage": card.language,
        });
    };
    let authors: Vec<Value> = article
        .authors
        .iter()
        .map(|person| match &person.url {
            Some(url) => json!({ "@type": "Person", "name": person.name, "url": url }),
            None => json!({ "@type": "Person", "name": person.name }),
        })
        .collect();
    let mut json = json!({
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": card.title,
        "description": card.description,
        "url": card.url,
        "mainEntityOfPage": { "@type": "WebPage", "@id": card.canonical_url },
        "datePublished": format_rfc3339(article.published_at),
        "dateModified": format_rfc3339(article.modified_at),
        "inLanguage": card.language,
        "publisher": { "@type": "Organization", "name": site.settings.title, "url": site.settings.url },
    });
    if let Some(fields) = json.as_object_mut() {
        if !authors.is_empty() {
            fields.insert("author".to_owned(), Value::Array(authors));
        }
        if let Some(picture) = picture {
            fields.insert("image".to_owned(), json!([picture.url]));
        }
        if let Some(section) = article.categories.first() {
            fields.insert("articleSection".to_owned(), json!(section));
        }
    }
    json
}

fn render_body(site: &Site, card: &Card, picture: Option<&OpenGraphImage>) -> Markup {
    html! {
        header {
            p.site { a href=(site.settings.url) { (site.settings.title) } }
            h1 dir="auto" { (card.title) }
            @if let Some(article) = &card.article {
                p.meta {
                    @let date = article.published_at.with_timezone(&site.settings.timezone).format("%Y-%m-%d").to_string();
                    time datetime=(date) { (date) }
                    @for person in &article.authors { span { (person.name) } }
                    @for category in &article.categories { span.tag { (category) } }
                }
            }
        }
        main {
            @if let Some(picture) = picture { img.cover src=(picture.url) alt=(picture.alt.as_deref().unwrap_or_default()); }
            @if !card.description.is_empty() { p.lead dir="auto" { (card.description) } }
            a.on href=(card.url) { @if card.article.is_some() { "Read the post" } @else { "Visit the site" } }
        }
        footer {
            p { a href=(ArtifactKey::Home.absolute_url(&site.settings.public_url)) { "Subscribe to " (site.settings.title) } }
        }
    }
}

/// Converts a language tag with a region to an Open Graph locale (`pt-BR` to `pt_BR`). Returns `None` without a
/// region, as Open Graph has no such locale.
fn open_graph_locale(language: &str) -> Option<String> {
    let (language, region) = language.split_once('-')?;
    (language.len() == 2 && region.len() == 2)
        .then(|| format!("{}_{}", language.to_lowercase(), region.to_uppercase()))
}

/// Escapes JSON for a `script` element, so that it cannot end the element or begin a comment.
fn escape_json_for_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_cannot_end_its_script_element() {
        let json = escape_json_for_script("\"</script><!-- & -->\"");
        assert_eq!(
            json,
            "\"\\u003c/script\\u003e\\u003c!-- \\u0026 --\\u003e\""
        );
    }
}
