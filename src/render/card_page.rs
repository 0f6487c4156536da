//! A card as the HTML page that link-preview bots read (ogp.me, X cards, schema.org JSON-LD).
//!
//! The head is complete within its first 32 KB, which is all that some fetch: the card's texts
//! are bounded. Every attribute is quoted, every URL absolute, `og:` stands before `twitter:`,
//! for where both are there the first counts. People find a plain link on; there is no redirect
//! that a bot would follow away from the card.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Value, json};

use super::card_image::{HEIGHT, WIDTH};
use super::{CardImage, html::json_for_script, rfc3339, style};
use crate::artifact::{ArtifactKey, FeedFormat};
use crate::site::Site;
use crate::site::card::{Article, Card, Preview};

/// The picture that previews show.
struct Picture {
    url: String,
    alt: Option<String>,
    /// In pixels, with the media type, where it is known.
    size: Option<(u32, u32, &'static str)>,
}

impl Picture {
    fn of(site: &Site, card: &Card, images: Option<&CardImage>) -> Option<Picture> {
        match (card.preview, &card.image) {
            (Preview::Own, Some(image)) => Some(Picture {
                url: image.url.clone(),
                alt: image.alt.clone(),
                size: images
                    .and_then(|images| images.own)
                    .map(|size| (size.width, size.height, size.mime_type)),
            }),
            _ => {
                let key = card.image_key();
                let fingerprint = &images?.deferred.fingerprint;
                Some(Picture {
                    url: key.versioned_url(&site.settings.public_url, fingerprint),
                    alt: Some(card.alt(&site.settings.title)),
                    size: Some((WIDTH, HEIGHT, key.media_type())),
                })
            }
        }
    }
}

pub(super) fn render(site: &Site, card: &Card, images: Option<&CardImage>) -> Vec<u8> {
    let picture = Picture::of(site, card, images);
    let picture = picture.as_ref();
    let page = html! {
        (DOCTYPE)
        html lang=(card.language) prefix="og: https://ogp.me/ns# article: https://ogp.me/ns/article#" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (card.title) }
                meta name="description" content=(card.description);
                link rel="canonical" href=(card.url);
                @if card.noindex { meta name="robots" content="noindex"; }
                (open_graph(site, card, picture))
                @if let Some(article) = &card.article { (article_tags(article)) }
                (twitter(card, picture))
                @if let Some(account) = &card.fediverse { meta name="fediverse:creator" content=(account); }
                meta name="theme-color" content=(site.settings.theme_color);
                script type="application/ld+json" { (PreEscaped(json_for_script(&json_ld(site, card, picture).to_string()))) }
                @let feed = site.feeds.main();
                @for format in FeedFormat::ALL {
                    link rel="alternate" type=(format.mime_type()) title=(feed.title)
                        href=(feed.key(format).url(&site.settings.public_url));
                }
                meta name="color-scheme" content="light dark";
                style { (PreEscaped(style::sheet(&site.settings.theme_color))) }
            }
            body { (body(site, card, picture)) }
        }
    };
    page.into_string().into_bytes()
}

fn property(name: &str, content: &str) -> Markup {
    html! { meta property=(name) content=(content); }
}

fn open_graph(site: &Site, card: &Card, picture: Option<&Picture>) -> Markup {
    html! {
        (property("og:type", if card.article.is_some() { "article" } else { "website" }))
        (property("og:site_name", &site.settings.title))
        (property("og:title", &card.title))
        @if !card.description.is_empty() { (property("og:description", &card.description)) }
        (property("og:url", &card.url))
        @if let Some(locale) = locale(&card.language) { (property("og:locale", &locale)) }
        @if let Some(picture) = picture {
            (property("og:image", &picture.url))
            @if let Some((width, height, mime_type)) = picture.size {
                (property("og:image:type", mime_type))
                (property("og:image:width", &width.to_string()))
                (property("og:image:height", &height.to_string()))
            }
            @if let Some(alt) = &picture.alt { (property("og:image:alt", alt)) }
        }
    }
}

fn article_tags(article: &Article) -> Markup {
    html! {
        (property("article:published_time", &rfc3339(article.published)))
        (property("article:modified_time", &rfc3339(article.modified)))
        @for person in article.authors.iter() {
            (property("article:author", person.url.as_deref().unwrap_or(&person.name)))
        }
        @if let Some(section) = article.categories.first() { (property("article:section", section)) }
        @for tag in article.categories.iter() { (property("article:tag", tag)) }
        @for person in article.authors.iter() { meta name="author" content=(person.name); }
    }
}

/// X reads title, description and picture from `og:`; Slack draws the labels as well.
fn twitter(card: &Card, picture: Option<&Picture>) -> Markup {
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
        @if let Some(account) = &card.site_twitter { meta name="twitter:site" content={ "@" (account) }; }
        @if let Some(account) = &card.twitter { meta name="twitter:creator" content={ "@" (account) }; }
        @if let Some(alt) = picture.and_then(|picture| picture.alt.as_ref()) {
            meta name="twitter:image:alt" content=(alt);
        }
        @for (number, (label, text)) in (1..).zip(&labels) {
            meta name=(format!("twitter:label{number}")) content=(label);
            meta name=(format!("twitter:data{number}")) content=(text);
        }
    }
}

fn json_ld(site: &Site, card: &Card, picture: Option<&Picture>) -> Value {
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
        "mainEntityOfPage": { "@type": "WebPage", "@id": card.url },
        "datePublished": rfc3339(article.published),
        "dateModified": rfc3339(article.modified),
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

fn body(site: &Site, card: &Card, picture: Option<&Picture>) -> Markup {
    html! {
        header {
            p.site { a href=(site.settings.url) { (site.settings.title) } }
            h1 dir="auto" { (card.title) }
            @if let Some(article) = &card.article {
                p.meta {
                    @let date = article.published.with_timezone(&site.settings.timezone).format("%Y-%m-%d").to_string();
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
            p { a href=(ArtifactKey::Home.url(&site.settings.public_url)) { "Subscribe to " (site.settings.title) } }
        }
    }
}

/// A language tag with a region, as Open Graph writes it (`pt-BR` is `pt_BR`); it knows no
/// language without one.
fn locale(language: &str) -> Option<String> {
    let (language, region) = language.split_once('-')?;
    (language.len() == 2 && region.len() == 2)
        .then(|| format!("{}_{}", language.to_lowercase(), region.to_uppercase()))
}
