//! Renders previews of a post: as a link in social networks, and as an entry in a feed reader.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use url::Url;

use super::components::url_with_query;
use super::frame::PageContext;
use crate::admin::state::AdminState;
use crate::link_preview::{
    ImageSize, LinkImage, LinkPreview, NETWORKS, PreviewLayout, SocialNetwork,
};
use crate::site::card::Card;

/// Style sheet of the feed reader preview.
const READER_STYLE: &str = "body{font:17px/1.6 system-ui,sans-serif;margin:1rem;max-width:42rem;\
    color:#1c1c1c;background:#fff;overflow-wrap:anywhere}img,video{max-width:100%;height:auto}\
    pre{overflow:auto}header{border-bottom:1px solid #ddd;margin-bottom:1rem}h1{font-size:1.4rem;line-height:1.25}\
    header p{color:#555}a{color:#0b57d0}";

/// Renders the previews of a card and its entry. Returns the origin of an external image too.
pub(super) fn render_previews(context: &PageContext<'_>, card: &Card) -> (Markup, Option<String>) {
    let overview = &context.posts.overview;
    let site = &overview.evaluated.site.settings;
    let image = LinkImage::from_card(card, |url| overview.pictures.get(url));
    let (source, origin) = match image {
        LinkImage::Rendered => (
            url_with_query("/card.png", &[("path", &card.url_path)]),
            None,
        ),
        LinkImage::Custom(url, _) => (url.to_owned(), http_origin(url)),
    };
    let alt = card
        .images
        .iter()
        .find(|image| image.url == source)
        .and_then(|image| image.alt.clone())
        .unwrap_or_else(|| card.image_alt_text(&site.title));
    let markup = html! {
        section aria-labelledby="preview" {
            h2 #preview { "Link previews" }
            div.networks {
                @for network in &NETWORKS {
                    @let preview = network.build_preview(card, &site.title, &image);
                    (render_link_preview(network, &preview, &source, &alt, &site.theme_color))
                }
            }
        }
        @if card.article.is_some() {
            section aria-labelledby="entry" {
                h2 #entry { "In a feed reader" }
                iframe.entry src=(url_with_query("/entry", &[("path", &card.source_path)])) title="The entry in a feed reader"
                    sandbox="" loading="lazy" {}
            }
        }
    };
    (markup, origin)
}

/// Renders the link preview of one network.
fn render_link_preview(
    network: &SocialNetwork,
    preview: &LinkPreview,
    source: &str,
    alt: &str,
    color: &str,
) -> Markup {
    let layout = match network.layout {
        PreviewLayout::TitleOverImage => "over",
        PreviewLayout::TextBelowImage => "below",
        PreviewLayout::QuoteBar => "quote",
        PreviewLayout::ChatBubble => "chat",
    };
    let size = match preview.image_size {
        ImageSize::Large => "large",
        ImageSize::Small => "small",
        ImageSize::Omitted => "none",
    };
    let image = html! {
        @if preview.image_size != ImageSize::Omitted { img src=(source) alt=(alt) loading="lazy"; }
    };
    html! {
        figure.network data-network=(network.name) {
            figcaption { (network.name) }
            @if preview.is_empty {
                p.empty { "No preview." }
            } @else {
                div.card data-layout=(layout) data-picture=(size) {
                    @if network.layout == PreviewLayout::QuoteBar {
                        (render_texts(network, preview))
                        (image)
                    } @else {
                        div.picture { (image) @if network.layout == PreviewLayout::TitleOverImage { span.title { (preview.title) } } }
                        (render_texts(network, preview))
                    }
                }
            }
            @if !preview.notes.is_empty() {
                ul.notes { @for note in &preview.notes { li { (note) } } }
            }
            @if network.name == "Discord" { p.note { "The color of the bar is " code { (color) } "." } }
        }
    }
}

fn render_texts(network: &SocialNetwork, preview: &LinkPreview) -> Markup {
    html! {
        div.texts {
            @match network.layout {
                PreviewLayout::TitleOverImage => span.site { "From " (preview.site) },
                PreviewLayout::QuoteBar | PreviewLayout::TextBelowImage => {
                    span.site { (preview.site) }
                    span.title { (preview.title) }
                    @if let Some(text) = &preview.description { span.description { (text) } }
                }
                PreviewLayout::ChatBubble => {
                    span.title { (preview.title) }
                    @if let Some(text) = &preview.description { span.description { (text) } }
                    span.site { (preview.site) }
                }
            }
        }
    }
}

/// Renders the feed entry of a post as a page of its own, to be shown in an iframe. `None` if it has
/// no entry.
///
/// Its HTML is that of the feeds: sanitized, and here sandboxed as well.
pub(in crate::admin) fn render_entry(state: &AdminState, path: &str) -> Option<String> {
    let (_, view) = state.load_status_and_posts();
    let view = view?;
    let site = &view.overview.evaluated.site;
    let entries = site.listed_entries();
    let entry = entries
        .iter()
        .chain(site.unlisted.iter())
        .find(|entry| entry.source_path() == path)?;
    let zone = site.settings.timezone;
    let content = entry.render_content().html;
    let authors: Vec<&str> = entry
        .authors()
        .iter()
        .map(|author| author.name.as_str())
        .collect();
    let html = html! {
        (DOCTYPE)
        html lang=(entry.language_override().unwrap_or(&site.settings.language)) {
            head {
                meta charset="utf-8";
                base href=(entry.url()) target="_blank";
                title { (entry.title()) }
                style { (PreEscaped(READER_STYLE)) }
            }
            body {
                header {
                    h1 { (entry.title()) }
                    p {
                        (site.settings.title)
                        @if !authors.is_empty() { " · " (authors.join(", ")) }
                        " · " (entry.published_at().with_timezone(&zone).format("%-d %b %Y, %H:%M"))
                    }
                }
                (PreEscaped(content))
            }
        }
    };
    Some(html.into_string())
}

/// Returns the origin of a URL; `None` if its scheme is not HTTP.
fn http_origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web.then(|| url.origin().ascii_serialization())
}
